import { expect, test } from 'vitest';
import { planFindings } from './plan-findings.ts';

const graphOf = (units: number) => ({
  name: 'recovery point p1',
  units: Array.from({ length: units }, (_, index) => ({
    id: `Deployment.apps/shop/w${index}`,
    objects: [`Deployment.apps/shop/w${index}`],
  })),
  edges: [],
});

test('what can be planned is no finding', () => {
  expect(planFindings(graphOf(100), ['shop.example.com'])).toEqual([]);
});

test('more units than an execution can hold are one, with what to do', () => {
  expect(planFindings(graphOf(3000), ['shop.example.com'])).toEqual([
    {
      object: 'spec.resources',
      reason: 'Unplannable',
      message: 'an execution would have 3003 steps, more than the 2048 that one can hold',
      remedy: 'split the scenario into several, by namespaces or labels',
    },
  ]);
});
