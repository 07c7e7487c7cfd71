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
      object: 'a',
      message: 'units wait for one another: a, b: choose another recovery point',
    });
  });

  test('refuses an order that speaks of units the point does not hold', () => {
    const result = planSteps(manifestOf({ units: ['a'], edges: [['a', 'ghost']] }), []);
    expect(result).toMatchObject({ kind: 'unplannable', message: expect.stringContaining('ghost') });
  });

  test('refuses more steps than the status of an execution can hold', () => {
    const units = Array.from({ length: 2047 }, (_, index) => `u${index}`);
    expect(planSteps(manifestOf({ units }), [])).toMatchObject({
      kind: 'unplannable',
      object: 'spec.resources',
      message: expect.stringContaining(
        '2049 steps, more than the 2048 that one can hold: split the scenario',
      ),
    });
    expect(planSteps(manifestOf({ units: units.slice(1) }), [])).toMatchObject({ kind: 'planned' });
  });

  test('takes 1,250 workloads of a namespace, and refuses as many that all wait for each other', () => {
    const units = Array.from({ length: 1250 }, (_, index) => `Deployment.apps/mixed/app-${index}`);
    const inNamespace = units.map((unit) => [unit, 'Namespace/mixed'] as const);
    const chained = units.flatMap((unit, at) =>
      units.slice(at + 1, at + 31).map((to) => [unit, to] as const),
    );
    const planOf = (edges: readonly (readonly [string, string])[]) =>
      planSteps(manifestOf({ units: ['Namespace/mixed', ...units], edges }), ['shop.test']);

    expect(planOf(inNamespace).kind).toBe('planned');
    expect(planOf([...inNamespace, ...chained])).toMatchObject({
      kind: 'unplannable',
      cause: expect.stringContaining('1.5 MiB'),
    });
  });
});
