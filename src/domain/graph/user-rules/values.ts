/**
 * What expressions compute with: plain JSON, with whole numbers as `bigint`
 * as CEL has them. Comparing values is here too, since operators and functions
 * both do it. All work is paid for on the meter before it is done.
 */
import { isFields } from '../../../api/fields.ts';
import type { Meter } from './meter.ts';

/**
 * The result of an expression that has none, e.g. of reading a field that is
 * not there. A value, not an exception: it is common, and `||` goes on after it.
 */
export class Failure {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

/** As much of a name as a message shows: an expression may make one of any length. */
const SHOWN = 80;

/** What is read from an object, as a value of an expression; a {@link Failure} when there is nothing. */
export function valueOf(read: unknown, name: string): unknown {
  if (typeof read === 'number' && Number.isSafeInteger(read)) return BigInt(read);
  return read === undefined ? new Failure(`there is no ${name.slice(0, SHOWN)}`) : read;
}

/** Of an own property only: `constructor` and the like are no fields. */
export function fieldOf(value: unknown, name: string): unknown {
  if (!isFields(value)) return new Failure(`there is no ${name.slice(0, SHOWN)} in ${describeType(value)}`);
  return valueOf(Object.hasOwn(value, name) ? value[name] : undefined, name);
}

export function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

export const isNumber = (value: unknown): value is number | bigint =>
  typeof value === 'number' || typeof value === 'bigint';

/** The type of a value, for messages. Never the value: it may be nobody's business. */
export function describeType(value: unknown): string {
  if (value === null) return 'null';
  if (isList(value)) return 'a list';
  if (typeof value === 'string') return 'a text';
  if (typeof value === 'boolean') return 'a bool';
  return isNumber(value) ? 'a number' : 'a map';
}

/** Characters that are compared, copied or searched in one step. */
const CHARACTERS_PER_STEP = 64;

export const stepsFor = (characters: number): number => Math.ceil(characters / CHARACTERS_PER_STEP);

/**
 * Deep equality; numbers by value, whatever their type. Different types are different.
 * @param depth how deep `a` and `b` lie in what is compared. Costs extra, so that
 *   the budget ends before the stack does: an API server takes 10,000 levels.
 */
export function isEqual(a: unknown, b: unknown, meter: Meter, depth = 0): boolean {
  meter.spend(1 + depth);
  if (typeof a === 'string' && typeof b === 'string') {
    if (a.length !== b.length) return false;
    meter.spend(stepsFor(a.length));
    return a === b;
  }
  // 1 and 1.0 are equal in CEL, but 1n === 1 is not.
  if (isNumber(a) && isNumber(b)) return a >= b && a <= b;
  if (isList(a) && isList(b)) {
    return a.length === b.length && a.every((item, index) => isEqual(item, b[index], meter, depth + 1));
  }
  if (isFields(a) && isFields(b)) {
    const keys = Object.keys(a);
    meter.spend(keys.length);
    if (keys.length !== Object.keys(b).length) return false;
    return keys.every((key) => Object.hasOwn(b, key) && isEqual(a[key], b[key], meter, depth + 1));
  }
  return a === b;
}

/** Negative, zero or positive as `a` is smaller than, equal to or larger than `b`; a Failure when they have no order. */
export function compare(a: unknown, b: unknown, meter: Meter): number | Failure {
  if (typeof a === 'string' && typeof b === 'string') {
    meter.spend(2 * stepsFor(Math.min(a.length, b.length)));
    return Number(a > b) - Number(a < b);
  }
  if (isNumber(a) && isNumber(b)) return Number(a > b) - Number(a < b);
  return new Failure(`${describeType(a)} cannot be compared with ${describeType(b)}`);
}

/** The items that macros go over: of a list, or the keys of a map. Paid for here, all at once. */
export function itemsOf(value: unknown, meter: Meter): readonly unknown[] | Failure {
  if (isList(value)) {
    meter.spend(value.length);
    return value;
  }
  if (!isFields(value)) return new Failure(`${describeType(value)} has no items`);
  const keys = Object.keys(value);
  meter.spend(keys.length);
  return keys;
}
