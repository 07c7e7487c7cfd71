import { describe, expect, it } from 'vitest';
import { aWorkload } from '../../testing/objects.ts';
import { buildGraph } from './order.ts';
import { references } from './references.ts';
import { budget, config, graph, mounting, secret, service } from './testing/shop-objects.ts';

/** Workloads of five objects each, about four edges an object, among them shared Secrets and a chain of explicit edges. */
function aShop(workloads: number) {
  const objects = Array.from({ length: workloads }, (_, index) => [
    aWorkload('Deployment', `shop/w${index}`, {
      containers: [
        {
          envFrom: Array.from({ length: 17 }, (__, step) => ({
            secretRef: { name: `s${(index * 7 + step) % workloads}` },
          })),
          env: [{ name: 'NEXT_URL', value: `http://w${Math.max(0, index - 1)}:80/` }],
        },
      ],
      ...mounting(`c${index}`),
    }),
    service(`w${index}`),
    secret(`s${index}`),
    config(`c${index}`),
    budget(`w${index}`),
  ]).flat();
  const explicit = Array.from({ length: workloads - 1 }, (_, index) => ({
    before: `Deployment/shop/w${index}`,
    after: `Deployment/shop/w${index + 1}`,
  }));
  return { objects, explicit };
}

/** Processor time, because the machine may be busy with other tests. */
function cost({ objects, explicit }: ReturnType<typeof aShop>): number {
  const start = process.cpuUsage();
  expect(buildGraph(objects, explicit, true, []).kind).toBe('graph');
  return process.cpuUsage(start).user;
}

describe('size', () => {
  it('ten times the objects (5,000, with 20,000 edges) take nowhere near a hundred times as long', () => {
    const small = aShop(100);
    const large = aShop(1000);
    expect(references(large.objects, { infer: true }).edges.length).toBeGreaterThan(18_000);
    cost(large);

    const costs = [1, 2].map(() => ({ small: cost(small), large: cost(large) }));

    const least = (size: 'small' | 'large') => Math.min(...costs.map((run) => run[size]));
    expect(least('large')).toBeLessThan(40 * least('small'));
  });

  it('units that would all wait for each other are taken apart in a few passes', () => {
    // Each workload's ConfigMap waits for the Service of the next one: one circle of units, none of objects.
    const many = 1000;
    const objects = Array.from({ length: many }, (_, index) => [
      aWorkload('Deployment', `shop/w${index}`, mounting(`c${index}`)),
      service(`w${index}`),
      config(`c${index}`),
    ]).flat();
    const explicit = Array.from({ length: many }, (_, index) => ({
      before: `Service/shop/w${(index + 1) % many}`,
      after: `ConfigMap/shop/c${index}`,
    }));

    const { units } = graph(objects, explicit);

    expect(units.flatMap((unit) => unit.objects)).toHaveLength(3 * many);
    expect(units.length).toBeGreaterThan(many);
  });
});
