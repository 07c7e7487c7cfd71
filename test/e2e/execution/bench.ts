/**
 * A scenario with a verified recovery point, ready to be executed, on the lab's
 * real clusters and with the operator's own parts: only the loop that would call
 * the reconciler is the test's, so that a test can kill it wherever it likes.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Lab } from '../../../hack/lab/types.ts';
import type { KubeObject } from '../../../src/api/object.ts';
import { API_VERSION } from '../../../src/api/v1alpha1/common.ts';
import {
  type DRExecutionStatus,
  drExecutionKind,
  drExecutionStatus,
} from '../../../src/api/v1alpha1/dr-execution.ts';
import { drScenarioSpec } from '../../../src/api/v1alpha1/dr-scenario.ts';
import { systemClock } from '../../../src/clock.ts';
import { drExecutionReconciler } from '../../../src/controllers/dr-execution/controller.ts';
import type { ExecutionDeps } from '../../../src/controllers/dr-execution/deps.ts';
import { createHookRuns } from '../../../src/controllers/dr-execution/hook-runs.ts';
import { publishStatus, resourceOf } from '../../../src/controllers/resources.ts';
import { authority } from '../../../src/dns/authoritative.ts';
import { externalDnsAnnouncer } from '../../../src/dns/external-dns.ts';
import { hostResolver } from '../../../src/dns/resolve-host.ts';
import { seconds } from '../../../src/domain/time.ts';
import { nativeEngine } from '../../../src/engines/native/engine.ts';
import type { Cluster } from '../../../src/kube/cluster.ts';
import type { Key, Reconcile } from '../../../src/kube/reconciler.ts';
import { directoryStore } from '../../../src/store/testing/directory-store.ts';
import { applyCrds } from '../api/kubectl.ts';
import { connect, quiet } from '../connect.ts';

export const never = new AbortController().signal;
const ignore = (): void => undefined;

export interface Bench {
  readonly source: Cluster;
  readonly recovery: Cluster;
  readonly objective: Cluster;
  /** Namespace of the application, and of the scenario and executions; not used by any other run. */
  readonly namespace: string;
  /** Directory of its recovery points. */
  readonly store: string;
  readonly deps: ExecutionDeps;
  /** Events recorded, as `reason: message`. */
  readonly events: string[];
  execute(name: string): Promise<Key>;
  readonly status: (key: Key) => Promise<DRExecutionStatus>;
  close(): Promise<void>;
}

interface SetUp {
  readonly stepTimeout?: string;
  /** Of the application's namespace. */
  readonly hooks?: readonly object[];
}

const specFor = (namespace: string, store: string, lab: Lab, { stepTimeout = '2m', hooks = [] }: SetUp) =>
  drScenarioSpec.parse({
    source: { region: 'eu-west' },
    recovery: { region: 'eu-north' },
    objectives: { rpo: '5m', rto: '10m' },
    resources: { namespaces: [namespace] },
    dependencies: {
      edges: [{ before: `Deployment.apps/${namespace}/db`, after: `Deployment.apps/${namespace}/web` }],
    },
    replication: {
      store: { filesystem: { path: store } },
      hooks: hooks.map((hook) => ({ ...hook, namespace })),
    },
    failover: { stepTimeout },
    dns: {
      records: [
        {
          hostname: `${namespace}.${lab.dns.zone}`,
          source: { addresses: ['192.0.2.1'] },
          recovery: { addresses: ['198.51.100.1'] },
        },
      ],
      authoritativeServers: [lab.dns.server],
    },
  });

