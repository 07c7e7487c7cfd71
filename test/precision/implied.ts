/**
 * Edges that follow from an expectation by a rule instead of being listed:
 * every object needs its Namespace, and what needs a Service may as well wait
 * for the workloads that answer for it. Written apart from src/domain/graph,
 * which is what is being measured.
 */
import { at, fieldsAt, textAt } from '../../src/api/fields.ts';
import { type KubeObject, objectKey } from '../../src/api/object.ts';
import type { Fixture } from './fixture.ts';

/** `from` and `to` as one text, to compare edges by. */
export const edgeKey = ({ from, to }: { readonly from: string; readonly to: string }): string =>
  `${from} -> ${to}`;

/** Every namespaced object to its Namespace, when that is among the objects. */
export function namespaceEdges({ objects }: Fixture): ReadonlySet<string> {
  const namespaces = new Set(
    objects.filter(({ kind }) => kind === 'Namespace').map(({ metadata }) => metadata.name),
  );
  return new Set(
    objects.flatMap((object) => {
      const { namespace } = object.metadata;
      if (namespace === undefined || !namespaces.has(namespace)) return [];
      return [edgeKey({ from: objectKey(object), to: `Namespace/${namespace}` })];
    }),
  );
}

/** For every expected edge to a Service, the edges to the workloads whose pods it selects. */
export function answeringEdges({ objects, certain, likely, accepted }: Fixture): ReadonlySet<string> {
  const byKey = new Map(objects.map((object) => [objectKey(object), object]));
  return new Set(
    [...certain, ...likely, ...accepted].flatMap(({ from, to }) => {
      const service = byKey.get(to);
      if (service?.kind !== 'Service') return [];
      return objects
        .filter((workload) => isSelected(workload, service))
        .map((workload) => edgeKey({ from, to: objectKey(workload) }));
    }),
  );
}

const TEMPLATES: Readonly<Record<string, readonly string[]>> = {
  Pod: [],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template'],
};

function isSelected(workload: KubeObject, service: KubeObject): boolean {
  if (workload.metadata.namespace !== service.metadata.namespace) return false;
  const template = at(workload, ...(TEMPLATES[workload.kind] ?? ['spec', 'template']));
  const selector = Object.entries(fieldsAt(service, 'spec', 'selector') ?? {});
  return (
    selector.length > 0 &&
    selector.every(([label, value]) => textAt(template, 'metadata', 'labels', label) === value)
  );
}
