import fc from 'fast-check';
import { expect, test } from 'vitest';
import { drScenarioSpec } from '../../api/v1alpha1/dr-scenario.ts';
import { isMarked, marks, settingsOf, waveName } from './settings.ts';

const specWith = (store: object) =>
  drScenarioSpec.parse({
    source: { region: 'eu-west' },
    recovery: { region: 'eu-north' },
    objectives: { rpo: '5m', rto: '10m' },
    resources: { namespaces: ['shop'] },
    replication: { engine: 'velero', store },
  });

test("Velero's prefix is its own folder inside Antipode's", () => {
  expect(settingsOf(specWith({ s3: { bucket: 'points', prefix: 'dr/shop' } }))?.prefix).toBe(
    'dr/shop/velero',
  );
  expect(settingsOf(specWith({ s3: { bucket: 'points' } }))?.prefix).toBe('velero');
});

test('without a bucket there are no settings', () => {
  expect(settingsOf(specWith({}))).toBeUndefined();
  expect(settingsOf(specWith({ filesystem: { path: '/points' } }))).toBeUndefined();
});

test('a wave is named by its objects, in whatever order they are asked for', () => {
  const keys = fc.uniqueArray(fc.string(), { minLength: 1 });
  fc.assert(
    fc.property(keys, (some) => {
      expect(waveName('point', some.toReversed())).toBe(waveName('point', some));
      expect(waveName('point', [...some, 'one more'.repeat(20)])).not.toBe(waveName('point', some));
    }),
  );
});

test('what is marked for one scenario or purpose is not for another', () => {
  const shop = { namespace: 'dr', name: 'shop', uid: 'uid-1' };
  const object = {
    apiVersion: 'velero.io/v1',
    kind: 'Backup',
    metadata: { name: 'b', labels: marks(shop, 'Point') },
  };

  expect(isMarked(object, shop, 'Point')).toBe(true);
  expect(isMarked(object, { ...shop, uid: 'uid-2' }, 'Point')).toBe(true);
  expect(isMarked(object, shop, 'Wave')).toBe(false);
  expect(isMarked(object, { ...shop, name: 'cart' }, 'Point')).toBe(false);
  expect(isMarked({ ...object, metadata: { name: 'b' } }, shop, 'Point')).toBe(false);
});
