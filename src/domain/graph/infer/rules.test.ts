import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../api/object.ts';
import { objectKey, refKey } from '../../../api/object.ts';
import { anObject, ownedBy } from '../../../testing/objects.ts';
import type { KindLookup } from '../kinds.ts';
import { operatorReferences } from '../operators.ts';
import { references } from '../references.ts';
import { ruleCatalogue } from './rules.ts';
import { outside, policy, promotion, volume, web } from './testing/row.ts';
import { inAccess } from './testing/rows-access.ts';
import { inConfines } from './testing/rows-confines.ts';
import { inCustomResources } from './testing/rows-custom-resources.ts';
import { backend, crd, guard, inExtensions } from './testing/rows-extensions.ts';
import { inNetwork } from './testing/rows-network.ts';
import { inPods } from './testing/rows-pods.ts';
import { inScaling } from './testing/rows-scaling.ts';
import { inStorage } from './testing/rows-storage.ts';
import { inStructure } from './testing/rows-structure.ts';

/** Serves one custom kind and knows which built-in owners are cluster-scoped. */
const lookup: KindLookup = (group, kind) => {
  if (group === 'shop.example' && kind === 'Promotion') return { resource: 'promotions', namespaced: true };
  if (group === 'shop.example' && kind === 'Campaign') return { resource: 'campaigns', namespaced: false };
  return undefined;
};

const tables = [
  { family: 'pods', rows: inPods, always: false },
  { family: 'custom resources that run pods', rows: inCustomResources, always: false },
  { family: 'extensions', rows: inExtensions, always: false },
  { family: 'storage', rows: inStorage, always: false },
  { family: 'network', rows: inNetwork, always: false },
  { family: 'what confines pods', rows: inConfines, always: false },
  { family: 'access', rows: inAccess, always: false },
  { family: 'scaling', rows: inScaling, always: false },
  { family: 'structure', rows: inStructure, always: true },
];

/** All findings of a rule, whether or not the object referred to is there. */
function findings(rule: string, objects: readonly KubeObject[], infer: boolean) {
  const { edges, missing } = references(objects, { infer, lookup });
  return [
    ...edges.map(({ from, to, rule: name, field }) => ({ from, to, rule: name, field })),
    ...missing.map(({ from, to, rule: name, field }) => ({ from, to: refKey(to), rule: name, field })),
  ].filter((finding) => finding.rule === rule);
}

describe.each(tables)('rules about $family', ({ rows, always }) => {
  it.each(rows)('$rule: $field leads to $to', ({ rule, from, besides = [], to, field, optional }) => {
    const objects = [from, ...besides];

    const found = findings(rule, objects, true).filter((finding) => finding.to === to);

    expect(found.map((finding) => finding.field)).toEqual([field]);
    const { missing } = references(objects, { infer: true, lookup });
    const unknown = missing.filter((candidate) => candidate.rule === rule && refKey(candidate.to) === to);
    const isThere = besides.some((object) => objectKey(object) === to);
    expect(unknown.map((reference) => reference.optional)).toEqual(isThere ? [] : [optional ?? false]);
  });

  it.each(rows)(
    '$rule ($field) is used without inference: ' + String(always),
    ({ rule, from, besides = [] }) => {
      expect(findings(rule, [from, ...besides], false).length > 0).toBe(always);
    },
  );
});

