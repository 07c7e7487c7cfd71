/**
 * What measurements of restoring share: an application of many small objects of
 * many kinds, a bare client to compare with, and a recovery point that needs no
 * source to be captured from.
 */
import { load } from 'js-yaml';
import { Agent } from 'undici';
import type { LabCluster } from '../../hack/lab/types.ts';
import { arrayAt, textAt } from '../../src/api/fields.ts';
import { groupOf, type KubeObject, objectKey } from '../../src/api/object.ts';
import { buildGraph } from '../../src/domain/graph/order.ts';
import type { ApplyOutcome, Engine, OpenPoint, ScenarioIdentity } from '../../src/engines/engine.ts';
import type { Cluster } from '../../src/kube/cluster.ts';
import { parseFields } from '../../src/kube/wire.ts';

/** Objects of one workload of the load, so a load has a multiple of it (and its namespace). */
export const PER_WORKLOAD = 8;

/**
 * `count` objects and a Namespace: Deployments without Pods, each with a
 * ServiceAccount, Role, RoleBinding, Secret, ConfigMap, Service and
 * NetworkPolicy of its own.
 */
export function mixedLoad(namespace: string, count: number): readonly KubeObject[] {
  const workloads = Array.from({ length: Math.ceil(count / PER_WORKLOAD) }, (_, index) =>
    workload(namespace, `app-${index}`),
  );
  return [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }, ...workloads.flat()];
}

function workload(namespace: string, name: string): readonly KubeObject[] {
  const rbac = 'rbac.authorization.k8s.io';
  const metadata = { name, namespace, labels: { app: name } };
  const selector = { matchLabels: { app: name } };
  const envFrom = [{ configMapRef: { name } }, { secretRef: { name } }];
  const containers = [{ name: 'main', image: `registry.example/${name}:1`, envFrom }];
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'Role',
      metadata,
      rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get'] }],
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: rbac, kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    },
    { apiVersion: 'v1', kind: 'Secret', metadata, data: { password: 'aHVudGVyMg==' } },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { theme: 'dark', text: 'x'.repeat(512) } },
    { apiVersion: 'v1', kind: 'Service', metadata, spec: { selector: { app: name }, ports: [{ port: 80 }] } },
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata,
      spec: { podSelector: selector, policyTypes: ['Ingress'], ingress: [{ ports: [{ port: 80 }] }] },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        replicas: 0,
        selector,
        template: { metadata: { labels: { app: name } }, spec: { serviceAccountName: name, containers } },
      },
    },
  ];
}

/** A point of these objects as a capture would have made it, but kept nowhere. */
export function pointOf(name: string, scenario: ScenarioIdentity, objects: readonly KubeObject[]): OpenPoint {
  const result = buildGraph(objects, [], true, []);
  if (result.kind !== 'graph') throw new Error(`the load has no order: ${result.kind}`);
  const byKey = new Map(objects.map((object) => [objectKey(object), object]));
  const instant = '2026-01-01T00:00:00.000Z';
  const { units, edges, longestPath } = result.graph;
  return {
    digest: 'sha256:0',
    object: (key) => byKey.get(key),
    manifest: {
      formatVersion: 1,
      name,
      scenario,
      sourceRegion: 'eu-west',
      capturedAt: instant,
      finishedAt: instant,
      resourceVersions: {},
      objects: [...byKey].map(([key, { apiVersion }]) => ({
        key,
        apiVersion,
        digest: key,
        resourceVersion: '1',
        bytes: 1,
      })),
      leftOut: [],
      units: units.map(({ id, objects: keys }) => ({ id, objects: [...keys] })),
      edges: edges.map(({ from, to, because }) => ({ from, to, because: [...because] })),
      longestPath: [...longestPath],
      volumesWithoutData: [],
      archive: { sha256: '0', bytes: 0 },
    },
  };
}

/**
 * Restores all units, each as soon as those it needs are applied; readiness is
 * not waited for. @throws with the message of the first object not applied
 */
