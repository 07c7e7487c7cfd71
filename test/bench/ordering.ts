/**
 * How long the dependency graph takes to find and order: workloads that share
 * ConfigMaps and Secrets, about four references an object, at three sizes so
 * that the growth can be seen. Needs no cluster.
 */
import type { KubeObject } from '../../src/api/object.ts';
import { buildGraph } from '../../src/domain/graph/order.ts';
import { anObject } from '../../src/testing/objects.ts';
import type { Figure } from './figures.ts';

/** Sizes, and the limit in milliseconds: 5,000 objects in half a second, the others in proportion. */
const SIZES = [
  { objects: 1_000, limit: 150 },
  { objects: 5_000, limit: 500 },
  { objects: 20_000, limit: 2_000 },
] as const;
const RUNS = 5;

export function orderingFigures(): readonly Figure[] {
  return SIZES.flatMap(({ objects: count, limit }) => {
    const objects = application(count);
    const runs = Array.from({ length: RUNS }, () => measure(objects)).toSorted((a, b) => a.millis - b.millis);
    const median = runs[Math.floor(RUNS / 2)];
    if (median === undefined) throw new Error('nothing was measured');
    const name = `${count} objects, ${median.edges} edges between units`;
    const time: Figure = { what: `order of ${name}`, value: median.millis, unit: 'ms', limit };
    const memory: Figure = {
      what: `  heap for ${count} objects`,
      value: median.mebibytes,
      unit: 'MiB',
      limit: 150,
    };
    return count === 5_000 ? [time, memory] : [time];
  });
}

function measure(objects: readonly KubeObject[]) {
  globalThis.gc?.();
  const heap = process.memoryUsage().heapUsed;
  const started = performance.now();
  const result = buildGraph(objects, [], true, []);
  const millis = performance.now() - started;
  const mebibytes = (process.memoryUsage().heapUsed - heap) / 1024 / 1024;
  if (result.kind !== 'graph') throw new Error(`the order could not be made: ${result.kind}`);
  return { millis, mebibytes, edges: result.graph.edges.length };
}

/** A fifth each of Deployments, Services, ServiceAccounts, ConfigMaps and Secrets; each Deployment uses twelve shared ones. */
function application(count: number): readonly KubeObject[] {
  const fifth = count / 5;
  return Array.from({ length: fifth }, (_, index) => [
    anObject('Deployment', `shop/app-${index}`, { spec: { template: podTemplate(index, fifth) } }),
    anObject('Service', `shop/app-${index}`, { spec: { selector: { app: `app-${index}` } } }),
    anObject('ServiceAccount', `shop/app-${index}`),
    anObject('ConfigMap', `shop/config-${index}`),
    anObject('Secret', `shop/secret-${index}`),
  ]).flat();
}

function podTemplate(index: number, fifth: number) {
  const shared = (step: number) => (index * 7 + step * 13) % fifth;
  const envFrom = Array.from({ length: 6 }, (_, step) => [
    { configMapRef: { name: `config-${shared(step)}` } },
    { secretRef: { name: `secret-${shared(step + 6)}` } },
  ]).flat();
  const containers = [{ name: 'app', image: 'registry.example.com/app:1', envFrom }];
  return {
    metadata: { labels: { app: `app-${index}` } },
    spec: { serviceAccountName: `app-${index}`, containers },
  };
}
