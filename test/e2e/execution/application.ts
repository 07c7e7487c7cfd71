/** A small application: a database that must be ready first, a web server that uses its Secret, a cache that needs nothing. */
import type { KubeObject } from '../../../src/api/object.ts';

const deployment = (namespace: string, name: string, spec: object): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { namespace, name },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'main', image: `registry.example/${name}:1`, ...spec }] },
    },
  },
});

export const PASSWORD = 'correct horse';

export const application = (namespace: string): readonly KubeObject[] => [
  {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace, name: 'db' },
    data: { password: Buffer.from(PASSWORD).toString('base64') },
  },
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace, name: 'web' },
    data: { theme: 'dark' },
  },
  deployment(namespace, 'db', { envFrom: [{ secretRef: { name: 'db' } }] }),
  deployment(namespace, 'cache', {}),
  deployment(namespace, 'web', {
    envFrom: [{ configMapRef: { name: 'web' } }, { secretRef: { name: 'db' } }],
  }),
];
