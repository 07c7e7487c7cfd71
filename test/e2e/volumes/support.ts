/** What the tests of volumes share: an application with a database on a claim, an engine on both regions, and rows. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureCsi, type LabCsi } from '../../../hack/harness/csi.ts';
import { aClaim, applyTo, type ClaimOptions, untilBound } from '../../../hack/harness/csi-claims.ts';
import { installRegion } from '../../../hack/harness/install.ts';
import { waitFor } from '../../../hack/harness/wait.ts';
import { readRows, startWriter, type Writer } from '../../../hack/harness/writer.ts';
import type { Rows } from '../../../hack/harness/writer-rows.ts';
import type { Lab, LabCluster } from '../../../hack/lab/types.ts';
import { at } from '../../../src/api/fields.ts';
import { type DRScenarioSpec, drScenarioSpec } from '../../../src/api/v1alpha1/dr-scenario.ts';
import { systemClock } from '../../../src/clock.ts';
import { retentionPolicy } from '../../../src/domain/protection/retention.ts';
import { millis } from '../../../src/domain/time.ts';
import type { Evidence } from '../../../src/domain/volumes/evidence.ts';
import type {
  ApplyOutcome,
  CaptureResult,
  Engine,
  OpenPoint,
  PublishedPoint,
  ScenarioIdentity,
} from '../../../src/engines/engine.ts';
import { nativeEngine } from '../../../src/engines/native/engine.ts';
import { listOf, SNAPSHOT } from '../../../src/engines/volumes/kinds.ts';
import type { Cluster } from '../../../src/kube/cluster.ts';
import type { Log } from '../../../src/kube/log.ts';
import type { Store } from '../../../src/store/store.ts';
import { directoryStore } from '../../../src/store/testing/directory-store.ts';
import { connect, quiet } from '../connect.ts';

export const signal = new AbortController().signal;

export interface VolumesWorld {
  readonly lab: Lab;
  readonly csi: LabCsi;
  readonly source: Cluster;
  readonly recovery: Cluster;
  readonly engine: Engine;
  /**
   * An engine on the same store that remembers nothing, as after a restart.
   * @param through how it reaches the store. Default: as it is
   * @param log Default: nobody hears it
   */
  anotherEngine(through?: (store: Store) => Store, log?: Log): Engine;
  /** A namespace of this test alone, in the source; deleted at the end in both regions. */
  namespace(): Promise<string>;
  /** Ends with the world. */
  write(directory: string, rowsPerSecond?: number): Promise<Writer>;
  /** Ends what was started; the CSI drivers stay. */
  end(): Promise<void>;
}

