import { describe, expect, it } from 'vitest';
import { refKey } from '../../../api/object.ts';
import { anObject, aWorkload } from '../../../testing/objects.ts';
import { references } from '../references.ts';

const setOf = (replicas: number, start = 0, templates: readonly string[] = ['data']) =>
  aWorkload(
    'StatefulSet',
    'shop/db',
    {},
    {
      replicas,
      ordinals: { start },
      volumeClaimTemplates: templates.map((name) => ({ metadata: { name } })),
    },
  );
const claim = (name: string) => anObject('PersistentVolumeClaim', `shop/${name}`);

const sought = (...objects: Parameters<typeof references>[0]) =>
  references(objects, { infer: true })
    .missing.filter(({ rule }) => rule === 'claim-of-template')
    .map(({ to }) => refKey(to));
const found = (...objects: Parameters<typeof references>[0]) =>
  references(objects, { infer: true })
    .edges.filter(({ rule }) => rule === 'claim-of-template')
    .map(({ to }) => to);

describe('the claims of a StatefulSet', () => {
  it('are looked for by name, from its first ordinal to its last', () => {
    expect(sought(setOf(3, 5))).toEqual([
      'PersistentVolumeClaim/shop/data-db-5',
      'PersistentVolumeClaim/shop/data-db-6',
      'PersistentVolumeClaim/shop/data-db-7',
    ]);
    expect(sought(setOf(100))).toHaveLength(100);
    expect(sought(setOf(0))).toEqual([]);
  });

  it('are few of a set that could have two thousand million, and of one with a thousand templates', () => {
    const templates = Array.from({ length: 1000 }, (_, index) => `t${index}`);

    expect(sought(setOf(2 ** 31 - 1)).length).toBeLessThan(300);
    expect(sought(setOf(2 ** 31 - 1, 0, templates)).length).toBeLessThanOrEqual(1000);
  });

  it('are found however large the set, when they are there and it may have them', () => {
    const adopted = [claim('data-db-1005'), claim('data-db-900000')];
    const others = ['data-db-4', 'data-db-1000005', 'data-db-01005', 'logs-db-1005', 'data-db-x'].map(claim);

    expect(found(setOf(1_000_000, 5), ...adopted, ...others)).toEqual([
      'PersistentVolumeClaim/shop/data-db-1005',
      'PersistentVolumeClaim/shop/data-db-900000',
    ]);
  });
});
