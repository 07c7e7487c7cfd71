/** The graph of a small shop, as a recovery point of it has it, for tests of what is shown. */
import type { Evidence, GraphRecord } from '../record.ts';

const evidence = (from: string, to: string, rule: string, field: string): Evidence => ({
  from,
  to,
  rule,
  field,
  certainty: 'certain',
});
const inNamespace = (key: string) => ({
  from: key,
  to: 'Namespace/shop',
  because: [evidence(key, 'Namespace/shop', 'namespace', 'metadata.namespace')],
});

const WEB = 'Deployment.apps/shop/web';
const CART = 'Deployment.apps/shop/cart';
const DB = 'StatefulSet.apps/shop/db';
const SECRET = 'Secret/shop/db-credentials';
const CONTAINER = 'spec.template.spec.containers[0]';

export const shopRecord: GraphRecord = {
  formatVersion: 1,
  scenario: { namespace: 'dr', name: 'shop' },
  sourceRegion: 'eu-west',
  point: 'dr-shop-20260301t120000z',
  capturedAt: '2026-03-01T12:00:00.000Z',
  objects: [
    { key: 'Namespace/shop', bytes: 300 },
    { key: SECRET, bytes: 400 },
    { key: 'Service/shop/db', bytes: 500 },
    { key: DB, bytes: 1500 },
    { key: 'ConfigMap/shop/web', bytes: 200 },
    { key: 'Service/shop/web', bytes: 500 },
    { key: WEB, bytes: 1600 },
    { key: CART, bytes: 1400 },
    { key: 'Ingress.networking.k8s.io/shop/shop', bytes: 700 },
  ],
  units: [
    { id: 'Namespace/shop', objects: ['Namespace/shop'] },
    { id: SECRET, objects: [SECRET] },
    { id: DB, objects: ['Service/shop/db', DB] },
    { id: CART, objects: [CART] },
    { id: WEB, objects: ['ConfigMap/shop/web', 'Service/shop/web', WEB] },
    {
      id: 'Ingress.networking.k8s.io/shop/shop',
      objects: ['Ingress.networking.k8s.io/shop/shop'],
    },
  ],
  edges: [
    inNamespace(SECRET),
    inNamespace(DB),
    inNamespace(WEB),
    {
      from: DB,
      to: SECRET,
      because: [evidence(DB, SECRET, 'env-from-secret', `${CONTAINER}.envFrom[0].secretRef.name`)],
    },
    {
      from: CART,
      to: DB,
      because: [
        {
          from: CART,
          to: 'Service/shop/db',
          rule: 'host-name',
          field: `${CONTAINER}.env[3].value`,
          certainty: 'likely',
          matched: 'db.shop.svc:5432',
        },
      ],
    },
    {
      from: WEB,
      to: SECRET,
      because: [
        evidence(WEB, SECRET, 'env-from-secret', `${CONTAINER}.envFrom[0]`),
        evidence(WEB, SECRET, 'env-secret-key', `${CONTAINER}.env[0].valueFrom.secretKeyRef.name`),
        evidence(WEB, SECRET, 'volume-secret', 'spec.template.spec.volumes[0].secret.secretName'),
      ],
    },
    {
      from: WEB,
      to: DB,
      because: [evidence(WEB, DB, 'explicit', 'spec.dependencies.edges[0]')],
    },
    {
      from: 'Ingress.networking.k8s.io/shop/shop',
      to: WEB,
      because: [
        evidence(
          'Ingress.networking.k8s.io/shop/shop',
          'Service/shop/web',
          'ingress-backend',
          'spec.rules[0].http.paths[0].backend.service.name',
        ),
      ],
    },
  ],
  longestPath: ['Namespace/shop', SECRET, DB, WEB, 'Ingress.networking.k8s.io/shop/shop'],
  leftOut: [
    { key: 'Pod/shop/web-1', reason: 'GeneratedByController' },
    { key: 'ReplicaSet.apps/shop/web-2', reason: 'GeneratedByController' },
    { key: 'ConfigMap/shop/kube-root-ca.crt', reason: 'ClusterOwned' },
  ],
  dangling: [
    evidence(CART, 'ConfigMap/shop/feature-flags', 'volume-config-map', 'spec.template.spec.volumes[0]'),
  ],
  missingNamespaces: [],
  volumesWithoutData: ['PersistentVolumeClaim/shop/data-db-0'],
  omitted: [],
};
