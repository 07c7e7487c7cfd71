/**
 * Reads from both regions what a strategy is chosen by: what is behind each
 * claim, which snapshot classes and drivers there are, what may be created.
 */
import { fieldsAt, textAt } from '../../../api/fields.ts';
import { type KubeObject, objectKey } from '../../../api/object.ts';
import type { DRScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import type {
  Abilities,
  ClaimFacts,
  ClaimVolume,
  DriverFacts,
  HandlesRead,
} from '../../../domain/volumes/strategy.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { KubeError } from '../../../kube/errors.ts';
import type { Regions } from '../../engine.ts';
import { inParallel } from '../../native/parallel.ts';
import {
  getOne,
  hasVolume,
  listOf,
  SNAPSHOT,
  SNAPSHOT_API,
  SNAPSHOT_CLASS,
  typeOf,
  VOLUME,
  volumeNameOf,
} from '../kinds.ts';
import { volSyncProblem } from '../volsync/kinds.ts';
import { lookAcross, recoveryClass } from './recovery-storage.ts';
import { snapshotClassFor } from './snapshot-class.ts';

/** Reads under way at once. */
const PARALLEL = 8;

/** One claim as it is in the source. */
export interface Surveyed {
  readonly claim: KubeObject;
  readonly facts: ClaimFacts;
}

export interface VolumeFacts {
  readonly claims: readonly Surveyed[];
  /** The recovery region while it answers: of one that does not, nothing is known. */
  readonly recovery: Cluster | undefined;
  /** @param handles what is known of each driver. */
  abilities(handles: (driver: string) => HandlesRead): Abilities;
}

/**
 * @param claims PersistentVolumeClaims of the source that belong to the point
 * @param copiedBefore refKeys of claims whose data the newest point has
 * @throws KubeError when the source cannot be read, or the recovery region refuses to be
 */
export async function volumeFacts(
  claims: readonly KubeObject[],
  spec: DRScenarioSpec,
  regions: Regions,
  copiedBefore: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<VolumeFacts> {
  const { source } = regions;
  const [volumes, snapshotClasses, { recovery, there }, problem] = await Promise.all([
    inParallel(claims, PARALLEL, (claim) => behind(claim, source, signal)),
    listOf(source, SNAPSHOT_CLASS, {}, signal),
    lookAcross(regions.recovery, signal),
    snapshotProblem(claims, source, signal),
  ]);
  const noVolSync = await volSyncProblem(source, recovery, signal);
  const surveyed = claims.map((claim, index) => ({
    claim,
    facts: {
      claim: objectKey(claim),
      volume: volumes[index] ?? { kind: 'none' as const },
      recoveryClass: recoveryClass(claim, spec, there),
      wasCopied: copiedBefore.has(objectKey(claim)),
    },
  }));
  const wished = spec.replication.volumes.snapshotClass;
  return {
    claims: surveyed,
    recovery,
    abilities: (handles) => ({
      engine: spec.replication.engine,
      source: source.name,
      recovery: spec.recovery.region,
      snapshotProblem: problem ?? there.problem,
      volSyncProblem: noVolSync,
      driver: (name): DriverFacts => ({
        snapshotClass: snapshotClassFor(name, wished, snapshotClasses, source.name),
        inRecovery: recovery === undefined || there.drivers.has(name),
        handles: handles(name),
      }),
    }),
  };
}

async function behind(claim: KubeObject, source: Cluster, signal: AbortSignal): Promise<ClaimVolume> {
  const name = volumeNameOf(claim);
  if (name === undefined || !hasVolume(claim)) return { kind: 'none' };
  const other = (what: string): ClaimVolume => ({ kind: 'other', what });
  const volume = await getOne(source, VOLUME, { name }, signal);
  if (volume === undefined) return other(`the PersistentVolume ${name} that is gone`);
  const driver = textAt(volume, 'spec', 'csi', 'driver');
  if (driver !== undefined) return { kind: 'csi', driver };
  const kind = Object.keys(fieldsAt(volume, 'spec') ?? {}).find((field) => VOLUME_SOURCES.has(field));
  return other(kind === undefined ? 'of an unknown kind' : `a ${kind} volume`);
}

/** Fields of a PersistentVolume's spec that say what it is, other than CSI. */
const VOLUME_SOURCES: ReadonlySet<string> = new Set([
  'awsElasticBlockStore',
  'azureDisk',
  'azureFile',
  'cephfs',
  'cinder',
  'fc',
  'flexVolume',
  'gcePersistentDisk',
  'glusterfs',
  'hostPath',
  'iscsi',
  'local',
  'nfs',
  'portworxVolume',
  'rbd',
  'vsphereVolume',
]);

/** Asked by a create that stores nothing, since a right that is missing shows nowhere else. */
async function snapshotProblem(
  claims: readonly KubeObject[],
  source: Cluster,
  signal: AbortSignal,
): Promise<string | undefined> {
  const [claim] = claims;
  if ((await typeOf(source, SNAPSHOT, signal)) === undefined)
    return `${source.name} does not serve VolumeSnapshots: install its snapshot controller`;
  if (claim === undefined) return undefined;
  const { namespace = '', name } = claim.metadata;
  const trial = {
    apiVersion: SNAPSHOT_API,
    kind: SNAPSHOT.kind,
    metadata: { namespace, name: 'antipode-may-create' },
    spec: { source: { persistentVolumeClaimName: name } },
  };
  try {
    await source.create(trial, signal, { dryRun: true });
    return undefined;
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    if (error.code === 'AlreadyExists') return undefined;
    if (error.denial !== 'rbac') throw error;
    return `Antipode's user may not create VolumeSnapshots in ${source.name}: install the chart there with volumes.snapshots=true`;
  }
}
