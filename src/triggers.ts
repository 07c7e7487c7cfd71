/**
 * Which change makes which key be looked at. A missed or extra trigger costs
 * time, never correctness: every reconcile reads what it needs. Status written
 * by a controller must not wake that same controller, so a key is queued only
 * when what it depends on has changed.
 */
import { textAt } from './api/fields.ts';
import type { KubeObject } from './api/object.ts';
import { drExecutionKind } from './api/v1alpha1/dr-execution.ts';
import { drScenarioKind } from './api/v1alpha1/dr-scenario.ts';
import type { KindDefinition } from './api/v1alpha1/kind-definition.ts';
import { regionHealthKind } from './api/v1alpha1/region-health.ts';
import { resourceOf } from './controllers/resources.ts';
import type { Cluster, Informer } from './kube/cluster.ts';
import { type Key, keyText } from './kube/reconciler.ts';
import type { WorkQueue } from './kube/work-queue.ts';

export interface Queues {
  readonly regions: WorkQueue;
  readonly scenarios: WorkQueue;
  readonly executions: WorkQueue;
}

export interface Triggers {
  /** Resolves when the first look at all three kinds is complete. */
  synced(signal: AbortSignal): Promise<void>;
  /** To be called when a region can be reached in another way than before, or no longer. */
  regionChanged(name: string): void;
}

/** Starts informers on the three kinds; they stop when `signal` aborts. */
export function startTriggers(objective: Cluster, queues: Queues, signal: AbortSignal): Triggers {
  const { regions, scenarios, executions } = queues;
  const everyScenario = (): void => addAll(scenarioInformer, scenarios);
  const scenarioChanged = (key: Key): void => {
    scenarios.add(keyText(key));
    // An execution may have been waiting for its scenario.
    for (const execution of executionInformer.list()) {
      if (execution.metadata.namespace === key.namespace) executions.add(keyText(execution.metadata));
    }
  };
  const executionChanged = (key: Key, object: KubeObject | undefined): void => {
    executions.add(keyText(key));
    const scenario = textAt(object, 'spec', 'scenario');
    if (scenario !== undefined) scenarios.add(keyText({ ...key, name: scenario }));
  };
  const regionChanged = (key: Key): void => {
    regions.add(keyText(key));
    everyScenario();
  };
  const scenarioInformer = watch(objective, drScenarioKind, signal, [
    { of: generation, act: scenarioChanged },
  ]);
  const executionInformer = watch(objective, drExecutionKind, signal, [
    { of: generation, act: executionChanged },
    { of: phase, act: executionChanged },
  ]);
  const regionInformer = watch(objective, regionHealthKind, signal, [
    { of: generation, act: regionChanged },
    { of: verdict, act: everyScenario },
  ]);
  return {
    async synced(waiting) {
      const informers = [scenarioInformer, executionInformer, regionInformer];
      await Promise.all(informers.map((informer) => informer.synced(waiting)));
    },
    regionChanged(name) {
      regionChanged({ name });
      addAll(executionInformer, executions);
    },
  };
}

function addAll(informer: Informer, queue: WorkQueue): void {
  for (const { metadata } of informer.list()) queue.add(keyText(metadata));
}

const generation = (object: KubeObject): string => String(object.metadata.generation);
const verdict = (object: KubeObject): string => textAt(object, 'status', 'verdict') ?? '';
const phase = (object: KubeObject): string => textAt(object, 'status', 'phase') ?? '';

/** What to do when the object appears, goes, or changes in one aspect. */
interface Reaction {
  readonly of: (object: KubeObject) => string;
  readonly act: (key: Key, object: KubeObject | undefined) => void;
}

function watch(
  objective: Cluster,
  kind: KindDefinition,
  signal: AbortSignal,
  reactions: readonly Reaction[],
): Informer {
  /** By key, the aspects as last seen, in the order of `reactions`. */
  const seen = new Map<string, readonly string[]>();
  const informer: Informer = objective.informer(
    resourceOf(kind),
    {
      onChange({ name, namespace }) {
        const key: Key = namespace === undefined ? { name } : { namespace, name };
        const object = informer.get(key);
        const before = seen.get(keyText(key)) ?? [];
        const now =
          object === undefined ? [] : reactions.map(({ of }) => `${object.metadata.uid} ${of(object)}`);
        if (object === undefined) seen.delete(keyText(key));
        else seen.set(keyText(key), now);
        for (const [index, { act }] of reactions.entries()) {
          if (object === undefined || before[index] !== now[index]) act(key, object);
        }
      },
    },
    signal,
  );
  return informer;
}
