/** For tests of the command line: clusters in memory that remember every call that could change something. */
import { groupOf, type KubeObject, objectKey, refKey } from '../../api/object.ts';
import type { ApplyOptions, Cluster, ResourceType } from '../../kube/cluster.ts';
import { KubeError } from '../../kube/errors.ts';
import { partialCluster } from '../../testing/region.ts';

export interface FakeCluster {
  readonly cluster: Cluster;
  /** Of every call that is not a read: what it was. Dry-runs are `dry-run`, and their objects are kept. */
  readonly writes: string[];
  readonly dryRuns: KubeObject[];
  closed: boolean;
}

export interface FakeClusterOptions {
  /** Kinds (`Secret`) that may not be read. */
  readonly forbidden?: readonly string[];
  /** Thrown by every apply. */
  readonly onApply?: KubeError;
}

export function fakeCluster(
  name: string,
  objects: readonly KubeObject[],
  { forbidden = [], onApply }: FakeClusterOptions = {},
): FakeCluster {
  const byKey = new Map(objects.map((object) => [objectKey(object), object]));
  const mayRead = ({ kind, resource }: ResourceType): void => {
    if (forbidden.includes(kind))
      throw new KubeError('Forbidden', `${name}: you may not read ${resource}`, {
        cluster: name,
        denial: 'rbac',
      });
  };
  const state: FakeCluster = {
    writes: [],
    dryRuns: [],
    closed: false,
    cluster: partialCluster(name, {
      discover: async () => typesOf(objects),
      get: async (type, { namespace, name: object }) => {
        mayRead(type);
        const ref = { group: type.group, kind: type.kind, name: object };
        return byKey.get(refKey(namespace === undefined ? ref : { ...ref, namespace }));
      },
      list: async (type, { namespace }) => {
        mayRead(type);
        const items = objects.filter(
          ({ apiVersion, kind, metadata }) =>
            groupOf(apiVersion) === type.group &&
            kind === type.kind &&
            (namespace === undefined || metadata.namespace === namespace),
        );
        return { items, resourceVersion: '1' };
      },
      apply: async (object, options) => {
        keep(state, object, options);
        if (onApply !== undefined) throw onApply;
        return object;
      },
      create: async (object) => {
        state.writes.push('create');
        return object;
      },
      remove: async () => {
        state.writes.push('remove');
        return true;
      },
      close: async () => {
        state.closed = true;
      },
    }),
  };
  return state;
}

function keep({ writes, dryRuns }: FakeCluster, object: KubeObject, { dryRun }: ApplyOptions): void {
  if (dryRun === true) dryRuns.push(object);
  else writes.push('apply');
}

/** The types of the objects, and those that a collection asks for. */
function typesOf(objects: readonly KubeObject[]): readonly ResourceType[] {
  const types = objects.map(({ apiVersion, kind, metadata }): ResourceType => {
    const group = groupOf(apiVersion);
    return {
      group,
      version: apiVersion.slice(group === '' ? 0 : group.length + 1),
      resource: `${kind.toLowerCase()}s`,
      kind,
      namespaced: metadata.namespace !== undefined,
      verbs: ['get', 'list', 'create'],
    };
  });
  return [...new Map(types.map((type) => [`${type.kind}.${type.group}`, type])).values()];
}

/** A kubeconfig of one context `main`, in namespace `dr`. */
export const kubeconfigText = JSON.stringify({
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'main',
  contexts: [
    { name: 'main', context: { cluster: 'c', user: 'u', namespace: 'dr' } },
    { name: 'elsewhere', context: { cluster: 'c', user: 'u', namespace: 'other' } },
  ],
  clusters: [{ name: 'c', cluster: { server: 'https://objective.example:6443' } }],
  users: [{ name: 'u', user: { token: 'hunter2-token' } }],
});
