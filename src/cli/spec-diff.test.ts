import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { specDiff } from './spec-diff.ts';

describe('the diff of two specs', () => {
  it('is empty for equal specs, whatever the order of their fields', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (spec) => {
        const turned = Object.fromEntries(Object.entries(spec).toReversed());
        expect(specDiff(spec, turned)).toEqual([]);
      }),
    );
  });

  it('names the field that changed, with both values', () => {
    const before = { objectives: { rpo: '5m', rto: '10m' }, dns: { moment: undefined } };
    const after = { objectives: { rpo: '1m', rto: '10m' }, failover: { mode: 'Manual' } };

    expect(specDiff(before, after)).toEqual([
      { kind: 'value', field: 'objectives.rpo', before: '5m', after: '1m' },
      { kind: 'value', field: 'failover.mode', before: undefined, after: 'Manual' },
    ]);
  });

  it('says what joined and left a list', () => {
    const edge = (before: string) => ({ before, after: 'x' });

    expect(
      specDiff({ edges: [edge('a'), edge('b')] }, { edges: [{ after: 'x', before: 'b' }, edge('c')] }),
    ).toEqual([
      {
        kind: 'list',
        field: 'edges',
        added: ['{"after":"x","before":"c"}'],
        removed: ['{"after":"x","before":"a"}'],
      },
    ]);
  });
});
