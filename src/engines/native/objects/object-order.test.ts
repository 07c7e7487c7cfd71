import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type KubeObject, objectKey } from '../../../api/object.ts';
import { manifestOf } from '../../../domain/execution/testing/manifest.ts';
import { anObject } from '../../../testing/objects.ts';
import type { OpenPoint } from '../../engine.ts';
import { waitsFor } from './object-order.ts';

const RBAC = 'rbac.authorization.k8s.io';

/** Waits of these objects, in this order, as one unit. */
function waits(...objects: readonly KubeObject[]): Readonly<Record<string, readonly string[]>> {
  const byKey = new Map(objects.map((object) => [objectKey(object), object]));
  const point: OpenPoint = {
    digest: 'sha256:0',
    manifest: manifestOf({ units: [] }),
    object: (key) => byKey.get(key),
  };
  return Object.fromEntries(waitsFor([...byKey.keys()], point, () => 'unit'));
}
const configMap = (name: string) => anObject('ConfigMap', `shop/${name}`);
const owned = (name: string, owner: string) =>
  anObject('ConfigMap', `shop/${name}`, {
    metadata: {
      name,
      namespace: 'shop',
      ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: owner, uid: 'u' }],
    },
  });

describe('among the objects of a restore', () => {
  test('what only says something waits for nothing but its namespace', () => {
    const found = waits(anObject('Namespace', 'shop'), configMap('a'), configMap('b'));
    expect(found).toEqual({
      'Namespace/shop': [],
      'ConfigMap/shop/a': ['Namespace/shop'],
      'ConfigMap/shop/b': ['Namespace/shop'],
    });
  });

  test('a workload waits for all that stands before it in its unit', () => {
    const found = waits(configMap('a'), configMap('b'), anObject('Deployment', 'shop/web'), configMap('c'));
    expect(found['Deployment.apps/shop/web']).toEqual(['ConfigMap/shop/a', 'ConfigMap/shop/b']);
    expect(found['ConfigMap/shop/c']).toEqual([]);
  });

  test('a workload does not wait for what stands before it in another unit', () => {
    const objects = [configMap('a'), anObject('Deployment', 'shop/web')];
    const byKey = new Map(objects.map((object) => [objectKey(object), object]));
    const point = {
      digest: '',
      manifest: manifestOf({ units: [] }),
      object: (key: string) => byKey.get(key),
    };
    const found = waitsFor([...byKey.keys()], point, (key) => key);
    expect(found.get('Deployment.apps/shop/web')).toEqual([]);
  });

  test('an owned object waits for its owner, and an owner never for what it owns', () => {
    expect(waits(configMap('parent'), owned('child', 'parent'))['ConfigMap/shop/child']).toEqual([
      'ConfigMap/shop/parent',
    ]);
    expect(waits(owned('child', 'parent'), configMap('parent'))).toEqual({
      'ConfigMap/shop/child': [],
      'ConfigMap/shop/parent': [],
    });
  });

  test('a binding waits for its role', () => {
    const binding = anObject('RoleBinding', 'shop/reader', {
      apiVersion: `${RBAC}/v1`,
      roleRef: { apiGroup: RBAC, kind: 'Role', name: 'reader' },
    });
    const role = anObject('Role', 'shop/reader', { apiVersion: `${RBAC}/v1` });
    expect(waits(role, binding)[`RoleBinding.${RBAC}/shop/reader`]).toEqual([`Role.${RBAC}/shop/reader`]);
  });

  test('a token Secret waits for its account, and no other Secret does', () => {
    const annotations = { 'kubernetes.io/service-account.name': 'robot' };
    const token = anObject('Secret', 'shop/robot-token', {
      type: 'kubernetes.io/service-account-token',
      metadata: { annotations },
    });
    const found = waits(
      anObject('ServiceAccount', 'shop/robot'),
      token,
      anObject('Secret', 'shop/other', { metadata: { annotations } }),
    );
    expect(found['Secret/shop/robot-token']).toEqual(['ServiceAccount/shop/robot']);
    expect(found['Secret/shop/other']).toEqual([]);
  });

  test('a custom resource waits for its definition', () => {
    const definition = anObject('CustomResourceDefinition', 'widgets.example.com', {
      spec: { group: 'example.com', names: { kind: 'Widget' } },
    });
    const widget = anObject('Widget', 'shop/gadget', { apiVersion: 'example.com/v1' });
    expect(waits(definition, widget)['Widget.example.com/shop/gadget']).toEqual([
      'CustomResourceDefinition.apiextensions.k8s.io/widgets.example.com',
    ]);
  });

  test('nothing waits for what comes after it, so nothing waits in a circle', () => {
    const names = ['a', 'b', 'c', 'd'];
    const entry = fc.tuple(fc.constantFrom(...names), fc.constantFrom(...names), fc.boolean());
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 12 }), (entries) => {
        const objects = entries.map(([name, owner, isWorkload]) =>
          isWorkload ? anObject('Deployment', `shop/${name}`) : owned(name, owner),
        );
        const found = Object.entries(waits(...objects));
        const position = new Map(found.map(([key], index) => [key, index]));
        for (const [key, before] of found)
          for (const other of before) expect(position.get(other)).toBeLessThan(position.get(key) ?? 0);
      }),
    );
  });
});
