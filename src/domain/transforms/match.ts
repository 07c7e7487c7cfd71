/**
 * Which objects each transform is about. Asked of the objects as they are in the
 * source, all at once: so the answer does not depend on other transforms nor on
 * the order of objects, and what all of it may cost can be limited.
 */
import { type KubeObject, objectKey } from '../../api/object.ts';
import { type Budget, DEFAULT_BUDGET, Meter, OverBudgetError } from '../graph/user-rules/meter.ts';
import { Trials } from '../graph/user-rules/trials.ts';
import { visibleTo } from '../graph/user-rules/visible.ts';
import type { CompiledTransform } from './compile.ts';

export interface Matches {
  /** By name of the transform, the keys of its objects; those without `match` are not listed: they are about all. */
  readonly keys: ReadonlyMap<string, ReadonlySet<string>>;
  /** By name of the transform, why its `match` could not be asked of all objects. */
  readonly refused: ReadonlyMap<string, string>;
  /** A `match` that has a result for no object, e.g. because it misspells a field. */
  readonly warnings: readonly string[];
}

export function matchesOf(
  transforms: readonly CompiledTransform[],
  objects: readonly KubeObject[],
  budget: Budget = DEFAULT_BUDGET,
): Matches {
  const keys = new Map<string, ReadonlySet<string>>();
  const refused = new Map<string, string>();
  const warnings: string[] = [];
  const meter = new Meter(budget);
  const seen = objects.map((object) => ({ key: objectKey(object), object: visibleTo(object) }));
  for (const { name, match } of transforms) {
    if (match === undefined) continue;
    meter.startRule();
    const trials = new Trials(match, meter);
    try {
      const found = seen.filter(({ key, object }) => trials.isTrue(key, { name: 'object', value: object }));
      keys.set(name, new Set(found.map(({ key }) => key)));
    } catch (error) {
      if (!(error instanceof OverBudgetError)) throw error;
      refused.set(name, `its match takes ${error.message} on these objects: make it simpler`);
    }
    if (trials.alwaysFailed !== undefined)
      warnings.push(
        `transform ${name}: its match has a result for no object: ${trials.alwaysFailed.message}`,
      );
  }
  return { keys, refused, warnings };
}
