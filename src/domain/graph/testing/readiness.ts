/** Objects with a status, and a verdict in words, for tests of readiness. */
import type { KubeObject } from '../../../api/object.ts';
import { anObject } from '../../../testing/objects.ts';
import type { Readiness, ReadinessContext } from '../types.ts';

/** What it is about, the object, and the verdict in words. */
export type ReadinessRow = readonly [string, KubeObject, string];

/** Knows two storage classes and two Services, one of which answers; no rules, and nothing shown before. */
export const context: ReadinessContext = {
  bindingMode: (storageClass) =>
    ({ fast: 'Immediate' as const, lazy: 'WaitForFirstConsumer' as const })[storageClass],
  isAnswered: (_, service) => ({ up: true, down: false })[service],
  shown: () => [],
  rules: [],
};

/** One condition of a status. */
export const condition = (type: string, status: string, more: object = {}) => ({ type, status, ...more });

/** An object at generation 2 whose controller has seen that, unless the status says otherwise. */
export const live = (kind: string, spec: object, status: object, apiVersion?: string) =>
  anObject(kind, 'shop/x', {
    ...(apiVersion === undefined ? {} : { apiVersion }),
    metadata: { generation: 2 },
    spec,
    status: { observedGeneration: 2, ...status },
  });

/** An object without any generation. */
export const plain = (kind: string, spec: object, status: object) =>
  anObject(kind, 'shop/x', { spec, status });

/** Part of a status: three replicas, and nothing is left to do. */
export const all3 = { replicas: 3, updatedReplicas: 3, availableReplicas: 3, readyReplicas: 3 };

/** The verdict on what its controller has not seen. */
export const UNSEEN = 'progressing: its controller has not seen it yet';

/** A custom resource that is `live`. */
export const custom = (status: object) => live('Cluster', {}, status, 'db.example/v1');

/** A verdict as the tables have it. */
export const inWords = (readiness: Readiness): string =>
  readiness.kind === 'ready' ? 'ready' : `${readiness.kind}: ${readiness.message}`;
