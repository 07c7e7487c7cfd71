/**
 * The user's hooks after a restore: each runs when the unit is ready whose Pods
 * it is for. Pods that nothing in the point keeps running, since an operator or
 * a schedule makes them, are known only at the end: hooks for these alone run
 * last of all. They run beside the passes (hook-runs.ts); an execution that is resumed by another
 * process may run a hook again.
 */
import type { HookSpec } from '../../api/v1alpha1/dr-scenario-volumes.ts';
import type { Observation } from '../../domain/execution/reducer.ts';
import { keepsPodsRunning, podTemplatesOf } from '../../domain/graph/pod-template.ts';
import type { HookOutcome } from '../../engines/hooks/run-hooks.ts';
import { recoveryNamespace, type TransformedPoint } from '../../engines/transformed-point.ts';
import type { RunningWorld } from './gather.ts';

type Plan = RunningWorld['plan'];

export interface HookContext {
  readonly plan: Plan;
  readonly point: TransformedPoint;
  /** Has the hooks of the step run; undefined while they do. */
  readonly run: (hooks: readonly HookSpec[]) => readonly HookOutcome[] | undefined;
  /** Whether the journal says already that the step's own work was carried out. */
  readonly isApplied: boolean;
}

/** @param seen what was seen of the unit; hooks run when it is done */
export function afterRestore(unit: string, seen: Observation, context: HookContext): Observation {
  if (seen.kind !== 'done') return seen;
  const hooks = hooksIn(context.plan).flatMap((hook) =>
    templatesOf(unit, context.point)
      .filter((template) => template.isKept && isFor(hook, template))
      // The Pods of this unit and of no other that the hook is for too.
      .map(({ labels }) => ({ ...hook, podSelector: { ...labels, ...hook.podSelector } })),
  );
  return withHooks(hooks, seen.message, context);
}

/** The hooks that are for Pods which no unit keeps running. */
export function afterAll(context: HookContext): Observation {
  const { plan, point } = context;
  const templates = point.manifest.units.flatMap(({ id }) => templatesOf(id, point));
  const hooks = hooksIn(plan).filter(
    (hook) => !templates.some((template) => template.isKept && isFor(hook, template)),
  );
  const makers = hooks.flatMap((hook) => describeMakers(hook, templates));
  return withHooks(hooks, 'all units are ready', context, makers);
}

function describeMakers(hook: HookSpec, templates: readonly Template[]): readonly string[] {
  const keys = new Set(templates.flatMap((template) => (isFor(hook, template) ? [template.key] : [])));
  if (keys.size === 0) return [];
  return [`hook ${hook.name} is for Pods of ${[...keys].join(' and ')}, of which none is kept running`];
}

/** @param remarks said when not all hooks ran as they should */
function withHooks(
  hooks: readonly HookSpec[],
  seen: string,
  { run, isApplied }: HookContext,
  remarks: readonly string[] = [],
): Observation {
  if (hooks.length === 0) return { kind: 'done', message: seen };
  const again = isApplied ? 'waiting' : 'applied';
  const outcomes = run(hooks);
  if (outcomes === undefined) {
    const names = hooks.map(({ name }) => name).join(', ');
    return { kind: again, message: `${seen}; running ${hooks.length === 1 ? 'hook' : 'hooks'} ${names}` };
  }
  const failure = outcomes.find((outcome) => outcome.kind === 'failed');
  const isAllDone = outcomes.every((outcome) => outcome.kind === 'succeeded');
  const messages = outcomes.map((outcome) => outcome.message);
  const message = [seen, ...messages, ...(isAllDone ? [] : remarks)].join('; ');
  if (failure === undefined) return { kind: 'done', message };
  return { kind: failure.again ? again : 'failed', message };
}

/** With namespaces as the recovery region has them. */
const hooksIn = ({ hooks = [], transforms = [] }: Plan): readonly HookSpec[] =>
  hooks.map((hook) => ({ ...hook, namespace: recoveryNamespace(hook.namespace, transforms) }));

interface Template {
  /** Of the object that makes Pods by it. */
  readonly key: string;
  /** Whether it keeps some running. */
  readonly isKept: boolean;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

function templatesOf(unit: string, point: TransformedPoint): readonly Template[] {
  const keys = point.manifest.units.find(({ id }) => id === unit)?.objects ?? [];
  return keys.flatMap((key) => {
    const found = point.object(key);
    const namespace = found?.metadata.namespace;
    if (found === undefined || namespace === undefined) return [];
    const isKept = keepsPodsRunning(found);
    return podTemplatesOf(found).map(({ labels }) => ({ key, isKept, namespace, labels }));
  });
}

const isFor = ({ namespace, podSelector }: HookSpec, template: Template): boolean =>
  namespace === template.namespace &&
  Object.entries(podSelector).every(([label, value]) => template.labels[label] === value);