export async function restoreUnits(
  engine: Engine,
  point: OpenPoint,
  scenario: ScenarioIdentity,
  target: Cluster,
  signal: AbortSignal,
): Promise<readonly ApplyOutcome[]> {
  const begun = new Map<string, Promise<readonly ApplyOutcome[]>>();
  const restore = async (unit: string, keys: readonly string[]): Promise<readonly ApplyOutcome[]> => {
    const needs = point.manifest.edges.filter(({ from }) => from === unit);
    await Promise.all(needs.flatMap(({ to }) => begun.get(to) ?? []));
    const options = { conflicts: 'Report' } as const;
    const outcomes = await engine.restore(point, keys, scenario, target, options, signal);
    for (const outcome of outcomes) if (outcome.kind !== 'applied') throw new Error(outcome.message);
    return outcomes;
  };
  for (const { id, objects } of point.manifest.units) begun.set(id, restore(id, objects));
  return (await Promise.all(begun.values())).flat();
}

/** Requests that a bare client has under way at once. */
const IN_FLIGHT = 32;

export interface BareClient {
  /** Writes them all, the first one before the others, as fast as the cluster takes them. */
  write(how: 'apply' | 'create', objects: readonly KubeObject[]): Promise<void>;
  close(): Promise<void>;
}

/** HTTP and nothing else: no judgement, no order, no retries. Uses the same link as the operator. */
export async function bareClient(cluster: LabCluster, paths: Cluster): Promise<BareClient> {
  const { server, tls } = await accessOf(cluster);
  const agent = new Agent({ connections: IN_FLIGHT, connect: tls });
  const send = async (how: 'apply' | 'create', object: KubeObject): Promise<void> => {
    const type = await paths.typeFor(object, new AbortController().signal);
    if (type === undefined) throw new Error(`${object.kind} is not served`);
    const { name, namespace } = object.metadata;
    const group = groupOf(object.apiVersion);
    const root = group === '' ? `/api/${object.apiVersion}` : `/apis/${object.apiVersion}`;
    const scope = namespace === undefined ? '' : `/namespaces/${namespace}`;
    const collection = `${root}${scope}/${type.resource}`;
    const apply = how === 'apply';
    const response = await agent.request({
      origin: server,
      method: apply ? 'PATCH' : 'POST',
      path: apply ? `${collection}/${name}?fieldManager=bare&force=true` : collection,
      headers: { 'content-type': apply ? 'application/apply-patch+yaml' : 'application/json' },
      body: JSON.stringify(object),
    });
    const text = await response.body.text();
    if (response.statusCode >= 300) throw new Error(`${how} ${object.kind} ${name}: ${text.slice(0, 300)}`);
    if (parseFields(text) === undefined) throw new Error('not an object');
  };
  return {
    write: async (how, [first, ...others]) => {
      if (first !== undefined) await send(how, first);
      const queue = others.values();
      const work = async (): Promise<void> => {
        for (const object of queue) await send(how, object);
      };
      await Promise.all(Array.from({ length: IN_FLIGHT }, work));
    },
    close: () => agent.destroy(),
  };
}

/** Of a kubeconfig of the lab, whose certificates are embedded. */
async function accessOf(cluster: LabCluster) {
  const config: unknown = load(await cluster.linkedKubeconfig());
  const [named] = arrayAt(config, 'clusters');
  const [user] = arrayAt(config, 'users');
  const server = textAt(named, 'cluster', 'server');
  if (server === undefined) throw new Error(`no server in the kubeconfig of ${cluster.name}`);
  const decoded = (from: unknown, ...path: readonly string[]): Buffer =>
    Buffer.from(textAt(from, ...path) ?? '', 'base64');
  const tls = {
    ca: decoded(named, 'cluster', 'certificate-authority-data'),
    cert: decoded(user, 'user', 'client-certificate-data'),
    key: decoded(user, 'user', 'client-key-data'),
  };
  return { server, tls };
}
