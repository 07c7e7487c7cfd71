/** The objects of a shop whose parts need each other, and their graph, for tests of the order. */
import type { KubeObject } from '../../../api/object.ts';
import { anObject, aWorkload } from '../../../testing/objects.ts';
import type { ExplicitEdge } from '../explicit-edges.ts';
import { buildGraph } from '../order.ts';
import type { Graph } from '../types.ts';

/** A Secret of the shop. */
export const secret = (name: string) => anObject('Secret', `shop/${name}`);

/** A ConfigMap of the shop. */
export const config = (name: string) => anObject('ConfigMap', `shop/${name}`);

/** Part of a pod: its environment is from these Secrets. */
export const using = (...names: string[]) => ({
  containers: [{ envFrom: names.map((name) => ({ secretRef: { name } })) }],
});

/** Part of a pod: it mounts these ConfigMaps. */
export const mounting = (...names: string[]) => ({
  volumes: names.map((name) => ({ name, configMap: { name } })),
});

/** A Service of the pods of this app. */
export const service = (name: string, app = name) =>
  anObject('Service', `shop/${name}`, { spec: { selector: { app } } });

/** An Ingress to these Services. */
export const ingress = (name: string, ...services: string[]) =>
  anObject('Ingress', `shop/${name}`, {
    spec: { rules: [{ http: { paths: services.map((to) => ({ backend: { service: { name: to } } })) } }] },
  });

/** An autoscaler of this Deployment. */
export const autoscaler = (name: string, target = name) =>
  anObject('HorizontalPodAutoscaler', `shop/${name}`, {
    spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: target } },
  });

/** A budget for the pods of this app. */
export const budget = (name: string, app = name) =>
  anObject('PodDisruptionBudget', `shop/${name}`, { spec: { selector: { matchLabels: { app } } } });

/** The graph of objects that have one. */
export function graph(
  objects: readonly KubeObject[],
  explicit: readonly ExplicitEdge[] = [],
  infer = true,
): Graph {
  const result = buildGraph(objects, explicit, infer, []);
  if (result.kind !== 'graph') throw new Error(JSON.stringify(result));
  return result.graph;
}

/** What each unit of the graph holds, by its id. */
export const unitsOf = (
  objects: readonly KubeObject[],
  explicit: readonly ExplicitEdge[] = [],
  infer = true,
) => Object.fromEntries(graph(objects, explicit, infer).units.map((unit) => [unit.id, unit.objects]));

/** The key of `web`. */
export const WEB = 'Deployment.apps/shop/web';

/** The key of `api`. */
export const API = 'Deployment.apps/shop/api';

/** The key of a StatefulSet `shop/db`. */
export const DB = 'StatefulSet.apps/shop/db';

/** A Deployment with this in its pods. */
export const web = (pod = {}) => aWorkload('Deployment', 'shop/web', pod);

/** Another Deployment with this in its pods. */
export const api = (pod = {}) => aWorkload('Deployment', 'shop/api', pod);
