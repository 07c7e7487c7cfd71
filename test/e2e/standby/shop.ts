/** A shop with one of everything that would start, announce or intercept something in the recovery region. */

const pods = (app: string): object => ({
  metadata: { labels: { app } },
  spec: { containers: [{ name: app, image: `example.com/${app}:1` }] },
});

export const HOSTNAME_ANNOTATION = 'external-dns.alpha.kubernetes.io/hostname';

/** Cluster-scoped objects are named after the namespace. */
export function standbyShop(namespace: string): readonly object[] {
  const named = (name: string, extra: object = {}): object => ({ name, namespace, ...extra });
  const selecting = (app: string): object => ({ selector: { matchLabels: { app } }, template: pods(app) });
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    configMap(namespace, 'settings', 'blue'),
    configMap(namespace, 'extra', 'red'),
    { apiVersion: 'v1', kind: 'Secret', metadata: named('db'), data: { password: 'aHVudGVyMg==' } },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: named('web'),
      spec: { replicas: 3, ...selecting('web') },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: named('db'),
      spec: { replicas: 2, serviceName: 'db', ...selecting('db') },
    },
    { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: named('agent'), spec: selecting('agent') },
    {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: named('report'),
      spec: {
        schedule: '* * * * *',
        jobTemplate: {
          spec: {
            template: {
              spec: {
                restartPolicy: 'Never',
                containers: [{ name: 'report', image: 'example.com/report:1' }],
              },
            },
          },
        },
      },
    },
    {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: named('web'),
      spec: {
        minReplicas: 3,
        maxReplicas: 3,
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: named('web', { annotations: { [HOSTNAME_ANNOTATION]: `${namespace}.example.com` } }),
      spec: {
        type: 'LoadBalancer',
        externalTrafficPolicy: 'Local',
        selector: { app: 'web' },
        ports: [{ port: 80 }],
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: named('db'),
      spec: { clusterIP: 'None', selector: { app: 'db' }, ports: [{ port: 5432 }] },
    },
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: named('web'),
      spec: { defaultBackend: { service: { name: 'web', port: { number: 80 } } } },
    },
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: namespace },
      webhooks: [
        {
          name: 'web.example.com',
          clientConfig: { service: { name: 'web', namespace, port: 80 } },
          rules: [
            {
              apiGroups: [`${namespace}.example.com`],
              apiVersions: ['v1'],
              operations: ['CREATE'],
              resources: ['widgets'],
            },
          ],
          failurePolicy: 'Ignore',
          sideEffects: 'None',
          admissionReviewVersions: ['v1'],
        },
      ],
    },
  ];
}

export const configMap = (namespace: string, name: string, colour: string): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace },
  data: { colour },
});
