/** Values for tests of the execution controller: a world, dependencies that do nothing, an engine that answers as told. */
import type { DRExecutionStatus, StepStatus } from '../../../api/v1alpha1/dr-execution.ts';
import { drScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import { manifestOf } from '../../../domain/execution/testing/manifest.ts';
import { type Clock, instant, tick } from '../../../domain/time.ts';
import type { ApplyOutcome, Engine, KeptPoint, OpenPoint } from '../../../engines/engine.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { onAbort } from '../../../kube/deadline.ts';
import { partialCluster } from '../../../testing/region.ts';
import { silent } from '../../../testing/silent-log.ts';
import type { ExecutionDeps } from '../deps.ts';
import type { ActWorld } from '../gather.ts';

export const scenarioSpec = drScenarioSpec.parse({
  source: { region: 'eu-west' },
  recovery: { region: 'eu-north' },
  objectives: { rpo: '5m', rto: '10m' },
  resources: { namespaces: ['shop'] },
  dns: {
    records: [
      {
        hostname: 'shop.example.com',
        source: { addresses: ['192.0.2.1'] },
        recovery: { addresses: ['198.51.100.1'] },
      },
    ],
  },
});

export function worldOf(steps: readonly StepStatus[], status: DRExecutionStatus = {}): ActWorld {
  const plan = {
    scenarioUid: 'uid-1',
    sourceRegion: 'eu-west',
    recoveryRegion: 'eu-north',
    recoveryPoint: 'point-1',
    pointDigest: 'sha256:right',
    pointCapturedAt: '2026-01-01T00:00:00.000Z',
    store: { filesystem: { path: '/points' } },
    sourceVerdict: 'Failed',
    stepTimeout: '5m',
    dnsTimeout: '2m',
  };
  const object = {
    apiVersion: 'antipode.dev/v1alpha1',
    kind: 'DRExecution',
    metadata: { namespace: 'dr', name: 'failover-1', resourceVersion: '7' },
  };
  return {
    kind: 'running',
    execution: {
      object,
      namespace: 'dr',
      name: 'failover-1',
      generation: 1,
      spec: { scenario: 'shop', kind: 'Failover', recoveryPoint: 'latest', reason: 'test' },
      status: { startedAt: '2026-01-01T00:01:00.000Z', ...status, phase: 'Running', plan, steps: [...steps] },
    },
    plan,
    steps,
    scenario: { kind: 'accepted', spec: scenarioSpec },
    acceptedSpec: scenarioSpec,
  };
}

export const openPoint = (units: readonly string[] = [], digest = 'sha256:right'): OpenPoint => ({
  manifest: manifestOf({ units }),
  digest,
  object: () => undefined,
});

const unexpected = (): never => {
  throw new Error('this must not be called');
};

/** Of a cluster that nothing may be asked of. */
export const untouchable: Cluster = partialCluster('eu-north', {});

/** An engine with one point, whose restore and preflight answer as told. */
export function engineOf(answers: {
  readonly point?: OpenPoint;
  /** What its store has. */
  readonly points?: readonly KeptPoint[];
  readonly open?: () => Promise<OpenPoint>;
  readonly restore?: (keys: readonly string[]) => readonly ApplyOutcome[];
  readonly preflight?: readonly ApplyOutcome[];
}): Engine {
  return {
    capture: unexpected,
    verify: unexpected,
    points: async () => answers.points ?? [],
    prune: unexpected,
    collectGarbage: unexpected,
    formerPoints: unexpected,
    open: answers.open ?? (async () => answers.point ?? openPoint()),
    preflight: async () => answers.preflight ?? [],
    rehearse: unexpected,
    prove: async () => new Map(),
    forget: unexpected,
    restore: async (_point, keys) => answers.restore?.(keys) ?? [],
  };
}

/** Time stands still, or goes on by `step` milliseconds with every look; no sleeper ever wakes. */
export function clockOf(step = 0): Clock {
  let elapsed = 0;
  return {
    now: () => instant(1_767_225_700_000),
    tick: () => {
      elapsed += step;
      return tick(elapsed);
    },
    sleep: (_delay, signal) =>
      new Promise((_resolve, reject) => {
        onAbort(signal, () => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted')));
      }),
  };
}

const ignore = (): void => undefined;
export const depsOf = (changes: Partial<ExecutionDeps> = {}): ExecutionDeps => ({
  objective: untouchable,
  clusters: { objective: untouchable, region: () => ({ kind: 'available', cluster: untouchable }) },
  engine: () => engineOf({}),
  storePlace: ({ replication: { store } }) =>
    store.s3 === undefined ? { filesystem: store.filesystem ?? { path: '/points' } } : { s3: store.s3 },
  importBackup: async () => ({ kind: 'not-found' }),
  announcer: { announce: unexpected },
  authority: { ask: unexpected, claims: unexpected },
  resolveHost: unexpected,
  hooks: { stateOf: unexpected, forget: ignore },
  clock: clockOf(),
  log: silent,
  events: { record: ignore },
  observer: { executionStep: ignore, execution: ignore },
  assertLeading: ignore,
  lifetime: new AbortController().signal,
  ...changes,
});
