/** What differs between two specs of a scenario, field by field, defaults included. Pure. */
import { isFields } from '../api/fields.ts';

export type SpecChange =
  /** A value; undefined where the spec has none. */
  | {
      readonly kind: 'value';
      readonly field: string;
      readonly before: string | undefined;
      readonly after: string | undefined;
    }
  /** A list, whose order means nothing in any field of a scenario. */
  | {
      readonly kind: 'list';
      readonly field: string;
      readonly added: readonly string[];
      readonly removed: readonly string[];
    };

/** @param before undefined when there is no scenario yet: then everything is new */
export function specDiff(before: unknown, after: unknown, field = ''): readonly SpecChange[] {
  if (isFields(before) || isFields(after)) {
    const [one, other] = [isFields(before) ? before : {}, isFields(after) ? after : {}];
    const names = [...new Set([...Object.keys(one), ...Object.keys(other)])];
    return names.flatMap((name) =>
      specDiff(one[name], other[name], field === '' ? name : `${field}.${name}`),
    );
  }
  if (Array.isArray(before) || Array.isArray(after)) return listDiff(textsOf(before), textsOf(after), field);
  return before === after ? [] : [{ kind: 'value', field, before: textOf(before), after: textOf(after) }];
}

function listDiff(before: readonly string[], after: readonly string[], field: string): readonly SpecChange[] {
  const added = after.filter((one) => !before.includes(one));
  const removed = before.filter((one) => !after.includes(one));
  return added.length + removed.length === 0 ? [] : [{ kind: 'list', field, added, removed }];
}

const textsOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.map((one) => textOf(one) ?? 'null') : [];

/** Keys are sorted: two equal things are equal texts. */
function textOf(value: unknown): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  return JSON.stringify(value, (_, inner: unknown) =>
    isFields(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
