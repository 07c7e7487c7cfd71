/**
 * Amounts of resources as Kubernetes writes them, and sums of them. CPU is
 * counted in thousandths, everything else in its own unit, both rounded up as
 * the scheduler does.
 */
import { type Fields, fieldsAt } from '../../api/fields.ts';

/** By resource name: `cpu` in thousandths, `memory` in bytes, `pods`, `nvidia.com/gpu`… */
export type Amounts = ReadonlyMap<string, number>;

const SUFFIXES: ReadonlyMap<string, number> = new Map([
  ['n', 1e-9],
  ['u', 1e-6],
  ['m', 1e-3],
  ['', 1],
  ['k', 1e3],
  ['M', 1e6],
  ['G', 1e9],
  ['T', 1e12],
  ['P', 1e15],
  ['E', 1e18],
  ['Ki', 2 ** 10],
  ['Mi', 2 ** 20],
  ['Gi', 2 ** 30],
  ['Ti', 2 ** 40],
  ['Pi', 2 ** 50],
  ['Ei', 2 ** 60],
]);
const QUANTITY = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)([A-Za-z]*)$/;

/** @returns undefined for what is no quantity (k8s.io/apimachinery, api/resource). */
export function parseQuantity(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  const match = typeof value === 'string' ? QUANTITY.exec(value) : null;
  const factor = SUFFIXES.get(match?.[2] ?? '');
  return match === null || factor === undefined ? undefined : Number(match[1]) * factor;
}

/** In the unit that {@link Amounts} counts this resource in. @param resource also as quotas name it, `requests.cpu` */
export function amount(resource: string, value: unknown): number {
  const quantity = parseQuantity(value) ?? 0;
  // A trifle less, so that 0.1 + 0.2 in binary is not rounded up to one more.
  return Math.ceil((isCpu(resource) ? quantity * 1000 : quantity) - 1e-6);
}

const isCpu = (resource: string): boolean => resource === 'cpu' || resource.endsWith('.cpu');

/** The amounts of a map of quantities, such as `resources.requests` or `status.allocatable`. */
export function amountsAt(value: unknown, ...path: readonly string[]): Amounts {
  const found: Fields = fieldsAt(value, ...path) ?? {};
  return new Map(Object.entries(found).map(([resource, text]) => [resource, amount(resource, text)]));
}

export function plus(...all: readonly Amounts[]): Amounts {
  return merge(all, (a, b) => a + b);
}

/** Of each resource the most that any of them has. */
export function most(...all: readonly Amounts[]): Amounts {
  return merge(all, Math.max);
}

/** Of each resource what `amounts` has more of than `others`; never less than nothing. */
export function beyond(amounts: Amounts, others: Amounts): Amounts {
  return new Map(
    [...amounts].map(([resource, value]) => [resource, Math.max(0, value - (others.get(resource) ?? 0))]),
  );
}

function merge(all: readonly Amounts[], join: (a: number, b: number) => number): Amounts {
  const result = new Map<string, number>();
  for (const amounts of all)
    for (const [resource, value] of amounts) result.set(resource, join(result.get(resource) ?? 0, value));
  return result;
}

export function times(amounts: Amounts, count: number): Amounts {
  return new Map([...amounts].map(([resource, value]) => [resource, value * count]));
}

const BINARY: readonly (readonly [string, number])[] = [
  ['Ti', 2 ** 40],
  ['Gi', 2 ** 30],
  ['Mi', 2 ** 20],
  ['Ki', 2 ** 10],
];

/** `1500m` of cpu, `1.5Gi` of memory, `3` of anything else: for people, rounded to two digits. */
export function formatAmount(resource: string, value: number): string {
  if (isCpu(resource)) return value % 1000 === 0 ? `${value / 1000}` : `${value}m`;
  const isBytes =
    resource.includes('memory') || resource.includes('storage') || resource.includes('hugepages');
  const [unit, size] = BINARY.find((candidate) => isBytes && value >= candidate[1]) ?? ['', 1];
  return `${Math.round((value / size) * 100) / 100}${unit}`;
}

/** `1500m cpu, 2Gi memory`; `nothing` when all are zero. */
export function formatAmounts(amounts: Amounts): string {
  const parts = [...amounts].filter(([, value]) => value > 0);
  if (parts.length === 0) return 'nothing';
  return parts.map(([resource, value]) => `${formatAmount(resource, value)} ${resource}`).join(', ');
}
