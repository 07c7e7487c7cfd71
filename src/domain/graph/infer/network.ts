/**
 * How traffic finds pods. A Service needs nothing: it may exist long before its
 * pods, and no rule makes it wait for them. What sends traffic needs its
 * Services; that those are answered is a matter of units: a Service belongs to
 * the unit of the workload it selects, and an Ingress starts when that unit is ready.
 */
import { arrayAt, at, textAt } from '../../../api/fields.ts';
import type { KubeObject } from '../../../api/object.ts';
import { beside, clusterWide, type Found, type Rule } from './rule.ts';

export const networkRules: readonly Rule[] = [
  {
    // The names of the pods resolve only through the governing Service, and peers look for each other at start.
    name: 'governing-service',
    kinds: ['StatefulSet.apps'],
    find: (set) => beside(set, { kind: 'Service', name: at(set, 'spec', 'serviceName') }, 'spec.serviceName'),
  },
  {
    name: 'ingress-class',
    kinds: ['Ingress.networking.k8s.io'],
    find: (ingress) =>
      clusterWide(
        'networking.k8s.io',
        'IngressClass',
        at(ingress, 'spec', 'ingressClassName'),
        'spec.ingressClassName',
      ),
  },
  {
    name: 'ingress-tls-secret',
    kinds: ['Ingress.networking.k8s.io'],
    find: (ingress) =>
      arrayAt(ingress, 'spec', 'tls').flatMap((tls, index) =>
        beside(ingress, { kind: 'Secret', name: at(tls, 'secretName') }, `spec.tls[${index}].secretName`),
      ),
  },
  {
    name: 'ingress-backend',
    kinds: ['Ingress.networking.k8s.io'],
    find: (ingress) => [
      ...backend(ingress, at(ingress, 'spec', 'defaultBackend'), 'spec.defaultBackend'),
      ...arrayAt(ingress, 'spec', 'rules').flatMap((rule, index) =>
        arrayAt(rule, 'http', 'paths').flatMap((route, position) =>
          backend(ingress, at(route, 'backend'), `spec.rules[${index}].http.paths[${position}].backend`),
        ),
      ),
    ],
  },
];

/** An Ingress backend: a Service, or any object that the controller understands. */
function backend(ingress: KubeObject, value: unknown, path: string): readonly Found[] {
  const kind = textAt(value, 'resource', 'kind');
  const group = textAt(value, 'resource', 'apiGroup') ?? '';
  return [
    ...beside(ingress, { kind: 'Service', name: at(value, 'service', 'name') }, `${path}.service.name`),
    ...(kind !== undefined
      ? beside(ingress, { group, kind, name: at(value, 'resource', 'name') }, `${path}.resource.name`)
      : []),
  ];
}
