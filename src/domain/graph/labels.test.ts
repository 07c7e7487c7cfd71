import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LabelIndex, type LabelSelector, labelsAt, matches, selectorAt } from './labels.ts';

describe('matches', () => {
  const labels = { app: 'web', tier: 'front' };
  it.each<[LabelSelector, boolean]>([
    [{}, true],
    [{ matchLabels: { app: 'web' } }, true],
    [{ matchLabels: { app: 'web', tier: 'back' } }, false],
    [{ matchExpressions: [{ key: 'app', operator: 'In', values: ['api', 'web'] }] }, true],
    [{ matchExpressions: [{ key: 'zone', operator: 'In', values: ['a'] }] }, false],
    [{ matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] }, false],
    [{ matchExpressions: [{ key: 'zone', operator: 'NotIn', values: ['a'] }] }, true],
    [{ matchExpressions: [{ key: 'app', operator: 'Exists' }] }, true],
    [{ matchExpressions: [{ key: 'zone', operator: 'Exists' }] }, false],
    [{ matchExpressions: [{ key: 'zone', operator: 'DoesNotExist' }] }, true],
    [{ matchExpressions: [{ key: 'app', operator: 'DoesNotExist' }] }, false],
    [{ matchExpressions: [{ key: 'app', operator: 'Like', values: ['w*'] }] }, false],
    [{ matchLabels: { app: 'web' }, matchExpressions: [{ key: 'app', operator: 'DoesNotExist' }] }, false],
  ])('%j on a front end: %s', (selector, expected) => {
    expect(matches(selector, labels)).toBe(expected);
  });
});

describe('reading selectors and labels of unknown objects', () => {
  it('takes only what is a label', () => {
    expect(labelsAt({ labels: { a: 'x', b: 1, c: null } }, 'labels')).toEqual({ a: 'x' });
    expect(labelsAt({}, 'labels')).toEqual({});
  });

  it('tells no selector from an empty one', () => {
    expect(selectorAt({}, 'selector')).toBeUndefined();
    expect(selectorAt({ selector: {} }, 'selector')).toEqual({ matchExpressions: [] });
  });
});

const name = fc.constantFrom('a', 'b', 'c');
const someLabels = fc.dictionary(name, fc.constantFrom('1', '2'));
const someSelector = fc.record({
  matchLabels: someLabels,
  matchExpressions: fc.array(
    fc.record({
      key: name,
      operator: fc.constantFrom('In', 'NotIn', 'Exists', 'DoesNotExist'),
      values: fc.subarray(['1', '2']),
    }),
    { maxLength: 2 },
  ),
});

describe('LabelIndex', () => {
  it('finds exactly what the selector matches', () => {
    fc.assert(
      fc.property(fc.array(someLabels), someSelector, (all, selector) => {
        const index = new LabelIndex();
        for (const [position, labels] of all.entries()) index.add(String(position), labels);

        const found = index.find(selector);

        const expected = all.flatMap((labels, position) =>
          matches(selector, labels) ? [String(position)] : [],
        );
        expect(found).toEqual(expected);
      }),
    );
  });
});
