/** Reads from a cluster what its objects do not say themselves about their readiness; only what is needed to judge these. */
import { arrayAt, at, textAt } from '../../api/fields.ts';
import type { KubeObject } from '../../api/object.ts';
import { WEBHOOK_KINDS } from '../../domain/graph/infer/extension.ts';
import { kindOf } from '../../domain/graph/kinds.ts';
import { backendsOf } from '../../domain/graph/readiness/webhooks.ts';
import type { ReadinessContext } from '../../domain/graph/types.ts';
import type { CompiledReadiness } from '../../domain/graph/user-rules/compile.ts';
import type { PointManifest } from '../../domain/protection/point.ts';
import type { Cluster, ListOptions } from '../../kube/cluster.ts';

type Shown = Pick<PointManifest, 'objects'>;

export interface ReadinessSource {
  readonly target: Cluster;
  /** The user's own rules. */
  readonly rules: readonly CompiledReadiness[];
  /** Of the point, as it is to be in the target. */
  readonly manifest: Shown;
}

/** @throws KubeError */
export async function readinessContext(
  objects: readonly KubeObject[],
  { target, rules, manifest }: ReadinessSource,
  signal: AbortSignal,
): Promise<ReadinessContext> {
  const [modes, answered] = await Promise.all([
    bindingModes(objects, target, signal),
    answeredServices(objects, target, signal),
  ]);
  const shown = shownIn(manifest);
  return {
    bindingMode: (storageClass) => modes.get(storageClass),
    isAnswered: (namespace, service) => answered.get(`${namespace}/${service}`),
    shown: (key) => shown.get(key) ?? [],
    rules,
  };
}

/** Manifests are never changed, and every look at a unit asks. */
const shownInPoints = new WeakMap<Shown, ReadonlyMap<string, readonly string[]>>();

function shownIn(manifest: Shown): ReadonlyMap<string, readonly string[]> {
  const known = shownInPoints.get(manifest);
  if (known !== undefined) return known;
  const found = new Map(
    manifest.objects.flatMap(({ key, shown }) => (shown === undefined ? [] : [[key, shown] as const])),
  );
  shownInPoints.set(manifest, found);
  return found;
}

/** By name of the class. */
async function bindingModes(objects: readonly KubeObject[], target: Cluster, signal: AbortSignal) {
  const modes = new Map<string, 'Immediate' | 'WaitForFirstConsumer'>();
  if (!objects.some((object) => kindOf(object) === 'PersistentVolumeClaim')) return modes;
  for (const object of await list(target, 'storage.k8s.io', 'StorageClass', {}, signal)) {
    const waits = textAt(object, 'volumeBindingMode') === 'WaitForFirstConsumer';
    modes.set(object.metadata.name, waits ? 'WaitForFirstConsumer' : 'Immediate');
  }
  return modes;
}

/** Of the Services that webhooks among the objects are asked through, those that exist, by `namespace/name`. */
async function answeredServices(objects: readonly KubeObject[], target: Cluster, signal: AbortSignal) {
  const configurations = objects.filter((object) => WEBHOOK_KINDS.includes(kindOf(object)));
  const services = new Map(
    configurations.flatMap(backendsOf).map((service) => [`${service.namespace}/${service.name}`, service]),
  );
  const answers = [...services].map(async ([key, service]) => {
    const answered = await isAnswered(service, target, signal);
    return answered === undefined ? [] : [[key, answered] as const];
  });
  return new Map((await Promise.all(answers)).flat());
}

async function isAnswered(
  service: { readonly namespace: string; readonly name: string },
  target: Cluster,
  signal: AbortSignal,
): Promise<boolean | undefined> {
  const type = await target.typeFor({ group: '', kind: 'Service' }, signal);
  if (type === undefined || (await target.get(type, service, signal)) === undefined) return undefined;
  const { namespace, name } = service;
  const ofService = { namespace, labelSelector: `kubernetes.io/service-name=${name}` };
  const slices = await list(target, 'discovery.k8s.io', 'EndpointSlice', ofService, signal);
  // By the API's definition an endpoint that does not say whether it is ready is.
  return slices.some((slice) =>
    arrayAt(slice, 'endpoints').some((endpoint) => at(endpoint, 'conditions', 'ready') !== false),
  );
}

async function list(
  target: Cluster,
  group: string,
  kind: string,
  options: ListOptions,
  signal: AbortSignal,
): Promise<readonly KubeObject[]> {
  const type = await target.typeFor({ group, kind }, signal);
  return type === undefined ? [] : (await target.list(type, options, signal)).items;
}
