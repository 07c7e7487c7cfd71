/**
 * Looks for everything that would stop a recovery half-way, before it starts:
 * reads only. Objects are found by listing kind by kind, since asking for each
 * would take a request per object.
 */
import type { KubeObject } from '../../../api/object.ts';
import type { ResourceType } from '../../../kube/cluster.ts';
import { KubeError } from '../../../kube/errors.ts';
import type { OpenPoint, ScenarioIdentity } from '../../engine.ts';
import { judge } from '../objects/judge.ts';
import { inParallel } from '../parallel.ts';
import { beingDeleted, foreign, type Obstacle, obstacleOf } from './obstacles.ts';
import type { Target } from './target.ts';

/** Requests under way at once. */
const PARALLEL = 8;

interface Entry {
  readonly key: string;
  readonly object: KubeObject;
}

/** Captured objects of one kind and namespace: what one list answers. */
interface Group {
  readonly first: Entry;
  readonly entries: readonly Entry[];
  readonly namespace: string | undefined;
}

/** See Engine.preflight; in the order of the point's objects. Never throws for what the target answers. */
export async function preflight(
  point: OpenPoint,
  scenario: ScenarioIdentity,
  target: Target,
  signal: AbortSignal,
): Promise<readonly Obstacle[]> {
  const found = await inParallel(groupsOf(point), PARALLEL, async (group) => {
    try {
      return await inspect(group, target, point, scenario, signal);
    } catch (error) {
      if (signal.aborted || !(error instanceof KubeError)) throw error;
      return [obstacleOf(group.first.key, error)];
    }
  });
  const position = new Map(point.manifest.objects.map(({ key }, index) => [key, index]));
  const rank = ({ key }: Obstacle): number => position.get(key) ?? 0;
  return found.flat().toSorted((a, b) => rank(a) - rank(b));
}

function groupsOf(point: OpenPoint): readonly Group[] {
  const groups = new Map<string, Entry[]>();
  for (const { key } of point.manifest.objects) {
    const object = point.object(key);
    if (object === undefined) continue;
    const id = [object.apiVersion, object.kind, object.metadata.namespace ?? ''].join(' ');
    const entries = groups.get(id) ?? [];
    entries.push({ key, object });
    groups.set(id, entries);
  }
  return [...groups.values()].flatMap((entries) => {
    const [first] = entries;
    return first === undefined ? [] : [{ first, entries, namespace: first.object.metadata.namespace }];
  });
}

/** @throws KubeError */
async function inspect(
  { first, entries, namespace }: Group,
  target: Target,
  point: OpenPoint,
  scenario: ScenarioIdentity,
  signal: AbortSignal,
): Promise<readonly Obstacle[]> {
  // What the definition will bring, nobody can have used before.
  const served = await target.serves(first.key, first.object, signal);
  if (served.kind === 'obstacle') return target.defines(first.object) ? [] : [served.obstacle];
  if (namespace !== undefined) {
    const mayBeMissing = point.object(`Namespace/${namespace}`) !== undefined;
    const obstacle = await target.namespaceObstacle(first.key, namespace, mayBeMissing, signal);
    if (obstacle !== undefined) return [obstacle];
  }
  const existing = await existingOf({ first, entries, namespace }, served.type, target, signal);
  return entries.flatMap(({ key, object }) => {
    const judgement = judge(object, existing.get(object.metadata.name), scenario);
    if (judgement.kind === 'foreign') return [foreign(key, target.cluster.name, judgement.owner)];
    if (judgement.kind === 'being-deleted')
      return [beingDeleted(key, 'an object of this name', judgement.existing, target.cluster.name)];
    return [];
  });
}

/** By name. Cluster-scoped kinds may have very many that do not concern us: those are asked for one by one. */
async function existingOf(
  { first, entries, namespace }: Group,
  type: ResourceType,
  target: Target,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, KubeObject>> {
  if (namespace !== undefined) {
    const items = await target.presence.list(first.key, type, namespace, signal);
    return new Map(items.map((item) => [item.metadata.name, item]));
  }
  const existing = new Map<string, KubeObject>();
  for (const { object } of entries) {
    const { name } = object.metadata;
    const found = await target.cluster.get(type, { name }, signal);
    if (found !== undefined) existing.set(name, found);
  }
  return existing;
}
