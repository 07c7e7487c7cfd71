/** What a recovery cluster has of a scenario, whether in standby or at work: read by its label, kind by kind. */
import { type KubeObject, objectKey } from '../../../api/object.ts';
import { SCENARIO_LABEL, scenarioLabel } from '../../../api/ownership.ts';
import { kindName } from '../../../domain/graph/kinds.ts';
import type { Cluster, ResourceType } from '../../../kube/cluster.ts';
import { KubeError } from '../../../kube/errors.ts';
import type { ScenarioIdentity } from '../../engine.ts';
import { inParallel } from '../parallel.ts';

/** Lists under way at once. */
const PARALLEL = 4;

export interface Live {
  readonly object: KubeObject;
  readonly type: ResourceType;
}

/**
 * @param kinds `Deployment.apps` and so on; undefined for every kind the cluster serves
 * @param needed a kind of these that may not be listed is an error; of others we can have nothing
 * @throws KubeError
 */
export async function ours(
  cluster: Cluster,
  scenario: ScenarioIdentity,
  kinds: ReadonlySet<string> | undefined,
  needed: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Live>> {
  const types = (await cluster.discover(signal)).filter(
    (type) =>
      type.verbs.includes('list') &&
      type.verbs.includes('create') &&
      type.group !== 'events.k8s.io' &&
      (kinds === undefined || kinds.has(kindName(type.group, type.kind))),
  );
  const labelSelector = `${SCENARIO_LABEL}=${scenarioLabel(scenario)}`;
  const found = new Map<string, Live>();
  await inParallel(types, PARALLEL, async (type) => {
    const isNeeded = needed.has(kindName(type.group, type.kind));
    for (const object of await listed(cluster, type, labelSelector, isNeeded, signal))
      found.set(objectKey(object), { object, type });
  });
  return found;
}

async function listed(
  cluster: Cluster,
  type: ResourceType,
  labelSelector: string,
  isNeeded: boolean,
  signal: AbortSignal,
): Promise<readonly KubeObject[]> {
  try {
    return (await cluster.list(type, { labelSelector }, signal)).items;
  } catch (error) {
    const isGone = error instanceof KubeError && (error.code === 'NotFound' || error.status === 405);
    const isHidden = error instanceof KubeError && error.code === 'Forbidden' && !isNeeded;
    if (isGone || isHidden) return [];
    throw error;
  }
}
