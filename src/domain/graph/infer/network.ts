/**
 * How traffic finds pods. A Service needs nothing: it may exist long before its
 * pods, and no rule makes it wait for them. What sends traffic needs its
 * Services; that those are answered is a matter of units: a Service belongs to
 * the unit of the workload it selects, and an Ingress starts when that unit is ready.
 * What isolates pods is in confines.ts.
 */
import { arrayAt, at, textAt } from '../../../api/fields.ts';
import type { KubeObject } from '../../../api/object.ts';
import { kindOf } from '../kinds.ts';
import { perWorld, type World } from '../world.ts';
import { serviceNamed } from './host-names.ts';
import { beside, clusterWide, type Found, foundByKey, type Rule } from './rule.ts';

const INGRESS = 'Ingress.networking.k8s.io';
const LEGACY_CLASS = 'kubernetes.io/ingress.class';

export const networkRules: readonly Rule[] = [
  {
    // The names of the pods resolve only through the governing Service, and peers look for each other at start.
    name: 'governing-service',
    kinds: ['StatefulSet.apps'],
    reads: 'spec.serviceName',
    certainty: 'certain',
    sentence: 'The pods of a StatefulSet find each other through its governing Service.',
    find: (set) => beside(set, { kind: 'Service', name: at(set, 'spec', 'serviceName') }, 'spec.serviceName'),
  },
  {
    name: 'external-name',
    kinds: ['Service'],
    reads: 'spec.externalName',
    certainty: 'certain',
    sentence: 'An ExternalName Service is another name for a Service of the same cluster.',
    sees: 'others',
    find: externalName,
  },
  {
    // Before the Service, so that whoever waits for it finds it answered.
    name: 'service-endpoints',
    kinds: ['Service'],
    reads: 'metadata.name',
    certainty: 'certain',
    sentence:
      'A Service without a selector is answered by the Endpoints and EndpointSlices that were made by hand for it.',
    sees: 'others',
    find: endpoints,
  },
  {
    name: 'ingress-class',
    kinds: [INGRESS],
    reads: 'spec.ingressClassName',
    certainty: 'certain',
    sentence: 'An Ingress is served by the controller of its IngressClass.',
    find: (ingress) =>
      ingressClass(at(ingress, 'spec', 'ingressClassName'), 'spec.ingressClassName', false).concat(
        ingressClass(
          ingress.metadata.annotations?.[LEGACY_CLASS],
          `metadata.annotations["${LEGACY_CLASS}"]`,
          true,
        ),
      ),
  },
  {
    name: 'ingress-class-parameters',
    kinds: ['IngressClass.networking.k8s.io'],
    reads: 'spec.parameters',
    certainty: 'certain',
    stays: true,
    sentence: 'An IngressClass names the object that configures its controller.',
    find: classParameters,
  },
  {
    name: 'ingress-tls-secret',
    kinds: [INGRESS],
    reads: 'spec.tls[*].secretName',
    certainty: 'certain',
    sentence: 'An Ingress proves who it is with the certificate in a Secret.',
    find: (ingress) =>
      arrayAt(ingress, 'spec', 'tls').flatMap((tls, index) =>
        beside(ingress, { kind: 'Secret', name: at(tls, 'secretName') }, `spec.tls[${index}].secretName`),
      ),
  },
  {
    name: 'ingress-backend',
    kinds: [INGRESS],
    reads: 'spec.rules[*].http.paths[*].backend',
    certainty: 'certain',
    sentence: 'An Ingress sends traffic to a Service.',
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

/** The annotation of old names what a controller listens to, for which an object need not exist. */
function ingressClass(name: unknown, field: string, optional: boolean): readonly Found[] {
  return clusterWide('networking.k8s.io', 'IngressClass', name, field).map((found) => ({
    ...found,
    optional,
  }));
}

function classParameters(ingressClassObject: KubeObject): readonly Found[] {
  const parameters = at(ingressClassObject, 'spec', 'parameters');
  const kind = textAt(parameters, 'kind');
  const name = textAt(parameters, 'name');
  if (kind === undefined || name === undefined) return [];
  const ref = { group: textAt(parameters, 'apiGroup') ?? '', kind, name };
  const namespace = textAt(parameters, 'namespace');
  const isNamespaced = textAt(parameters, 'scope') === 'Namespace' && namespace !== undefined;
  return [{ to: isNamespaced ? { ...ref, namespace } : ref, field: 'spec.parameters.name' }];
}

function externalName(service: KubeObject, world: World): readonly Found[] {
  const { namespace } = service.metadata;
  const name = textAt(service, 'spec', 'externalName');
  if (namespace === undefined || name === undefined || textAt(service, 'spec', 'type') !== 'ExternalName') {
    return [];
  }
  // Without search domains: only full names lead to Services.
  const to = name.includes('.svc') ? serviceNamed(name, namespace, world) : undefined;
  return to === undefined ? [] : [{ to, field: 'spec.externalName' }];
}

const SLICE_OF = 'kubernetes.io/service-name';

/** The slices of each Service, by the Service's key. */
const slicesByService = perWorld((world) => {
  const slices = new Map<string, string[]>();
  for (const [key, object] of world.objects) {
    const service = sliceOwner(object);
    if (service === undefined) continue;
    const known = slices.get(service);
    if (known === undefined) slices.set(service, [key]);
    else known.push(key);
  }
  return slices;
});

/** The key of the Service that an EndpointSlice belongs to; undefined for anything else. */
export function sliceOwner(object: KubeObject): string | undefined {
  if (kindOf(object) !== 'EndpointSlice.discovery.k8s.io') return undefined;
  const name = object.metadata.labels?.[SLICE_OF];
  return name === undefined ? undefined : `Service/${object.metadata.namespace}/${name}`;
}

function endpoints(service: KubeObject, world: World): readonly Found[] {
  const { namespace, name } = service.metadata;
  const isByHand = at(service, 'spec', 'selector') === undefined;
  if (!isByHand || textAt(service, 'spec', 'type') === 'ExternalName') return [];
  const field = 'metadata.name';
  return [
    ...beside(service, { kind: 'Endpoints', name }, field, true),
    ...(slicesByService(world).get(`Service/${namespace}/${name}`) ?? []).flatMap((key) =>
      foundByKey(key, { field }),
    ),
  ];
}
