/**
 * In which fields a live object is not as it was wished. What the other cluster
 * has added (defaults, injected containers, status) is no difference: it was
 * never wished otherwise, and applying again would not take it away.
 */
import { isFields } from '../../api/fields.ts';
import { isSame } from '../transforms/patch.ts';

/** @returns paths for people, e.g. `spec.template.spec.containers[web].image`; empty when all is as wished */
export function differences(wished: unknown, live: unknown): readonly string[] {
  return within(wished, live, '');
}

function within(wished: unknown, live: unknown, path: string): readonly string[] {
  if (isEmpty(wished) && (live === undefined || isEmpty(live))) return [];
  if (isFields(wished)) {
    if (!isFields(live)) return [path];
    return Object.entries(wished).flatMap(([name, value]) =>
      value === undefined ? [] : within(value, live[name], path === '' ? name : `${path}.${name}`),
    );
  }
  if (Array.isArray(wished)) return Array.isArray(live) ? withinList(wished, live, path) : [path];
  return isSame(wished, live) ? [] : [path];
}

function withinList(wished: readonly unknown[], live: readonly unknown[], path: string): readonly string[] {
  if (wished.every((item) => nameOf(item) !== undefined)) {
    const byName = new Map(live.map((item) => [nameOf(item), item]));
    return wished.flatMap((item) => within(item, byName.get(nameOf(item)), `${path}[${nameOf(item)}]`));
  }
  if (wished.length !== live.length) return [path];
  return wished.flatMap((item, index) => within(item, live[index], `${path}[${index}]`));
}

/** Servers leave out what is empty. */
function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return isFields(value) && Object.keys(value).length === 0;
}

/** The key under which the API merges most lists. */
function nameOf(item: unknown): string | undefined {
  return isFields(item) && typeof item['name'] === 'string' ? item['name'] : undefined;
}