describe('references that are none', () => {
  it.each<{ what: string; rule: string; objects: readonly KubeObject[] }>([
    {
      what: 'an empty name',
      rule: 'volume-claim',
      objects: [web(volume({ persistentVolumeClaim: { claimName: '' } }))],
    },
    {
      what: 'an empty class',
      rule: 'claim-storage-class',
      objects: [anObject('PersistentVolumeClaim', 'shop/d', { spec: { storageClassName: '' } })],
    },
    {
      what: 'a policy for other pods, or of another namespace',
      rule: 'network-policy',
      objects: [web({}), policy('shop/db', { matchLabels: { app: 'db' } }), policy('other/deny', {})],
    },
    {
      what: 'a spec that is no template of pods',
      rule: 'service-account',
      objects: [
        anObject('Odd', 'shop/x', {
          apiVersion: 'odd.example/v1',
          spec: { template: { spec: { replicas: 3 } }, worker: { spec: { serviceAccountName: 'x' } } },
        }),
      ],
    },
    {
      what: 'limits of volumes, or of another namespace',
      rule: 'limit-range',
      objects: [
        web({}),
        anObject('LimitRange', 'shop/v', { spec: { limits: [{ type: 'PersistentVolumeClaim' }] } }),
        anObject('LimitRange', 'other/l', { spec: { limits: [{ type: 'Container' }] } }),
      ],
    },
    {
      what: 'a quota on anything but pods',
      rule: 'resource-quota',
      objects: [
        web({}),
        anObject('ResourceQuota', 'shop/q', { spec: { hard: { 'requests.storage': '1Ti', services: '9' } } }),
      ],
    },
    {
      what: 'limits for what runs no pods',
      rule: 'limit-range',
      objects: [
        anObject('Odd', 'shop/x', { apiVersion: 'odd.example/v1' }),
        anObject('LimitRange', 'shop/l', { spec: { limits: [{ type: 'Container' }] } }),
      ],
    },
    { what: 'fields of another type', rule: 'env-from-secret', objects: [web({ containers: 'none' })] },
    { what: 'a kind of Kubernetes itself', rule: 'definition', objects: [anObject('Ingress', 'shop/front')] },
    {
      what: 'a custom kind nobody knows',
      rule: 'definition',
      objects: [anObject('Odd', 'shop/x', { apiVersion: 'odd.example/v1' })],
    },
    {
      what: 'rights of an account of the same name in another namespace',
      rule: 'granted-by',
      objects: [
        web({ serviceAccountName: 'web' }),
        anObject('RoleBinding', 'other/b', { subjects: [{ kind: 'ServiceAccount', name: 'web' }] }),
      ],
    },
    {
      what: 'rights of all accounts of the cluster',
      rule: 'granted-by',
      objects: [
        web({}),
        anObject('ClusterRoleBinding', 'b', {
          subjects: [{ kind: 'Group', name: 'system:serviceaccounts' }],
        }),
      ],
    },
    {
      what: 'a budget without a selector',
      rule: 'disruption-budget',
      objects: [web({}), anObject('PodDisruptionBudget', 'shop/b', { spec: {} })],
    },
    {
      what: 'a budget in another namespace',
      rule: 'disruption-budget',
      objects: [web({}), anObject('PodDisruptionBudget', 'other/b', { spec: { selector: {} } })],
    },
  ])('$what makes no $rule', ({ rule, objects }) => {
    expect(findings(rule, objects, true)).toEqual([]);
  });

  it.each<{ what: string; rule: string; objects: readonly KubeObject[] }>([
    {
      what: 'a name outside of the cluster',
      rule: 'external-name',
      objects: [outside({ type: 'ExternalName', externalName: 'db.example.com' })],
    },
    {
      what: 'a Service with a selector',
      rule: 'service-endpoints',
      objects: [outside({ selector: { app: 'db' } })],
    },
    {
      what: 'an API that the cluster serves itself',
      rule: 'aggregated-api',
      objects: [
        promotion(),
        anObject('APIService', 'v1.shop.example', { spec: { group: 'shop.example', version: 'v1' } }),
      ],
    },
    {
      what: 'affinity to another workload',
      rule: 'service-name-in-environment',
      objects: [
        web({
          affinity: {
            podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ labelSelector: {} }] },
          },
          topologySpreadConstraints: [{ labelSelector: { matchLabels: { app: 'db' } } }],
        }),
      ],
    },
  ])('$what makes no $rule', ({ rule, objects }) => {
    expect(findings(rule, objects, true)).toEqual([]);
  });

  it('the definition of a kind with a converter is not made to wait for it, or the operator would never start', () => {
    const { edges } = references([crd, guard, backend], { infer: true });

    expect(edges.filter(({ from }) => from.startsWith('CustomResourceDefinition'))).toEqual([]);
  });

  it('an object never needs itself', () => {
    const self = anObject('ConfigMap', 'shop/cfg');
    const odd = { ...self, metadata: { ...self.metadata, ownerReferences: [ownedBy(self)] } };

    const { edges, missing } = references([odd], { infer: true });

    expect(edges).toEqual([]);
    expect(missing.map(({ rule }) => rule)).toEqual(['namespace']);
  });
});

describe('the catalogue', () => {
  it('names every rule once, and says in a sentence what it concludes', () => {
    const names = ruleCatalogue.map(({ name }) => name);

    expect(new Set(names).size).toBe(names.length);
    for (const { sentence, reads } of ruleCatalogue) {
      expect(sentence).toMatch(/^[A-Z].*\.$/);
      expect(reads).not.toBe('');
    }
  });

  it('has no rule of Kubernetes without a row in these tables', () => {
    const operators = new Set(operatorReferences.map(({ rule }) => rule));
    const elsewhere = /^(service-name-in-|named-in-|judged-by-webhook$|argo-sync-wave$|pod-affinity$)/;
    const covered = new Set(tables.flatMap(({ rows }) => rows.map(({ rule }) => rule)));

    const bare = ruleCatalogue.filter(({ name }) => !operators.has(name) && !elsewhere.test(name));

    expect(bare.filter(({ name }) => !covered.has(name))).toEqual([]);
  });
});
