/**
 * How long the dependency graph takes to find and order: workloads that share
 * ConfigMaps and Secrets, about four references an object, at three sizes so
 * that the growth can be seen. The closure begins with the Services alone and
 * finds the rest, as a capture does, but from memory. Needs no cluster.
 */
import { getHeapStatistics } from 'node:v8';
import { type KubeObject, objectKey, refKey } from '../../src/api/object.ts';
import { buildGraph } from '../../src/domain/graph/order.ts';
import { servingOf } from '../../src/domain/graph/serving.ts';
import { nextReferences } from '../../src/domain/graph/support.ts';
import { anObject } from '../../src/testing/objects.ts';
import type { Figure } from './figures.ts';

/** Sizes, and the limit in milliseconds: closure and order of 5,000 objects in half a second, the others in proportion. */
const SIZES = [
  { objects: 1_000, limit: 150 },
  { objects: 5_000, limit: 500 },
  { objects: 20_000, limit: 2_000 },
] as const;
const RUNS = 5;

export function orderingFigures(): readonly Figure[] {
  // Compiling the code is not what is measured.
  medianRun(SIZES[0].objects);
  return SIZES.flatMap(({ objects: count, limit }) => {
    const { closure, order, mebibytes } = medianRun(count);
    const name = `${count} objects, ${order.edges} edges between units`;
    const both = closure.millis + order.millis;
    const times: readonly Figure[] = [
      { what: `order of ${name}`, value: order.millis, unit: 'ms', limit },
      { what: `  with their closure, ${closure.rounds} rounds`, value: both, unit: 'ms', limit },
    ];
    const memory: Figure = {
      what: `  heap that closure and order of ${count} objects take, at its highest`,
      value: mebibytes,
      unit: 'MiB',
      limit: 150,
    };
    return count === 5_000 ? [...times, memory] : times;
  });
}

/** As a capture does: what the closure has found out of an object, the order need not find out again. */
function medianRun(count: number) {
  const runs = Array.from({ length: RUNS }, () => {
    // Made anew, or one run would profit from the one before.
    const objects = application(count);
    const heap = heapFrom();
    const closure = measureClosure(objects, heap.look);
    const order = measureOrder(objects);
    heap.look();
    return { closure, order, mebibytes: heap.highest() };
  });
  const total = ({ closure, order }: (typeof runs)[number]) => closure.millis + order.millis;
  const median = runs.toSorted((a, b) => total(a) - total(b))[Math.floor(RUNS / 2)];
  if (median === undefined) throw new Error('nothing was measured');
  return median;
}

/**
 * What is in use beyond what is now, garbage included, whenever one looks: all
 * that is remembered of the objects is counted, since nothing is of new ones.
 */
function heapFrom() {
  globalThis.gc?.();
  const used = () => getHeapStatistics().used_heap_size;
  const before = used();
  let highest = before;
  return {
    look: () => {
      highest = Math.max(highest, used());
    },
    highest: () => (highest - before) / 1024 / 1024,
  };
}

/** Reading from the source is left out: that is the cluster's time. */
function measureClosure(objects: readonly KubeObject[], look: () => void) {
  const source = new Map(objects.map((object) => [objectKey(object), object]));
  const known = new Map([...source].filter(([, { kind }]) => kind === 'Service'));
  const asked = new Set<string>();
  const options = { infer: true, lookup: () => undefined, excluded: () => false };
  const started = performance.now();
  for (let rounds = 1; ; rounds += 1) {
    const present = [...known.values()];
    const wanted = nextReferences(present, asked, options).map(({ to }) => refKey(to));
    look();
    const served = servingOf(present, objects, options.excluded, options.lookup);
    const serving = served.map(({ object }) => objectKey(object));
    look();
    if (wanted.length + serving.length === 0) {
      if (known.size < objects.length) throw new Error('the closure has not found everything');
      return { millis: performance.now() - started, rounds };
    }
    for (const key of [...wanted, ...serving]) {
      asked.add(key);
      const object = source.get(key);
      if (object !== undefined) known.set(key, object);
    }
  }
}

function measureOrder(objects: readonly KubeObject[]) {
  const started = performance.now();
  const result = buildGraph(objects, [], true, []);
  const millis = performance.now() - started;
  if (result.kind !== 'graph') throw new Error(`the order could not be made: ${result.kind}`);
  return { millis, edges: result.graph.edges.length };
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
