/**
 * Where a scenario's graph is published: what the operator and the command line
 * must agree on. A ConfigMap in the scenario's namespace, owned by it.
 */

/** A scenario's name has 52 characters at most, so this is always a valid name. */
export const graphConfigMapName = (scenario: string): string => `antipode-graph-${scenario}`;
/** Key of its data: the graph as gzip of JSON, in base64. */
export const GRAPH_KEY = 'graph';
/** Annotation: what the graph's change is told by. */
export const GRAPH_DIGEST_ANNOTATION = 'antipode.dev/graph-digest';

/** The resource type of ConfigMaps, known without discovery. */
export const CONFIG_MAPS = {
  group: '',
  version: 'v1',
  resource: 'configmaps',
  kind: 'ConfigMap',
  namespaced: true,
  verbs: ['get', 'create', 'patch'],
};
