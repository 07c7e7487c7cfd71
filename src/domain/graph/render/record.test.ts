import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { manifestOf } from '../../execution/testing/manifest.ts';
import { essenceOf, type GraphRecord, recordOf } from './record.ts';
import { pack, unpack } from './record-codec.ts';
import { shopRecord } from './testing/shop.ts';

const text = fc.string({ maxLength: 40 });
const evidence = fc.record({ from: text, to: text, rule: text, field: text });
const records: fc.Arbitrary<GraphRecord> = fc
  .record({
    units: fc.array(fc.record({ id: text, objects: fc.array(text) }), { maxLength: 20 }),
    edges: fc.array(fc.record({ from: text, to: text, because: fc.array(evidence) }), { maxLength: 20 }),
    leftOut: fc.array(fc.record({ key: text, reason: text })),
    dangling: fc.array(evidence),
  })
  .map((parts) => ({ ...shopRecord, ...parts }));

describe('a packed graph', () => {
  it('is read back as it was', () =>
    fc.assert(
      fc.asyncProperty(records, async (record) => {
        const packed = await pack(record);
        expect(packed).toMatchObject({ kind: 'packed', record: { omitted: [] } });
        expect(packed.kind === 'packed' && (await unpack(packed.text))).toEqual({ kind: 'record', record });
      }),
      { numRuns: 30 },
    ));

  it('fits its limit or is not made, and lacks evidence before anything else', async () => {
    const full = await pack(shopRecord);
    const length = full.kind === 'packed' ? full.text.length : 0;
    expect(length).toBeGreaterThan(0);

    const smaller = await pack(shopRecord, length - 1);

    expect(smaller).toMatchObject({ kind: 'packed', record: { omitted: ['further-evidence'] } });
    expect(smaller.kind === 'packed' && smaller.text.length).toBeLessThan(length);
    expect(smaller).toMatchObject({ record: { units: shopRecord.units, leftOut: shopRecord.leftOut } });
    expect(await pack(shopRecord, 10)).toEqual({ kind: 'too-large' });
  });

  it('lacks why objects are included before it lacks why they depend on each other', async () => {
    const why = { by: 'Service/shop/web', rule: 'answers-service', field: 'metadata.labels' };
    const objects = shopRecord.objects.map((object) => ({ ...object, why }));
    const full = await pack({ ...shopRecord, objects });
    const length = full.kind === 'packed' ? full.text.length : 0;

    const smaller = await pack({ ...shopRecord, objects }, length - 1);

    expect(full).toMatchObject({ kind: 'packed', record: { objects, omitted: [] } });
    expect(smaller).toMatchObject({ record: { ...shopRecord, omitted: ['inclusions'] } });
    expect(JSON.stringify(smaller)).not.toContain('answers-service');
  });

  it('says so when the text is none', async () => {
    expect(await unpack('no such thing')).toMatchObject({ kind: 'unreadable' });
  });
});

describe('the record of a point', () => {
  it('says of each object why it is included, where the selection does not name it', () => {
    const why = { by: 'Service/shop/web', rule: 'answers-service', field: 'metadata.labels' };
    const object = { apiVersion: 'v1', digest: 'd', resourceVersion: '1', bytes: 10 };
    const named = { ...object, key: 'Service/shop/web' };
    const manifest = { ...manifestOf(), objects: [named, { ...object, key: 'Pod/shop/web', why }] };

    const { objects } = recordOf(manifest);

    expect(objects).toEqual([
      { key: 'Service/shop/web', bytes: 10 },
      { key: 'Pod/shop/web', bytes: 10, why },
    ]);
  });
});

describe('whether a graph changed', () => {
  const manifest = manifestOf({ units: ['Secret/shop/a'], objects: [] });
  const essence = (changes: Partial<GraphRecord>) => essenceOf({ ...recordOf(manifest), ...changes });

  it('does not depend on the point, on sizes, or on the Pods of the moment', () => {
    const objects = [{ key: 'Secret/shop/a', bytes: 1 }];
    const before = essence({ objects, leftOut: [{ key: 'Pod/shop/x', reason: 'GeneratedByController' }] });
    const after = essence({
      objects: [{ key: 'Secret/shop/a', bytes: 2 }],
      leftOut: [{ key: 'Pod/shop/y', reason: 'GeneratedByController' }],
      point: 'another',
      sequence: 9,
      capturedAt: '2027-01-01T00:00:00Z',
    });

    expect(after).toBe(before);
  });

  it.each<[string, Partial<GraphRecord>]>([
    ['a unit', { units: [] }],
    ['an edge', { edges: shopRecord.edges }],
    ['an object left out by the user', { leftOut: [{ key: 'Secret/shop/b', reason: 'ExcludedByUser' }] }],
    [
      'why an object is in it',
      {
        objects: [
          { key: 'Secret/shop/a', bytes: 1, why: { by: 'Pod/shop/p', rule: 'volume-secret', field: 'spec' } },
        ],
      },
    ],
    ['something that is missing', { dangling: shopRecord.dangling }],
  ])('depends on %s', (_, changes) => {
    expect(essence(changes)).not.toBe(essence({}));
  });
});
