/**
 * The clusters of the regions. Follows the RegionHealth objects and the Secrets
 * with their kubeconfigs. A kubeconfig that is rotated gives the region's client
 * other credentials, so that what holds it for hours goes on; one that leads to
 * another server gets another client. What is wrong with a kubeconfig is decided
 * in `region-access.ts`.
 */
import type { KubeObject } from '../api/object.ts';
import { GROUP, VERSION } from '../api/v1alpha1/common.ts';
import { regionHealthKind } from '../api/v1alpha1/region-health.ts';
import type { Clock } from '../domain/time.ts';
import type { Cluster, ClusterAccess, Clusters, Informer, ResourceType } from './cluster.ts';
import { onAbort } from './deadline.ts';
import type { Connection } from './kubeconfig.ts';
import type { Log } from './log.ts';
import {
  expiry,
  isSameServer,
  kubeconfigText,
  regionConnection,
  regionNotFound,
  type SecretPlace,
  secretPlace,
  type Unavailable,
} from './region-access.ts';
import type { RenewableCluster } from './renewable-cluster.ts';
import { type Connected, createRetiredClients, type RetiredClients } from './retired-clients.ts';
import { SECRETS } from './secrets.ts';

const REGIONS: ResourceType = {
  group: GROUP,
  version: VERSION,
  resource: regionHealthKind.plural,
  kind: regionHealthKind.kind,
  namespaced: false,
  verbs: ['get', 'list', 'watch'],
};

export interface RegionClustersDeps {
  readonly objective: Cluster;
  /** The operator's namespace: the only one whose Secrets are read. */
  readonly namespace: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Makes the client of a region; `name` is the RegionHealth's. */
  readonly connect: (connection: Connection, name: string) => RenewableCluster;
  /** Told the name of a RegionHealth whose access may have changed. Only enqueue here. */
  readonly onChange: (region: string) => void;
}

export interface RegionClusters extends Clusters {
  /** Resolves when the RegionHealths and Secrets are known; before, every region is unavailable. */
  synced(signal: AbortSignal): Promise<void>;
}

interface Entry {
  readonly place: SecretPlace;
  /** The text that `state` was made from. */
  readonly text: string;
  readonly state: Unavailable | ({ readonly kind: 'connected' } & Connected);
}

interface State extends RegionClustersDeps {
  readonly entries: Map<string, Entry>;
  readonly retired: RetiredClients;
  readonly secretOf: (name: string) => KubeObject | undefined;
  readonly stopped: AbortSignal;
}

/** Starts following at once; when `signal` aborts, all clients of regions are closed. */
export function startRegionClusters(deps: RegionClustersDeps, signal: AbortSignal): RegionClusters {
  const { objective, namespace, clock, onChange } = deps;
  const entries = new Map<string, Entry>();
  const retired = createRetiredClients(deps, signal);
  const secretOf = (name: string): KubeObject | undefined => secrets.get({ namespace, name });
  const state: State = { ...deps, entries, retired, secretOf, stopped: signal };
  const refresh = (name: string): void => {
    const before = entries.get(name);
    refreshEntry(state, regions.get({ name }), name);
    // Most changes of a RegionHealth are of its status, and concern nobody here.
    if (entries.get(name) !== before) onChange(name);
  };
  const regions: Informer = objective.informer(REGIONS, { onChange: ({ name }) => refresh(name) }, signal);
  const secrets: Informer = objective.informer(
    SECRETS,
    { namespace, onChange: ({ name }) => regionsOf(regions, namespace, name).forEach(refresh) },
    signal,
  );
  onAbort(signal, () => closeAll(state));
  let known = false;
  const synced = async (waiting: AbortSignal): Promise<void> => {
    await Promise.all([regions.synced(waiting), secrets.synced(waiting)]);
    if (known) return;
    known = true;
    // Whoever asked before was told to wait.
    for (const region of regions.list()) onChange(region.metadata.name);
  };
  // Rejects only when everything stops before the first list.
  synced(signal).catch(() => undefined);
  return {
    objective,
    synced,
    region: (name) => {
      if (!known) return NOT_KNOWN_YET;
      const region = regions.get({ name });
      if (region === undefined) return regionNotFound(name);
      // Also makes good what was missed, such as a certificate that has become valid.
      refreshEntry(state, region, name);
      return accessOf(entries.get(name), clock, name);
    },
  };
}

