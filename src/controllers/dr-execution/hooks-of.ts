/** How the hooks of one step are run. */
import type { StepStatus } from '../../api/v1alpha1/dr-execution.ts';
import type { TransformedPoint } from '../../engines/transformed-point.ts';
import type { Cluster } from '../../kube/cluster.ts';
import type { HookContext } from './after-restore.ts';
import type { ExecutionDeps, Memory } from './deps.ts';
import type { ActWorld } from './gather.ts';

export function hooksOf(
  step: StepStatus,
  {
    world,
    point,
    target,
  }: { readonly world: ActWorld; readonly point: TransformedPoint; readonly target: Cluster },
  memory: Memory,
  { hooks: runs }: Pick<ExecutionDeps, 'hooks'>,
): HookContext {
  const { plan, execution } = world;
  return {
    plan,
    point,
    isApplied: step.appliedAt !== undefined,
    run: (hooks) => {
      const { outcomes, since } = runs.stateOf(execution, step.id, { hooks, target });
      // The patience is for what comes besides.
      memory.triedSince.set(step.id, since);
      return outcomes;
    },
  };
}
