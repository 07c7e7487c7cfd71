/** A DRExecution that is driven as in the operator, by its reconciler in the loop of a queue, on an objective in memory. */
import type { KubeObject } from '../../../api/object.ts';
import { API_VERSION } from '../../../api/v1alpha1/common.ts';
import { type DRExecutionStatus, drExecutionStatus } from '../../../api/v1alpha1/dr-execution.ts';
import type { DRScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import type { PointStatus } from '../../../api/v1alpha1/dr-scenario-points.ts';
import { AUTOMATIC_LABEL } from '../../../domain/execution/admit.ts';
import { type Millis, toRfc3339 } from '../../../domain/time.ts';
import { runController } from '../../../kube/controller-loop.ts';
import { unobservedReconciles } from '../../../kube/observers.ts';
import { createWorkQueue } from '../../../kube/work-queue.ts';
import { type ManualClock, manualClock } from '../../../testing/manual-clock.ts';
import { partialCluster } from '../../../testing/region.ts';
import { silent } from '../../../testing/silent-log.ts';
import { drExecutionReconciler } from '../controller.ts';
import type { ExecutionDeps } from '../deps.ts';
import { depsOf, scenarioSpec } from './world.ts';

const EXECUTION = { namespace: 'dr', name: 'failover-1' };

interface Told {
  /** Default: `latest`, which is `point-1`. */
  readonly recoveryPoint?: string;
  readonly automatic?: boolean;
  readonly acceptedSpec?: DRScenarioSpec;
  /** Of the scenario. Default: one that is verified, `point-1`. */
  readonly points?: readonly PointStatus[];
  /** What the journal holds already. */
  readonly status?: DRExecutionStatus;
  /** Other executions of the scenario; may be changed on the way. */
  readonly others?: Map<string, DRExecutionStatus>;
  /** Of the objective cluster. Default: none. */
  readonly services?: readonly KubeObject[];
  readonly deps?: (clock: ManualClock) => Partial<ExecutionDeps>;
}

export interface Driven {
  /** By name of a region; may be changed on the way. Default: the source is Failed, the recovery region Healthy. */
  readonly verdicts: Map<string, string>;
  /** Every status that was written. */
  readonly writes: readonly DRExecutionStatus[];
  /** Lets time pass. @returns the status then */
  during(time: Millis): Promise<DRExecutionStatus>;
  /** Ends the operator, which else goes on when the test is over. */
  stop(): Promise<void>;
}

/** Of a scenario with one verified point; its engine gives that point, unless it is told otherwise. */
export function driven(told: Told = {}): Driven {
  const clock = manualClock();
  const verdicts = new Map([
    ['eu-west', 'Failed'],
    ['eu-north', 'Healthy'],
  ]);
  const writes: DRExecutionStatus[] = [];
  const status = (): DRExecutionStatus => writes.at(-1) ?? told.status ?? {};
  const { scenario, region, execution } = objectsOf(told, verdicts, toRfc3339(clock.now()));
  const objective = partialCluster('objective', {
    get: async ({ kind }, { name }) => {
      if (kind === 'RegionHealth') return region(name);
      return kind === 'DRExecution' ? execution(name, status()) : scenario;
    },
    list: async ({ kind }) => {
      if (kind === 'Service') return { items: told.services ?? [], resourceVersion: '1' };
      const all = [[EXECUTION.name, status()] as const, ...(told.others ?? [])];
      return { items: all.map(([name, one]) => execution(name, one)), resourceVersion: '1' };
    },
    apply: async (object) => {
      writes.push(drExecutionStatus.parse(JSON.parse(JSON.stringify(object['status']))));
      return object;
    },
  });
  const { during, stop } = operating(depsOf({ objective, clock, ...told.deps?.(clock) }), clock);
  return { verdicts, writes, during: async (time) => during(time).then(status), stop };
}

function objectsOf(
  { acceptedSpec = scenarioSpec, recoveryPoint = 'latest', automatic = false, points }: Told,
  verdicts: ReadonlyMap<string, string>,
  started: string,
) {
  const point = { name: 'point-1', capturedAt: started, verifiedAt: started, digest: 'sha256:right' };
  const recoveryPoints = points ?? [{ ...point, objects: 1, bytes: 1 }];
  return {
    scenario: {
      apiVersion: API_VERSION,
      kind: 'DRScenario',
      metadata: { namespace: 'dr', name: 'shop', uid: 'uid-1', generation: 1 },
      spec: acceptedSpec,
      status: { acceptedSpec, activeRegion: 'eu-west', recoveryPoints },
    },
    region: (name: string): KubeObject => ({
      apiVersion: API_VERSION,
      kind: 'RegionHealth',
      metadata: { name },
      spec: { region: name, clusterRef: { secretName: name } },
      status: { verdict: verdicts.get(name), verdictSince: started, message: 'as told' },
    }),
    execution: (name: string, status: DRExecutionStatus): KubeObject => ({
      apiVersion: API_VERSION,
      kind: 'DRExecution',
      metadata: { ...EXECUTION, name, generation: 1, labels: { [AUTOMATIC_LABEL]: String(automatic) } },
      spec: { scenario: 'shop', kind: 'Failover', recoveryPoint },
      status,
    }),
  };
}

function operating(deps: ExecutionDeps, clock: ManualClock) {
  const stop = new AbortController();
  const observer = unobservedReconciles;
  const queue = createWorkQueue({ name: 'executions', clock, random: () => 0.5, observer });
  queue.add(`${EXECUTION.namespace}/${EXECUTION.name}`);
  const reconcile = drExecutionReconciler(deps);
  const controller = { name: 'executions', queue, workers: 8, reconcile, log: silent, clock, observer };
  const ended = runController(controller, stop.signal);
  return {
    during: (time: Millis) => clock.advance(time),
    stop: () => {
      stop.abort(new Error('stopped'));
      return ended;
    },
  };
}
