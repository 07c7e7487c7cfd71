import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../api/object.ts';
import { anObject, aWorkload } from '../../../testing/objects.ts';
import { references } from '../references.ts';

const CONTAINER = 'spec.template.spec.containers[0]';
const web = (container: object) =>
  aWorkload('Deployment', 'shop/web', { containers: [{ name: 'main', ...container }] });
const variable = (name: string, value: string) => web({ env: [{ name, value }] });
const webhook = anObject('ValidatingWebhookConfiguration', 'policy', {
  apiVersion: 'admissionregistration.k8s.io/v1',
});
const others: readonly KubeObject[] = [
  anObject('ConfigMap', 'shop/settings'),
  anObject('ConfigMap', 'other/settings'),
  anObject('Secret', 'shop/ca'),
  anObject('Secret', 'shop/deployment'),
  aWorkload('Deployment', 'shop/queue', {}),
  anObject('DaemonSet', 'shop/agent'),
  webhook,
];

function named(from: KubeObject, besides: readonly KubeObject[] = others) {
  const { edges, missing } = references([from, ...besides], { infer: true });
  return {
    found: edges.filter(({ rule }) => rule.startsWith('named-in-')),
    asked: missing.filter(({ rule }) => rule.startsWith('named-in-')),
  };
}

describe('an option that is called after a kind', () => {
  it.each([
    ['TLS_CA_SECRET_NAME', 'ca', 'Secret/shop/ca'],
    ['MONITORING_QUERIES_CONFIGMAP', 'settings', 'ConfigMap/shop/settings'],
    ['QUERIES_CONFIG_MAP', 'other/settings', 'ConfigMap/other/settings'],
    ['QUEUE_DEPLOYMENT', 'queue', 'Deployment.apps/shop/queue'],
    ['TARGET', 'Deployment/queue', 'Deployment.apps/shop/queue'],
  ])('%s=%s names %s', (name, value, to) => {
    expect(named(variable(name, value)).found).toMatchObject([
      {
        from: 'Deployment.apps/shop/web',
        to,
        rule: 'named-in-environment',
        field: `${CONTAINER}.env[0].value`,
        certainty: 'likely',
      },
    ]);
  });

  it.each([
    [['--configmap=shop/settings'], 'ConfigMap/shop/settings', 0],
    [['--tcp-config-map', '$(NS)/settings'], 'ConfigMap/shop/settings', 1],
    [['--default-ssl-certificate=shop/ca'], 'Secret/shop/ca', 0],
    [['--target=deployment/queue'], 'Deployment.apps/shop/queue', 0],
    [['--ds-name=agent'], 'DaemonSet.apps/shop/agent', 0],
    [['--webhook-name=policy'], 'ValidatingWebhookConfiguration.admissionregistration.k8s.io/policy', 0],
  ])('on the command line: %j names %s', (args, to, index) => {
    const env = [{ name: 'NS', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } }];
    expect(named(web({ env, args })).found).toMatchObject([
      { to, rule: 'named-in-command', field: `${CONTAINER}.args[${index}]` },
    ]);
  });

  it('leads to a Service and to what answers for it', () => {
    const service = anObject('Service', 'shop/typha', { spec: { selector: { app: 'queue' } } });
    expect(named(variable('TYPHAK8SSERVICENAME', 'typha'), [...others, service]).found).toMatchObject([
      { to: 'Deployment.apps/shop/queue' },
      { to: 'Service/shop/typha' },
    ]);
  });

  it('is not an object of its own: the name under which it reports itself', () => {
    const service = anObject('Service', 'shop/web', { spec: { selector: { app: 'web' } } });
    expect(named(variable('OTEL_SERVICE_NAME', 'web'), [service]).found).toEqual([]);
  });

  it.each([
    ['TLS_CA_SECRET', 'hunter2'],
    ['TLS_SECRET_NAME', 'elsewhere/ca'],
    ['CA_SECRET', '/etc/tls/ca'],
    ['QUEUE_SERVICE', 'queue'],
    ['SETTINGS', 'settings'],
    ['QUEUE_DEPLOYMENT', ''],
  ])('%s=%s names nothing, and nobody is asked for it', (name, value) => {
    expect(named(variable(name, value))).toEqual({ found: [], asked: [] });
  });

  it('of an argument that follows no option is no name', () => {
    expect(named(web({ args: ['settings', 'sh', '-c', 'echo settings'] })).found).toEqual([]);
  });
});