const NOT_KNOWN_YET: Unavailable = {
  kind: 'unavailable',
  reason: 'RegionNotFound',
  message: 'the RegionHealths and kubeconfig Secrets of the objective cluster have not been read yet',
};

function accessOf(entry: Entry | undefined, clock: Clock, name: string): ClusterAccess {
  if (entry === undefined) return regionNotFound(name);
  const { state, place } = entry;
  if (state.kind === 'unavailable') return state;
  return expiry(state.connection, place, clock.now()) ?? { kind: 'available', cluster: state.cluster };
}

/** Brings the entry of one region in step with its RegionHealth and Secret. */
function refreshEntry(state: State, region: KubeObject | undefined, name: string): void {
  const { entries, retired, stopped } = state;
  const before = entries.get(name);
  const next = region === undefined || stopped.aborted ? undefined : entryFor(state, region, before);
  if (next === before || (next !== undefined && sameProblem(before, next))) return;
  if (next === undefined) entries.delete(name);
  else entries.set(name, next);
  if (before?.state.kind === 'connected' && clientOf(next) !== clientOf(before)) retired.retire(before.state);
}

const clientOf = (entry: Entry | undefined): Cluster | undefined =>
  entry?.state.kind === 'connected' ? entry.state.cluster : undefined;

function sameProblem(before: Entry | undefined, next: Entry): boolean {
  return (
    before?.state.kind === 'unavailable' &&
    next.state.kind === 'unavailable' &&
    before.state.message === next.state.message
  );
}

function entryFor(state: State, region: KubeObject, before: Entry | undefined): Entry {
  const { namespace, clock, secretOf, log } = state;
  const { name } = region.metadata;
  const place = secretPlace(region, namespace);
  if ('kind' in place) {
    const nowhere = { region: name, namespace, secretName: '', key: '' };
    return { place: nowhere, text: '', state: place };
  }
  const read = kubeconfigText(secretOf(place.secretName), place);
  if (read.kind === 'unavailable') return { place, text: '', state: read };
  // The same bytes keep their client and its connections.
  if (before?.text === read.text && before.state.kind === 'connected') return before;
  const found = regionConnection(read.text, place, clock.now());
  if (found.kind === 'unavailable') return { place, text: read.text, state: found };
  const { connection } = found;
  log.info({ cluster: name, server: connection.host }, 'using a new kubeconfig');
  return {
    place,
    text: read.text,
    state: { kind: 'connected', connection, cluster: connected(state, connection, name, before) },
  };
}

/** The client that the region has, or had a moment ago, if the kubeconfig leads to the same server. */
function connected(
  { connect, retired }: State,
  connection: Connection,
  name: string,
  before: Entry | undefined,
): RenewableCluster {
  const isRotated = before?.state.kind === 'connected' && isSameServer(before.state.connection, connection);
  const cluster = isRotated ? before.state.cluster : retired.takeBack(name, connection);
  if (cluster === undefined) return connect(connection, name);
  cluster.renew(connection);
  return cluster;
}

function regionsOf(regions: Informer, namespace: string, secretName: string): string[] {
  return regions
    .list()
    .filter((region) => {
      const place = secretPlace(region, namespace);
      return !('kind' in place) && place.secretName === secretName;
    })
    .map((region) => region.metadata.name);
}

function closeAll({ entries, retired }: State): void {
  for (const { state } of entries.values()) if (state.kind === 'connected') retired.retire(state);
  entries.clear();
}
