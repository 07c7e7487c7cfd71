/** Rows of what Services, Ingresses and their classes refer to. */
import { anObject, aWorkload } from '../../../../testing/objects.ts';
import { outside, type Row } from './row.ts';

const ingress = (spec: object) => anObject('Ingress', 'shop/front', { spec });

/** What leads traffic, and to where. */
export const inNetwork: readonly Row[] = [
  {
    rule: 'external-name',
    from: outside({ type: 'ExternalName', externalName: 'db.shop-data.svc.cluster.local' }),
    to: 'Service/shop-data/db',
    field: 'spec.externalName',
  },
  {
    rule: 'service-endpoints',
    from: outside({}),
    to: 'Endpoints/shop/db',
    field: 'metadata.name',
    optional: true,
  },
  {
    rule: 'service-endpoints',
    from: outside({}),
    besides: [
      anObject('EndpointSlice', 'shop/db-1', {
        metadata: { labels: { 'kubernetes.io/service-name': 'db' } },
      }),
      anObject('EndpointSlice', 'other/db-1', {
        metadata: { labels: { 'kubernetes.io/service-name': 'db' } },
      }),
    ],
    to: 'EndpointSlice.discovery.k8s.io/shop/db-1',
    field: 'metadata.name',
  },
  {
    rule: 'ingress-class',
    from: anObject('Ingress', 'shop/front', {
      metadata: { annotations: { 'kubernetes.io/ingress.class': 'nginx' } },
    }),
    to: 'IngressClass.networking.k8s.io/nginx',
    field: 'metadata.annotations["kubernetes.io/ingress.class"]',
    optional: true,
  },
  {
    rule: 'ingress-class-parameters',
    from: anObject('IngressClass', 'alb', {
      spec: { parameters: { apiGroup: 'elbv2.k8s.aws', kind: 'IngressClassParams', name: 'alb' } },
    }),
    to: 'IngressClassParams.elbv2.k8s.aws/alb',
    field: 'spec.parameters.name',
  },
  {
    rule: 'governing-service',
    from: aWorkload('StatefulSet', 'shop/db', {}, { serviceName: 'db-headless' }),
    to: 'Service/shop/db-headless',
    field: 'spec.serviceName',
  },
  {
    rule: 'ingress-class',
    from: ingress({ ingressClassName: 'nginx' }),
    to: 'IngressClass.networking.k8s.io/nginx',
    field: 'spec.ingressClassName',
  },
  {
    rule: 'ingress-tls-secret',
    from: ingress({ tls: [{ hosts: ['a'] }, { secretName: 'cert' }] }),
    to: 'Secret/shop/cert',
    field: 'spec.tls[1].secretName',
  },
  {
    rule: 'ingress-backend',
    from: ingress({
      rules: [{ host: 'a' }, { http: { paths: [{}, { backend: { service: { name: 'web' } } }] } }],
    }),
    to: 'Service/shop/web',
    field: 'spec.rules[1].http.paths[1].backend.service.name',
  },
  {
    rule: 'ingress-backend',
    from: ingress({ defaultBackend: { service: { name: 'web' } } }),
    to: 'Service/shop/web',
    field: 'spec.defaultBackend.service.name',
  },
  {
    rule: 'ingress-backend',
    from: ingress({
      defaultBackend: { resource: { apiGroup: 'shop.example', kind: 'Bucket', name: 'static' } },
    }),
    to: 'Bucket.shop.example/shop/static',
    field: 'spec.defaultBackend.resource.name',
  },
];
