/** The CustomResourceDefinitions of a point: which kinds they define. */
import { textAt } from '../../../api/fields.ts';
import { kindName } from '../../../domain/graph/kinds.ts';
import type { OpenPoint } from '../../engine.ts';

const DEFINITION = 'CustomResourceDefinition.apiextensions.k8s.io/';

/** Of the definitions among `keys`, their keys, by the kind they define (`Widget.example.com`). */
export function definitionsIn(keys: readonly string[], point: OpenPoint): ReadonlyMap<string, string> {
  const defined = new Map<string, string>();
  for (const key of keys) {
    if (!key.startsWith(DEFINITION)) continue;
    const definition = point.object(key);
    const kind = textAt(definition, 'spec', 'names', 'kind');
    // Its name is the plural of the kind, a dot, and the group.
    const group = key.slice(key.indexOf('.', DEFINITION.length) + 1);
    if (kind !== undefined) defined.set(kindName(group, kind), key);
  }
  return defined;
}