/** @param objects of the application, in the source; capturing waits for none of them */
export async function setUp(
  lab: Lab,
  name: string,
  objects: (namespace: string) => readonly KubeObject[],
  options: SetUp = {},
): Promise<Bench> {
  const namespace = `${name}-${Date.now().toString(36)}`;
  const store = await mkdtemp(join(tmpdir(), 'antipode-points-'));
  const [source, recovery, objective] = await Promise.all(
    [lab.source, lab.recovery, lab.objective].map((cluster) => connect(cluster)),
  );
  if (source === undefined || recovery === undefined || objective === undefined)
    throw new Error('no clusters');
  await applyCrds(lab.objective);
  await objective.discover(never, { refresh: true });
  const home: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } };
  await objective.apply(home, { fieldManager: 'test' }, never);
  for (const object of [home, ...objects(namespace)]) {
    await source.apply(object, { fieldManager: 'test' }, never);
  }

  const engine = nativeEngine({ store: directoryStore(store), clock: systemClock, log: quiet });
  const spec = specFor(namespace, store, lab, options);
  const scenario = await objective.apply(
    { apiVersion: API_VERSION, kind: 'DRScenario', metadata: { name: 'shop', namespace }, spec },
    { fieldManager: 'test' },
    never,
  );
  const identity = { namespace, name: 'shop', uid: scenario.metadata.uid ?? '' };
  const captured = await engine.capture(identity, spec, { source, recovery: undefined }, never);
  if (captured.kind !== 'captured') throw new Error(`not captured: ${JSON.stringify(captured)}`);
  const { manifest, digest } = captured.point;
  const point = {
    name: manifest.name,
    capturedAt: manifest.capturedAt,
    verifiedAt: manifest.finishedAt,
    objects: manifest.objects.length,
    bytes: 1,
    digest,
  };
  const accepted = {
    activeRegion: 'eu-west',
    acceptedSpec: spec,
    recoveryPoint: point,
    recoveryPoints: [point],
  };
  await publishStatus(objective, scenario, accepted, never);

  const events: string[] = [];
  const deps: ExecutionDeps = {
    objective,
    clusters: { objective, region: () => ({ kind: 'available', cluster: recovery }) },
    engine: () => engine,
    importBackup: async () => ({ kind: 'not-found' }),
    storePlace: () => ({ filesystem: { path: store } }),
    announcer: externalDnsAnnouncer(objective),
    authority: authority({ timeout: seconds(1) }),
    resolveHost: hostResolver({ timeout: seconds(1) }),
    hooks: createHookRuns({ hooks: { add: ignore }, executions: { add: ignore }, clock: systemClock }),
    clock: systemClock,
    log: quiet,
    events: { record: (_object, _type, reason, message) => void events.push(`${reason}: ${message}`) },
    observer: { executionStep: ignore, execution: ignore },
    assertLeading: ignore,
    lifetime: never,
  };
  const type = resourceOf(drExecutionKind);
  return {
    source,
    recovery,
    objective,
    namespace,
    store,
    deps,
    events,
    execute: async (executionName) => {
      const metadata = { name: executionName, namespace };
      const wish = { scenario: 'shop', kind: 'Failover', reason: 'test' };
      await objective.apply(
        { apiVersion: API_VERSION, kind: 'DRExecution', metadata, spec: wish },
        { fieldManager: 'test' },
        never,
      );
      return metadata;
    },
    status: async (key) => drExecutionStatus.parse((await objective.get(type, key, never))?.['status'] ?? {}),
    close: async () => {
      // Left there, it would be protected by the operator that a later test starts.
      await lab.objective.kubectl(['-n', namespace, 'delete', 'drx,drs', '--all']);
      await Promise.all([source, recovery, objective].map((cluster) => cluster.close()));
      await rm(store, { recursive: true });
    },
  };
}

/** Calls one reconciler, as the loop would, until it is done. */
export async function drive(bench: Bench, key: Key, limit = seconds(300)): Promise<DRExecutionStatus> {
  const reconcile = drExecutionReconciler(bench.deps);
  return until(bench, key, limit, () => reconcile(key, never));
}

/** Calls `pass` until it says that nothing is left to do. */
export async function until(
  bench: Bench,
  key: Key,
  limit: number,
  pass: () => ReturnType<Reconcile>,
): Promise<DRExecutionStatus> {
  const deadline = performance.now() + limit;
  for (;;) {
    const next = await pass();
    const status = await bench.status(key);
    if (next.kind === 'done') return status;
    if (performance.now() > deadline) throw new Error(`not done in time: ${JSON.stringify(status, null, 1)}`);
    await systemClock.sleep(next.delay, never);
  }
}
