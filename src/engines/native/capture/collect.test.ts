import { describe, expect, it } from 'vitest';
import { type KubeObject, objectKey } from '../../../api/object.ts';
import { type DRScenarioSpec, drScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import { anObject, aWorkload } from '../../../testing/objects.ts';
import { archiveSight } from '../../velero/backup/archive-sight.ts';
import { collectFrom, evidenceOf } from './collect.ts';

const labels = { app: 'web' };
const web = anObject('Deployment', 'shop/web', {
  ...aWorkload('Deployment', 'shop/web'),
  metadata: { namespace: 'shop', name: 'web', labels },
});
const selecting = { spec: { selector: labels } };
const target = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
const ofWeb = [
  anObject('HorizontalPodAutoscaler', 'shop/web', { spec: { scaleTargetRef: target } }),
  anObject('Ingress', 'shop/front', { spec: { defaultBackend: { service: { name: 'web' } } } }),
  anObject('NetworkPolicy', 'shop/deny', { spec: { podSelector: {} } }),
  anObject('PodDisruptionBudget', 'shop/web', { spec: { selector: { matchLabels: labels } } }),
  anObject('Service', 'shop/web', selecting),
  anObject('VerticalPodAutoscaler', 'shop/web', {
    apiVersion: 'autoscaling.k8s.io/v1',
    spec: { targetRef: target },
  }),
];
const route = anObject('HTTPRoute', 'shop/pay', {
  apiVersion: 'gateway.networking.k8s.io/v1',
  spec: { rules: [{ backendRefs: [{ name: 'checkout', namespace: 'pay' }] }] },
});
const checkout = anObject('Service', 'pay/checkout', { spec: { selector: { app: 'checkout' } } });
const idle = anObject('ConfigMap', 'shop/idle');
const shop = anObject('Namespace', 'shop');
const pay = anObject('Namespace', 'pay');

async function collected(
  objects: readonly KubeObject[],
  resources: Partial<DRScenarioSpec['resources']> = {},
) {
  const spec = drScenarioSpec.parse({
    source: { region: 'eu-west' },
    recovery: { region: 'eu-north' },
    objectives: { rpo: '5m', rto: '10m' },
    resources: { namespaces: ['shop'], ...resources },
  });
  const source = { objects: new Map(objects.map((object) => [objectKey(object), object])), types: [] };
  const sight = archiveSight({ ...source, hidden: new Set() });
  const collection = await collectFrom(spec, sight, new AbortController().signal);
  return { ...collection, keys: [...collection.included.keys()] };
}

const keysOf = (...objects: readonly KubeObject[]) => objects.map((object) => objectKey(object)).toSorted();

describe('a collection', () => {
  it.each<{ what: string; resources: Partial<DRScenarioSpec['resources']> }>([
    { what: 'labels', resources: { labelSelector: { matchLabels: labels } } },
    { what: 'kinds', resources: { includeKinds: ['Deployment'] } },
  ])(
    'chosen by $what holds what serves its workloads, and says what was not chosen',
    async ({ resources }) => {
      const found = await collected([web, ...ofWeb, idle, shop], resources);

      expect(found.keys).toEqual(keysOf(web, ...ofWeb, shop));
      expect([...found.chosen]).toEqual(keysOf(web));
      // What is of a kind that was not asked for is not even listed.
      expect(found.notChosen).toEqual(resources.includeKinds === undefined ? keysOf(idle) : []);
    },
  );

  it('never holds what the user excludes, whatever it serves', async () => {
    const found = await collected([web, ...ofWeb, shop], {
      labelSelector: { matchLabels: labels },
      exclude: ['Ingress/shop/front'],
      excludeKinds: ['HorizontalPodAutoscaler'],
    });

    expect(found.keys).not.toContain('Ingress.networking.k8s.io/shop/front');
    expect(found.keys).not.toContain('HorizontalPodAutoscaler.autoscaling/shop/web');
    expect(found.keys).toContain('Service/shop/web');
  });

  it('holds what answers for a Service of another namespace, and what allows it to be referred to', async () => {
    const behind = aWorkload('Deployment', 'pay/checkout', { serviceAccountName: 'checkout' });
    const account = anObject('ServiceAccount', 'pay/checkout');
    const binding = anObject('RoleBinding', 'pay/checkout', {
      roleRef: { kind: 'Role', name: 'checkout' },
      subjects: [{ kind: 'ServiceAccount', name: 'checkout' }],
    });
    const role = anObject('Role', 'pay/checkout');
    const grant = anObject('ReferenceGrant', 'pay/from-shop', {
      apiVersion: 'gateway.networking.k8s.io/v1beta1',
      spec: {
        from: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'shop' }],
        to: [{ group: '', kind: 'Service' }],
      },
    });
    const others = [aWorkload('Deployment', 'pay/other'), anObject('ConfigMap', 'pay/other')];
    const needed = [route, checkout, behind, account, binding, role, grant, shop, pay];

    const found = await collected([...needed, ...others]);

    expect(found.keys).toEqual(keysOf(...needed));
    expect(evidenceOf(found).unanswered).toEqual([]);
  });

  it('says which Services are copied with nothing behind them', async () => {
    const found = await collected([route, checkout, shop, pay]);

    expect(found.keys).toContain('Service/pay/checkout');
    expect(evidenceOf(found).unanswered).toEqual(['Service/pay/checkout']);
  });
});
