/**
 * One whole DRExecution of a point that is kept nowhere, driven by the
 * operator's own reconciler on real clusters, with the time it took. DNS is not
 * part of it: the scenario has no names.
 */
import type { KubeObject } from '../../src/api/object.ts';
import { API_VERSION } from '../../src/api/v1alpha1/common.ts';
import {
  type DRExecutionStatus,
  drExecutionKind,
  drExecutionStatus,
} from '../../src/api/v1alpha1/dr-execution.ts';
import { drScenarioSpec } from '../../src/api/v1alpha1/dr-scenario.ts';
import { systemClock } from '../../src/clock.ts';
import { drExecutionReconciler } from '../../src/controllers/dr-execution/controller.ts';
import type { ExecutionDeps } from '../../src/controllers/dr-execution/deps.ts';
import { publishStatus, resourceOf } from '../../src/controllers/resources.ts';
import { authority } from '../../src/dns/authoritative.ts';
import { externalDnsAnnouncer } from '../../src/dns/external-dns.ts';
import { hostResolver } from '../../src/dns/resolve-host.ts';
import { seconds } from '../../src/domain/time.ts';
import type { Engine, OpenPoint, ScenarioIdentity } from '../../src/engines/engine.ts';
import type { Cluster } from '../../src/kube/cluster.ts';
import { quiet } from '../e2e/connect.ts';

const never = new AbortController().signal;
const ignore = (): void => undefined;

export interface Measured {
  readonly status: DRExecutionStatus;
  /** From the first pass to the last, in milliseconds. */
  readonly total: number;
  /** From the first pass to the last object written in the recovery cluster, in milliseconds. */
  readonly written: number;
  readonly passes: number;
}

/**
 * @param namespace of the scenario in the objective cluster, not used before; its CRDs are there
 * @param pointFor makes the point, whose scenario is given
 */
export async function measureExecution(
  clusters: { readonly objective: Cluster; readonly recovery: Cluster },
  engine: Engine,
  namespace: string,
  pointFor: (scenario: ScenarioIdentity) => OpenPoint,
): Promise<Measured> {
  const { objective, recovery } = clusters;
  const point = await declare(objective, namespace, pointFor);
  const metadata = { name: 'failover-1', namespace };
  const spec = { scenario: 'load', kind: 'Failover', reason: 'measurement' };
  const execution = { apiVersion: API_VERSION, kind: 'DRExecution', metadata, spec };
  await objective.apply(execution, { fieldManager: 'test' }, never);
  let last = 0;
  const noting: Cluster = {
    ...recovery,
    create: async (object, signal, options) => {
      const created = await recovery.create(object, signal, options);
      last = performance.now();
      return created;
    },
  };
  const reconcile = drExecutionReconciler(depsOf(objective, noting, engine, point));
  const begun = performance.now();
  for (let passes = 1; ; passes += 1) {
    const next = await reconcile(metadata, never);
    if (next.kind === 'done') {
      const total = performance.now() - begun;
      return { status: await statusOf(objective, metadata), total, written: last - begun, passes };
    }
    await systemClock.sleep(next.delay, never);
  }
}

async function declare(
  objective: Cluster,
  namespace: string,
  pointFor: (scenario: ScenarioIdentity) => OpenPoint,
): Promise<OpenPoint> {
  const home: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } };
  await objective.apply(home, { fieldManager: 'test' }, never);
  const spec = drScenarioSpec.parse({
    source: { region: 'eu-west' },
    recovery: { region: 'eu-north' },
    objectives: { rpo: '5m', rto: '10m' },
    resources: { namespaces: [namespace] },
  });
  const scenario = await objective.apply(
    { apiVersion: API_VERSION, kind: 'DRScenario', metadata: { name: 'load', namespace }, spec },
    { fieldManager: 'test' },
    never,
  );
  const point = pointFor({ namespace, name: 'load', uid: scenario.metadata.uid ?? '' });
  const { name, capturedAt, objects } = point.manifest;
  const listed = {
    name,
    capturedAt,
    verifiedAt: capturedAt,
    objects: objects.length,
    bytes: 1,
    digest: point.digest,
  };
  const accepted = {
    activeRegion: 'eu-west',
    acceptedSpec: spec,
    recoveryPoint: listed,
    recoveryPoints: [listed],
  };
  await publishStatus(objective, scenario, accepted, never);
  return point;
}

function depsOf(objective: Cluster, recovery: Cluster, engine: Engine, point: OpenPoint): ExecutionDeps {
  const unexpected = (): never => {
    throw new Error('an execution does not need this');
  };
  const withPoint: Engine = { ...engine, open: async () => point };
  return {
    objective,
    clusters: { objective, region: () => ({ kind: 'available', cluster: recovery }) },
    engine: () => withPoint,
    storePlace: () => ({ filesystem: { path: '/nowhere' } }),
    importBackup: unexpected,
    announcer: externalDnsAnnouncer(objective),
    authority: authority({ timeout: seconds(1) }),
    resolveHost: hostResolver({ timeout: seconds(1) }),
    hooks: { stateOf: unexpected, forget: ignore },
    clock: systemClock,
    log: quiet,
    events: { record: ignore },
    observer: { executionStep: ignore, execution: ignore },
    assertLeading: ignore,
    lifetime: never,
  };
}

async function statusOf(
  objective: Cluster,
  key: { readonly namespace: string; readonly name: string },
): Promise<DRExecutionStatus> {
  const object = await objective.get(resourceOf(drExecutionKind), key, never);
  return drExecutionStatus.parse(object?.['status'] ?? {});
}
