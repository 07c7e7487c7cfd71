/**
 * Reading the source, through whatever sees it (sight.ts): every kind it serves
 * in the selected namespaces, and single objects. A kind that may not be read
 * fails the whole read, by name: a copy that silently lacks one is worse than none.
 */
import { type KubeObject, type ObjectRef, objectKey } from '../../../api/object.ts';
import { kindName } from '../../../domain/graph/kinds.ts';
import type { ResourceType } from '../../../kube/cluster.ts';
import { KubeError } from '../../../kube/errors.ts';
import { inParallel } from '../parallel.ts';
import type { Sight } from './sight.ts';

/** Lists or reads under way at once: below the concurrency share one client gets of a small API server. */
const PARALLEL = 8;

export interface Found {
  readonly object: KubeObject;
  readonly type: ResourceType;
}

export interface Listed {
  /** By refKey. */
  readonly objects: ReadonlyMap<string, Found>;
  /** Per list, `Deployment.apps/shop`. */
  readonly resourceVersions: Readonly<Record<string, string>>;
  /** Those of the selected that the source has. */
  readonly namespaces: readonly string[];
  readonly missingNamespaces: readonly string[];
}

/**
 * Lists what can be created, in each namespace, and the namespaces themselves.
 * @param wanted false for kinds that need not be listed
 * @throws KubeError naming the kind that cannot be listed and what to do
 */
export async function listNamespaces(
  source: Sight,
  namespaces: readonly string[],
  wanted: (type: ResourceType) => boolean,
  signal: AbortSignal,
): Promise<Listed> {
  const read = await inParallel(namespaces, PARALLEL, async (name) => ({
    name,
    found: await readOne(source, { group: '', kind: 'Namespace', name }, signal),
  }));
  const objects = new Map<string, Found>();
  for (const { found } of read) if (found !== undefined) objects.set(keyOf(found), found);
  const present = read.filter(({ found }) => found !== undefined).map(({ name }) => name);
  const listed = await listKinds(source, source.kinds.all.filter(wanted), present, signal);
  for (const [key, found] of listed.objects) objects.set(key, found);
  const missingNamespaces = namespaces.filter((name) => !present.includes(name));
  return { ...listed, objects, namespaces: present, missingNamespaces };
}

/** Lists what can be created of some kinds in some namespaces. @throws KubeError as {@link listNamespaces} */
export async function listKinds(
  source: Sight,
  types: readonly ResourceType[],
  namespaces: readonly string[],
  signal: AbortSignal,
): Promise<Pick<Listed, 'objects' | 'resourceVersions'>> {
  const objects = new Map<string, Found>();
  const lists = types
    .filter((type) => type.namespaced && isCopyable(type))
    .flatMap((type) => namespaces.map((namespace) => ({ type, namespace })));
  const resourceVersions: Record<string, string> = {};
  await inParallel(lists, PARALLEL, async ({ type, namespace }) => {
    const list = await listOne(source, type, namespace, signal);
    if (list === undefined) return;
    resourceVersions[`${kindName(type.group, type.kind)}/${namespace}`] = list.resourceVersion;
    for (const object of list.items) objects.set(keyOf({ object }), { object, type });
  });
  return { objects, resourceVersions };
}

/** Events are by far the most numerous objects, Leases change all the time, and neither is ever copied: not even listed. */
function isCopyable(type: ResourceType): boolean {
  const isEvent = type.kind === 'Event' && (type.group === '' || type.group === 'events.k8s.io');
  const isPassing = isEvent || type.group === 'coordination.k8s.io';
  return !isPassing && type.verbs.includes('list') && type.verbs.includes('create');
}

/** @returns undefined when the kind is gone or was never listable. @throws KubeError */
async function listOne(
  source: Sight,
  type: ResourceType,
  namespace: string | undefined,
  signal: AbortSignal,
): Promise<{ readonly items: readonly KubeObject[]; readonly resourceVersion: string } | undefined> {
  try {
    return await source.list(type, namespace, signal);
  } catch (error) {
    if (error instanceof KubeError) {
      if (error.code === 'NotFound' || error.status === 405) return undefined;
      throw explained(error, type, 'list');
    }
    throw error;
  }
}

/** All objects of a cluster-scoped kind; none when it is gone. @throws KubeError */
export async function listClusterWide(
  source: Sight,
  type: ResourceType,
  signal: AbortSignal,
): Promise<readonly Found[]> {
  const list = await listOne(source, type, undefined, signal);
  return (list?.items ?? []).map((object) => ({ object, type }));
}

/** Reads single objects; those that do not exist, or whose kind is not served, are absent. @throws KubeError */
export async function readAll(
  source: Sight,
  refs: readonly ObjectRef[],
  signal: AbortSignal,
): Promise<readonly Found[]> {
  const read = await inParallel(refs, PARALLEL, (ref) => readOne(source, ref, signal));
  return read.filter((found) => found !== undefined);
}

async function readOne(source: Sight, ref: ObjectRef, signal: AbortSignal): Promise<Found | undefined> {
  const type = source.kinds.lookup(ref.group, ref.kind);
  if (type === undefined || !type.verbs.includes('get')) return undefined;
  const { name, namespace } = ref;
  try {
    const object = await source.get(type, namespace === undefined ? { name } : { namespace, name }, signal);
    return object && { object, type };
  } catch (error) {
    if (error instanceof KubeError) {
      if (error.code === 'NotFound') return undefined;
      throw explained(error, type, 'get');
    }
    throw error;
  }
}

/** The same error, saying what it stops and what to do. */
function explained(error: KubeError, type: ResourceType, verb: 'get' | 'list'): KubeError {
  const kind = kindName(type.group, type.kind);
  const leaveOut = `leave it out with resources.excludeKinds: [${kind}]`;
  const remedy =
    error.code === 'Forbidden'
      ? `give the operator's user in ${error.cluster} the right to ${verb} ${type.resource}, or ${leaveOut}`
      : `nothing was captured, so that ${kind} is not missing from the copy; if it cannot be repaired, ${leaveOut}`;
  const { cluster, status, denial } = error;
  return new KubeError(error.code, `${error.message} (${remedy})`, {
    cluster,
    cause: error,
    ...(status === undefined ? {} : { status }),
    ...(denial === undefined ? {} : { denial }),
  });
}

export const keyOf = ({ object }: { readonly object: KubeObject }): string => objectKey(object);
