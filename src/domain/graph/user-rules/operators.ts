/** The operators of two operands that rules may use. They pay for their work on the meter before they do it. */
import { isFields } from '../../../api/fields.ts';
import type { Operator } from './expression.ts';
import type { Meter } from './meter.ts';
import { compare, describeType, Failure, isEqual, isList, stepsFor } from './values.ts';

const ordering =
  (holds: (order: number) => boolean) =>
  (a: unknown, b: unknown, meter: Meter): unknown => {
    const order = compare(a, b, meter);
    return order instanceof Failure ? order : holds(order);
  };

/** Their operands are values, never failures. */
export const OPERATORS: Readonly<Record<Operator, (a: unknown, b: unknown, meter: Meter) => unknown>> = {
  '==': (a, b, meter) => isEqual(a, b, meter),
  '!=': (a, b, meter) => !isEqual(a, b, meter),
  in: isIn,
  '+': add,
  '-': arithmetic(
    (a, b) => a - b,
    (a, b) => a - b,
  ),
  '*': arithmetic(
    (a, b) => a * b,
    (a, b) => a * b,
  ),
  '/': arithmetic(
    (a, b) => (b === 0n ? undefined : a / b),
    (a, b) => a / b,
  ),
  '%': arithmetic(
    (a, b) => (b === 0n ? undefined : a % b),
    () => undefined,
  ),
  '<': ordering((order) => order < 0),
  '<=': ordering((order) => order <= 0),
  '>': ordering((order) => order > 0),
  '>=': ordering((order) => order >= 0),
};

function isIn(wanted: unknown, container: unknown, meter: Meter): unknown {
  if (isList(container)) return container.some((item) => isEqual(wanted, item, meter));
  if (isFields(container)) return typeof wanted === 'string' && Object.hasOwn(container, wanted);
  return new Failure(`nothing is in ${describeType(container)}`);
}

const addNumbers = arithmetic(
  (a, b) => a + b,
  (a, b) => a + b,
);

function add(a: unknown, b: unknown, meter: Meter): unknown {
  if (typeof a === 'string' && typeof b === 'string') {
    meter.spend(stepsFor(a.length + b.length));
    return a + b;
  }
  if (isList(a) && isList(b)) {
    meter.spend(a.length + b.length);
    return [...a, ...b];
  }
  return addNumbers(a, b);
}

/** Whole numbers of 64 bits with whole numbers, fractions with fractions, as CEL has it. */
function arithmetic(
  whole: (a: bigint, b: bigint) => bigint | undefined,
  fraction: (a: number, b: number) => number | undefined,
): (a: unknown, b: unknown) => unknown {
  return (a, b) => {
    const both = new Failure(`${describeType(a)} and ${describeType(b)} cannot be reckoned together`);
    if (typeof a === 'number' && typeof b === 'number') return fraction(a, b) ?? both;
    if (typeof a !== 'bigint' || typeof b !== 'bigint') return both;
    const result = whole(a, b);
    const fits = result !== undefined && BigInt.asIntN(64, result) === result;
    return fits ? result : new Failure('a number is divided by zero or grows too large');
  };
}
