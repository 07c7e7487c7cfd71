import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { planSteps } from './plan.ts';
import { manifestOf } from './testing/manifest.ts';

describe('planSteps', () => {
  test('makes a step per unit and per name, between prepare and report', () => {
    const result = planSteps(manifestOf({ units: ['db', 'web'], edges: [['web', 'db']] }), ['shop.test']);
    expect(result.kind === 'planned' && result.steps).toEqual([
      { id: 'prepare', kind: 'Prepare', phase: 'Pending' },
      { id: 'restore/db', kind: 'Restore', phase: 'Pending', needs: ['prepare'], objects: 1 },
      { id: 'restore/web', kind: 'Restore', phase: 'Pending', needs: ['prepare', 'restore/db'], objects: 1 },
      { id: 'dns/shop.test', kind: 'DNS', phase: 'Pending' },
      { id: 'report', kind: 'Report', phase: 'Pending' },
    ]);
  });

  test('gives the same steps for the same point', () => {
    const units = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,4}$/), { maxLength: 8 });
    fc.assert(
      fc.property(units, (names) => {
        const edges = names.slice(1).map((name, index) => [name, names[index] ?? ''] as const);
        const plan = () => planSteps(manifestOf({ units: names, edges }), ['a.test']);
        expect(plan()).toEqual(plan());
      }),
    );
  });

  test('refuses units that wait for one another, and names them', () => {
    const edges = [
      ['a', 'b'],
      ['b', 'a'],
    ] as const;
    const result = planSteps(manifestOf({ units: ['a', 'b', 'c'], edges }), []);
    expect(result).toMatchObject({
      kind: 'unplannable',
      message: expect.stringContaining('restore/a, restore/b'),
    });
  });

  test('refuses an order that speaks of units the point does not hold', () => {
    const result = planSteps(manifestOf({ units: ['a'], edges: [['a', 'ghost']] }), []);
    expect(result).toMatchObject({ kind: 'unplannable', message: expect.stringContaining('ghost') });
  });

  test('refuses more steps than the status of an execution can hold', () => {
    const units = Array.from({ length: 1023 }, (_, index) => `u${index}`);
    expect(planSteps(manifestOf({ units }), [])).toMatchObject({ kind: 'unplannable' });
    expect(planSteps(manifestOf({ units: units.slice(1) }), [])).toMatchObject({ kind: 'planned' });
  });
});