export async function volumesWorld(
  lab: Lab,
  options: {
    readonly backend: 'shared' | 'separate';
    readonly topology?: boolean;
    /** Whether the sidecars cut groups. @default true */
    readonly groups?: boolean;
    /** With the roles that the chart gives the operator in both regions. Default: it may do everything */
    readonly chartRoles?: boolean;
  },
): Promise<VolumesWorld> {
  const { chartRoles = false, ...storage } = options;
  const csi = await ensureCsi(lab, { ...storage, progress: (line) => console.log(`lab: ${line}`) });
  const as = async (part: 'source' | 'recovery') =>
    chartRoles ? installRegion(lab[part], part, ['volumes.snapshots=true']) : undefined;
  const [source, recovery] = await Promise.all([
    connect(lab.source, await as('source')),
    connect(lab.recovery, await as('recovery')),
  ]);
  const directory = await mkdtemp(join(tmpdir(), 'antipode-volumes-'));
  const store = directoryStore(directory);
  const anotherEngine = (through = (its: Store) => its, log: Log = quiet) =>
    nativeEngine({ store: through(store), clock: systemClock, log, objective: 'e2e' });
  const run = Date.now().toString(36);
  const namespaces: string[] = [];
  const writers: Writer[] = [];
  return {
    lab,
    csi,
    source,
    recovery,
    engine: anotherEngine(),
    anotherEngine,
    namespace: async () => {
      const name = `vol-${run}-${namespaces.length}`;
      namespaces.push(name);
      await applyTo(lab.source, [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }]);
      // Without it no Pod is let in.
      const account = ['--for=create', 'serviceaccount/default', '--timeout=120s'];
      await lab.source.kubectl(['-n', name, 'wait', ...account]);
      return name;
    },
    write: async (path, rowsPerSecond = 200) => {
      const writer = await startWriter(path, { rowsPerSecond });
      writers.push(writer);
      return writer;
    },
    end: async () => {
      await Promise.all(writers.map((writer) => writer.stop()));
      csi.source.setFaults({});
      csi.recovery.setFaults({});
      const away = ['delete', 'namespace', ...namespaces, '--wait=false', '--ignore-not-found'];
      if (namespaces.length > 0) await Promise.all([lab.source.kubectl(away), lab.recovery.kubectl(away)]);
      await Promise.all([source.close(), recovery.close()]);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export const scenarioOf = (namespace: string): ScenarioIdentity => ({
  namespace: 'dr',
  name: namespace,
  uid: `uid-${namespace}`,
});

export function specOf(
  { lab }: Pick<VolumesWorld, 'lab'>,
  namespace: string,
  replication: Readonly<Record<string, unknown>> = {},
): DRScenarioSpec {
  return drScenarioSpec.parse({
    source: { region: lab.source.name },
    recovery: { region: lab.recovery.name },
    objectives: { rpo: '5m', rto: '10m' },
    resources: { namespaces: [namespace] },
    replication,
  });
}

/** Makes claims and waits until they are bound; answers their folders in the source. */
export async function claims(
  { lab, csi }: VolumesWorld,
  namespace: string,
  names: readonly string[],
  options: ClaimOptions = {},
): Promise<readonly string[]> {
  await applyTo(
    lab.source,
    names.map((name) => aClaim({ namespace, name }, options)),
  );
  await Promise.all(names.map((name) => untilBound(lab.source, { namespace, name })));
  return Promise.all(names.map((name) => csi.source.volumePath(namespace, name)));
}

export function capture(
  { source, recovery }: VolumesWorld,
  engine: Engine,
  spec: DRScenarioSpec,
): Promise<CaptureResult> {
  const [namespace = ''] = spec.resources.namespaces;
  return engine.capture(scenarioOf(namespace), spec, { source, recovery }, signal);
}

/** Captures and proves a point. @throws when it is anything else */
export async function verifiedPoint(world: VolumesWorld, spec: DRScenarioSpec): Promise<PublishedPoint> {
  const { engine, source, recovery } = world;
  const result = await capture(world, engine, spec);
  if (result.kind !== 'captured') throw new Error(JSON.stringify(result));
  const verified = await engine.verify(result.point, spec, { source, recovery }, signal);
  if (verified.kind !== 'verified') throw new Error(JSON.stringify(verified));
  return result.point;
}

/** Everything of a point in its order, once. */
export async function restore(
  { engine, recovery }: VolumesWorld,
  name: string,
  scenario: ScenarioIdentity,
): Promise<{ readonly point: OpenPoint; readonly outcomes: readonly ApplyOutcome[] }> {
  const point = await engine.open(name, signal);
  const outcomes: ApplyOutcome[] = [];
  for (const { objects } of point.manifest.units)
    outcomes.push(
      ...(await engine.restore(point, objects, scenario, recovery, { conflicts: 'Report' }, signal)),
    );
  return { point, outcomes };
}

/** Waits until a claim's data is as `kind` says. @throws DeadlineError with what is said of it last */
export async function untilEvidence(
  { engine, recovery }: VolumesWorld,
  point: OpenPoint,
  claim: string,
  kind: Evidence['kind'],
  seconds = 120,
): Promise<Evidence> {
  return waitFor({ what: `${claim} to be ${kind}`, seconds, every: 100 }, async () => {
    const evidence = (await engine.prove(point, [claim], recovery, signal)).get(claim);
    if (evidence?.kind === kind) return evidence;
    throw new Error(JSON.stringify(evidence));
  });
}

/** Rows of a claim's volume in the recovery region. */
export async function rowsThere({ csi }: VolumesWorld, namespace: string, claim: string): Promise<Rows> {
  return readRows(await csi.recovery.volumePath(namespace, claim));
}

/** Names of objects of a kind that Antipode has made for a scenario. */
export async function madeFor(
  cluster: LabCluster,
  kind: string,
  scenario: ScenarioIdentity,
): Promise<readonly string[]> {
  const selector = `antipode.dev/scenario=${scenario.namespace}.${scenario.name}`;
  const names = ['get', kind, '-A', '-l', selector, '-o', 'jsonpath={.items[*].metadata.name}'];
  return (await cluster.kubectl(names)).split(' ').filter((name) => name !== '');
}

/** Handles of the snapshots that the backend has, whatever stands for them in the clusters. */
export async function snapshotsInBackend({ csi }: VolumesWorld): Promise<ReadonlySet<string>> {
  return new Set(await readdir(join(csi.source.backend, 'snapshots')));
}

export const handlesOf = ({ manifest }: PublishedPoint): readonly string[] =>
  (manifest.volumes ?? []).flatMap(({ snapshot }) => snapshot?.handle ?? []);

/** Prunes to the newest `keep` points and clears both regions, as after a capture; answers the names of those that went. @throws when something is left */
export async function pruneTo(
  { engine, source, recovery, lab }: VolumesWorld,
  namespace: string,
  keep: number,
): Promise<readonly string[]> {
  const points = await engine.points(scenarioOf(namespace), signal);
  const request = {
    listed: [],
    policy: retentionPolicy(specOf({ lab }, namespace, { keep })),
    verified: new Set(points.map(({ name }) => name)),
    use: async () => ({ inUse: new Map(), offered: new Set<string>(), undecided: undefined }),
  };
  const { removed } = await engine.prune(scenarioOf(namespace), request, signal);
  for (const region of [source, recovery]) {
    const problem = await engine.collectGarbage(scenarioOf(namespace), region, new Set(), signal);
    if (problem !== undefined) throw new Error(`garbage is left in ${region.name}: ${problem}`);
  }
  return removed;
}

/** A Pod that mounts claims. */
export function aPod(namespace: string, name: string, uses: readonly string[]): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name },
    spec: {
      containers: [
        { name: 'app', image: 'app', volumeMounts: uses.map((one) => ({ name: one, mountPath: `/${one}` })) },
      ],
      volumes: uses.map((one) => ({ name: one, persistentVolumeClaim: { claimName: one } })),
    },
  };
}

/** Far more than the grain of instants. */
export const CUT_APART = millis(200);

/** The same source, in which the snapshot of one claim is made later than so many others: when those are cut. */
export const cutLate = (claim: string, count: number, source: Cluster): Cluster => ({
  ...source,
  create: async (object, creating, options) => {
    const isLate = object.kind === 'VolumeSnapshot' && object.metadata.name.startsWith(claim);
    if (isLate) {
      const { namespace = '' } = object.metadata;
      await waitFor({ what: 'the other snapshots to be cut', seconds: 120 }, async () => {
        const others = await listOf(source, SNAPSHOT, { namespace }, creating);
        const areCut = others.every((snapshot) => at(snapshot, 'status', 'creationTime') !== undefined);
        return areCut && others.length === count ? others : undefined;
      });
      await systemClock.sleep(CUT_APART, creating);
    }
    return source.create(object, creating, options);
  },
});
