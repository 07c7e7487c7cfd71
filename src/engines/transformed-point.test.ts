import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../api/object.ts';
import { objectKey } from '../api/object.ts';
import { transforms as transformsSchema } from '../api/v1alpha1/dr-scenario-transforms.ts';
import { manifestOf } from '../domain/execution/testing/manifest.ts';
import { anObject, aWorkload } from '../testing/objects.ts';
import type { OpenPoint } from './engine.ts';
import { objectDigest } from './native/objects/digest.ts';
import {
  InvalidTransformsError,
  restOfUnit,
  transformedPoint,
  unitFailure,
  withoutFailures,
} from './transformed-point.ts';

function pointOf(
  objects: readonly KubeObject[],
  edges: readonly (readonly [string, string])[] = [],
): OpenPoint {
  const byKey = new Map(objects.map((object) => [objectKey(object), object]));
  const keys = [...byKey.keys()];
  const manifest = manifestOf({ units: keys, edges, longestPath: keys });
  return {
    digest: 'sha256:published',
    object: (key) => byKey.get(key),
    manifest: {
      ...manifest,
      objects: keys.map((key) => ({
        key,
        apiVersion: 'v1',
        digest: `of ${key}`,
        resourceVersion: '1',
        bytes: 1,
      })),
      volumes: [{ claim: 'PersistentVolumeClaim/shop/data', strategy: 'Exclude', reason: 'none' }],
      volumesWithoutData: ['PersistentVolumeClaim/shop/data'],
    },
  };
}

const wishes = (...list: readonly object[]) =>
  transformsSchema.parse(list.map((wish, index) => ({ name: `t${index}`, ...wish })));

const web = aWorkload('Deployment', 'shop/web');
const claim = anObject('PersistentVolumeClaim', 'shop/data', { spec: { storageClassName: 'fast' } });
const storageClass = anObject('StorageClass', 'fast');
const point = pointOf(
  [storageClass, claim, web],
  [
    ['Deployment.apps/shop/web', 'PersistentVolumeClaim/shop/data'],
    ['PersistentVolumeClaim/shop/data', 'StorageClass.storage.k8s.io/fast'],
  ],
);

describe('a transformed point', () => {
  it('is the point itself when there are no transforms', () => {
    const same = transformedPoint(point, []);
    expect(same.manifest).toBe(point.manifest);
    expect(same.object('Deployment.apps/shop/web')).toBe(web);
  });

  it('speaks of objects, units and edges as they are in the recovery region, with the digests of the source', () => {
    const moved = transformedPoint(
      point,
      wishes(
        { storageClasses: [{ from: 'fast', to: 'gold' }] },
        { namespaces: [{ from: 'shop', to: 'dr' }] },
      ),
    );
    const keys = ['PersistentVolumeClaim/dr/data', 'Deployment.apps/dr/web'];
    expect(moved.manifest.objects.map(({ key, digest }) => [key, digest])).toEqual([
      [keys[0], 'of PersistentVolumeClaim/shop/data'],
      [keys[1], 'of Deployment.apps/shop/web'],
    ]);
    expect(moved.manifest).toMatchObject({
      units: keys.map((id) => ({ id, objects: [id] })),
      edges: [{ from: keys[1], to: keys[0] }],
      longestPath: keys,
      leftOut: [{ key: 'StorageClass.storage.k8s.io/fast', reason: 'ReplacedByTransform' }],
      volumes: [{ claim: keys[0] }],
      volumesWithoutData: [keys[0]],
    });
    expect(moved.captured).toBe(point.manifest);
    expect(moved.object('PersistentVolumeClaim/shop/data')).toBeUndefined();
    expect(moved.object(keys[0] ?? '')).toMatchObject({
      metadata: { namespace: 'dr' },
      spec: { storageClassName: 'gold' },
    });
  });

  it('gives digests to compare the live objects with', () => {
    const moved = transformedPoint(point, wishes({ namespaces: [{ from: 'shop', to: 'dr' }] }));
    const live = { ...web, metadata: { ...web.metadata, namespace: 'dr', uid: 'u', resourceVersion: '9' } };
    expect(moved.objectDigest('Deployment.apps/dr/web')).toBe(objectDigest(live));
    expect(moved.objectDigest('Deployment.apps/dr/web')).not.toBe(objectDigest(web));
    expect(moved.objectDigest('Deployment.apps/dr/none')).toBeUndefined();
  });

  it('has no object that a transform fails, and says why for its unit', () => {
    const patch = [{ op: 'remove', path: '/spec/none' }];
    const failed = transformedPoint(point, wishes({ match: "object.kind == 'Deployment'", patch }));
    expect(failed.object('Deployment.apps/shop/web')).toBeUndefined();
    expect(unitFailure(failed, 'Deployment.apps/shop/web')).toBe(
      'Deployment.apps/shop/web: transform t0: remove /spec/none finds no value at its path',
    );
    expect(unitFailure(failed, 'PersistentVolumeClaim/shop/data')).toBeUndefined();
    expect(withoutFailures(failed).manifest.objects).toHaveLength(2);
    expect(withoutFailures(failed).manifest.units.flatMap(({ objects }) => objects)).toHaveLength(2);
  });

  it('has a rest of a unit only where no workload is left without what fails', () => {
    const [first, second] = [anObject('Secret', 'shop/a'), anObject('Secret', 'shop/b')];
    const patch = [{ op: 'remove', path: '/data/none' }];
    const restWith = (other: KubeObject) => {
      const stored = pointOf([first, other]);
      const units = [{ id: 'u', objects: [first, other].map(objectKey) }];
      const failed = transformedPoint(
        { ...stored, manifest: { ...stored.manifest, units } },
        wishes({ match: "object.metadata.name == 'a'", patch }),
      );
      return restOfUnit(failed, 'u')?.manifest.units;
    };

    expect(restWith(second)).toEqual([{ id: 'u', objects: ['Secret/shop/b'] }]);
    expect(restWith(web)).toBeUndefined();
  });

  it('fails a patch of what is never written into the recovery cluster', () => {
    const service = anObject('Service', 'shop/web', { spec: { ports: [{ port: 80 }] } });
    const failureOf = (path: string, value: string) =>
      transformedPoint(
        pointOf([service]),
        wishes({ match: 'true', patch: [{ op: 'add', path, value }] }),
      ).failures.get('Service/shop/web');
    expect(failureOf('/spec/loadBalancerIP', '"192.0.2.1"')).toContain(
      'spec.loadBalancerIP is left to the recovery cluster and never written there',
    );
    expect(failureOf('/spec/ports/0/nodePort', '30000')).toContain('spec.ports[0].nodePort is left');
    expect(failureOf('/spec/ports/-', '{"port": 81}')).toBeUndefined();
    expect(failureOf('/metadata/annotations', '{"a": "b"}')).toBeUndefined();
  });

  it('has what a patch gives a Secret as a text in its data, where a live one has it', () => {
    const value = '{"user": "shop"}';
    const secret = transformedPoint(
      pointOf([anObject('Secret', 'shop/db')]),
      wishes({ match: 'true', patch: [{ op: 'add', path: '/stringData', value }] }),
    );
    expect(secret.failures.size).toBe(0);
    expect(secret.object('Secret/shop/db')).toEqual(
      anObject('Secret', 'shop/db', { data: { user: 'c2hvcA==' } }),
    );
  });

  it('refuses transforms that cannot be read', () => {
    const wrong = wishes({ match: 'object.', images: [{ from: 'a', to: 'b' }] });
    expect(() => transformedPoint(point, wrong)).toThrow(InvalidTransformsError);
  });
});
