/** Starts a failover that nobody asked for by hand. */
import { API_VERSION } from '../../../api/v1alpha1/common.ts';
import { type DRExecutionSpec, drExecutionKind } from '../../../api/v1alpha1/dr-execution.ts';
import { AUTOMATIC_LABEL } from '../../../domain/execution/admit.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { KubeError } from '../../../kube/errors.ts';
import type { ScenarioWorld } from '../world.ts';

/** Creates the execution of an automatic failover; the same failure makes the same name, so again is harmless. */
export async function startFailover(
  world: ScenarioWorld,
  start: { readonly name: string; readonly spec: DRExecutionSpec },
  objective: Cluster,
  signal: AbortSignal,
): Promise<void> {
  const { namespace } = world.object.metadata;
  const inNamespace = namespace === undefined ? {} : { namespace };
  const execution = {
    apiVersion: API_VERSION,
    kind: drExecutionKind.kind,
    metadata: { name: start.name, ...inNamespace, labels: { [AUTOMATIC_LABEL]: 'true' } },
    spec: start.spec,
  };
  try {
    await objective.create(execution, signal);
  } catch (error) {
    if (!(error instanceof KubeError && error.code === 'AlreadyExists')) throw error;
  }
}
