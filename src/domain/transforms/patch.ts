/**
 * JSON patch (RFC 6902) on plain values: the operations that transforms offer.
 * `move` and `copy` are left out on purpose, since they would carry the content
 * of a Secret to where it can be read. Nothing is changed in place, and a patch
 * is applied whole or not at all.
 */
import { isFields } from '../../api/fields.ts';

/** A JSON pointer (RFC 6901) taken apart: `/a~1b/0` is `['a/b', '0']`. */
export type Pointer = readonly string[];

export type Operation =
  | { readonly op: 'add' | 'replace'; readonly path: Pointer; readonly value: unknown }
  | { readonly op: 'test'; readonly path: Pointer; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: Pointer };

export type Patched =
  | { readonly kind: 'patched'; readonly value: unknown }
  /** `reason` continues "the operation …". */
  | { readonly kind: 'failed'; readonly reason: string };

/** @returns undefined when the text is no pointer, or points at the whole document */
export function parsePointer(text: string): Pointer | undefined {
  if (!text.startsWith('/') || /~(?![01])/.test(text)) return undefined;
  return text
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The value there; undefined when there is none. */
export function valueAt(document: unknown, path: Pointer): unknown {
  let current = document;
  for (const token of path) {
    const found = step(current, token);
    if (found === undefined) return undefined;
    current = found;
  }
  return current;
}

function step(container: unknown, token: string): unknown {
  if (Array.isArray(container)) {
    const index = indexOf(token, container.length - 1);
    const item: unknown = index === undefined ? undefined : container[index];
    return item;
  }
  return isFields(container) && Object.hasOwn(container, token) ? container[token] : undefined;
}

/** @returns undefined when it is no index, or a larger one than `most`; leading zeros are none (RFC 6901, 4) */
function indexOf(token: string, most: number): number | undefined {
  const index = /^(0|[1-9][0-9]*)$/.test(token) ? Number(token) : undefined;
  return index !== undefined && index <= most ? index : undefined;
}

/** Applies one operation. */
export function applyOperation(document: unknown, operation: Operation): Patched {
  if (operation.op === 'test') {
    const found = valueAt(document, operation.path);
    if (found !== undefined && isSame(found, operation.value)) return { kind: 'patched', value: document };
    return { kind: 'failed', reason: found === undefined ? NOTHING_THERE : 'finds another value' };
  }
  return edit(document, operation.path, operation);
}

const NOTHING_THERE = 'finds no value at its path';

function edit(container: unknown, path: Pointer, operation: Exclude<Operation, { op: 'test' }>): Patched {
  const [token, ...rest] = path;
  if (token === undefined) return { kind: 'failed', reason: 'points at the whole object' };
  if (rest.length > 0) {
    const inner = step(container, token);
    if (inner === undefined) return { kind: 'failed', reason: NOTHING_THERE };
    const edited = edit(inner, rest, operation);
    return edited.kind === 'failed' ? edited : put(container, token, edited.value, 'replace');
  }
  if (operation.op !== 'add' && step(container, token) === undefined)
    return { kind: 'failed', reason: NOTHING_THERE };
  return operation.op === 'remove'
    ? take(container, token)
    : put(container, token, operation.value, operation.op);
}

function put(container: unknown, token: string, value: unknown, how: 'add' | 'replace'): Patched {
  if (Array.isArray(container)) {
    const index = token === '-' ? container.length : indexOf(token, container.length);
    if (index === undefined) return { kind: 'failed', reason: `finds no place ${token} in the list` };
    return { kind: 'patched', value: container.toSpliced(index, how === 'add' ? 0 : 1, value) };
  }
  if (!isFields(container)) return { kind: 'failed', reason: NOTHING_THERE };
  return { kind: 'patched', value: { ...container, [token]: value } };
}

/** The value is there. */
function take(container: unknown, token: string): Patched {
  if (Array.isArray(container)) return { kind: 'patched', value: container.toSpliced(Number(token), 1) };
  const kept = Object.entries(isFields(container) ? container : {}).filter(([name]) => name !== token);
  return { kind: 'patched', value: Object.fromEntries(kept) };
}

/** Equality of JSON values (RFC 6902, 4.6): the order of fields means nothing, that of lists does. */
export function isSame(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, index) => isSame(item, b[index]));
  if (!isFields(a) || !isFields(b)) return a === b;
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && isSame(a[name], b[name]))
  );
}
