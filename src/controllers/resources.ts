/** Resource types that controllers share, and publishing the status of Antipode's own kinds. */
import type { KubeObject } from '../api/object.ts';
import { FIELD_MANAGER } from '../api/ownership.ts';
import { API_VERSION, GROUP, VERSION } from '../api/v1alpha1/common.ts';
import type { KindDefinition } from '../api/v1alpha1/kind-definition.ts';
import type { Cluster, ResourceType } from '../kube/cluster.ts';

export const NODES: ResourceType = {
  group: '',
  version: 'v1',
  resource: 'nodes',
  kind: 'Node',
  namespaced: false,
  verbs: ['list', 'watch'],
};

/** The resource type of one of our kinds, known without discovery. */
export function resourceOf(definition: KindDefinition): ResourceType {
  return {
    group: GROUP,
    version: VERSION,
    resource: definition.plural,
    kind: definition.kind,
    namespaced: definition.scope === 'Namespaced',
    verbs: ['get', 'list', 'watch', 'create', 'patch', 'update', 'delete'],
  };
}

/**
 * Publishes a whole status by server-side apply: fields left out are removed.
 * @throws KubeError
 */
export function publishStatus(
  cluster: Cluster,
  object: KubeObject,
  status: object,
  signal: AbortSignal,
): Promise<KubeObject> {
  const { name, namespace } = object.metadata;
  const metadata = namespace === undefined ? { name } : { name, namespace };
  return cluster.apply(
    { apiVersion: API_VERSION, kind: object.kind, metadata, status },
    { fieldManager: FIELD_MANAGER, force: true, subresource: 'status' },
    signal,
  );
}
