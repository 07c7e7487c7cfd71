/** All objects of a recovery point as they are to be in the recovery region. The order they come in means nothing. */
import { type KubeObject, objectKey, parseRefKey } from '../../api/object.ts';
import type { CompiledTransform, CompiledTransforms } from './compile.ts';
import { matchesOf } from './match.ts';
import { mentionFinder } from './mentions.ts';
import { renamedKey } from './namespaces.ts';
import { type Transformed, transformObject } from './transform-object.ts';

export interface TransformedObjects {
  /** By key in the source. */
  readonly outcomes: ReadonlyMap<string, Transformed>;
  readonly warnings: readonly string[];
}

export function transformObjects(
  objects: readonly KubeObject[],
  compiled: CompiledTransforms,
): TransformedObjects {
  const { keys, refused, warnings } = matchesOf(compiled.transforms, objects);
  const mentions = mentionFinder(compiled.namespaces.to);
  const outcomes = new Map<string, Transformed>();
  for (const object of objects) {
    const key = objectKey(object);
    const applies = ({ name, match }: CompiledTransform) => {
      const why = refused.get(name);
      if (why !== undefined) return { refused: why };
      return match === undefined || keys.get(name)?.has(key) === true;
    };
    outcomes.set(key, transformObject(object, compiled, { applies, mentions }));
  }
  for (const [key, failed] of collisions(outcomes, compiled)) outcomes.set(key, failed);
  return { outcomes, warnings };
}

/** Objects that would have the same name in the recovery region, when one of them is renamed to that. */
function collisions(
  outcomes: ReadonlyMap<string, Transformed>,
  { namespaces }: CompiledTransforms,
): ReadonlyMap<string, Extract<Transformed, { kind: 'failed' }>> {
  const places = new Map<string, string[]>();
  for (const key of outcomes.keys()) {
    const place = renamedKey(key, namespaces.to);
    places.set(place, [...(places.get(place) ?? []), key]);
  }
  return new Map(
    [...places].flatMap(([place, keys]) =>
      keys.length < 2
        ? []
        : keys.map((key) => {
            const others = keys
              .filter((other) => other !== key)
              .toSorted()
              .join(', ');
            const reason = `${others} would be ${place} too: map the namespaces to names of their own`;
            const transform = keys.flatMap((one) => namespaces.by.get(namespaceOf(one)) ?? []).at(0) ?? '';
            return [key, { kind: 'failed', transform, reason } as const] as const;
          }),
    ),
  );
}

function namespaceOf(key: string): string {
  const ref = parseRefKey(key);
  return ref?.namespace ?? ref?.name ?? '';
}
