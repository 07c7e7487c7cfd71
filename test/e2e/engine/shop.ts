/** An application with one of everything that is hard to move, in one namespace. */

const SECRET_BYTES = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
export const SECRET_DATA = {
  password: Buffer.from('hunter2\n').toString('base64'),
  'every-byte': SECRET_BYTES.toString('base64'),
  empty: '',
};

const pods = (app: string, spec: object): object => ({
  metadata: { labels: { app } },
  spec: { containers: [{ name: app, image: `example.com/${app}:1` }], ...spec },
});

/** @param widget name of a custom kind of this run, e.g. `widget-x1` in plural `widgets` of group `x1.example.com` */
export function shop(namespace: string, group: string, nodePort: number): readonly object[] {
  const named = (name: string, extra: object = {}) => ({ name, namespace, ...extra });
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels: { team: 'shop' } } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: named('web') },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: named('web'),
      rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get'] }],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: named('web'),
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'web' },
      subjects: [{ kind: 'ServiceAccount', name: 'web', namespace }],
    },
    { apiVersion: 'v1', kind: 'Secret', metadata: named('db'), type: 'Opaque', data: SECRET_DATA },
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: named('settings'),
      data: { colour: 'blue', old: 'yes' },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: named('db'),
      spec: { clusterIP: 'None', selector: { app: 'db' }, ports: [{ port: 5432 }] },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: named('db'),
      spec: {
        serviceName: 'db',
        replicas: 1,
        selector: { matchLabels: { app: 'db' } },
        template: pods('db', {}),
        volumeClaimTemplates: [
          {
            metadata: { name: 'data' },
            spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } },
          },
        ],
      },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: named('web'),
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: 'web' } },
        template: pods('web', {
          serviceAccountName: 'web',
          containers: [
            {
              name: 'web',
              image: 'example.com/web:1',
              envFrom: [{ secretRef: { name: 'db' } }, { configMapRef: { name: 'settings' } }],
            },
          ],
        }),
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: named('web'),
      spec: { type: 'LoadBalancer', selector: { app: 'web' }, ports: [{ port: 80, nodePort }] },
    },
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: named('web'),
      spec: { defaultBackend: { service: { name: 'web', port: { number: 80 } } } },
    },
    {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: named('web'),
      spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } },
    },
    {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: named('web'),
      spec: {
        minReplicas: 2,
        maxReplicas: 2,
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
        metrics: [
          {
            type: 'Resource',
            resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
          },
        ],
      },
    },
    definition(group),
  ];
}

export function definition(group: string): object {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `widgets.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind: 'Widget', plural: 'widgets' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
        },
      ],
    },
  };
}

export const widget = (namespace: string, group: string): object => ({
  apiVersion: `${group}/v1`,
  kind: 'Widget',
  metadata: { name: 'gadget', namespace },
  spec: { size: 3 },
});
