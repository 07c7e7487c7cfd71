/**
 * Whether custom resources show the signs of readiness that are known of them
 * (known-signs.ts). A point records which of these an object showed in the source,
 * and the restored object is waited for until it shows the same: before its
 * controller has seen it, it shows nothing at all. What it did not show in the
 * source is not asked of it here, for that may never come.
 */
import { at, numberAt } from '../../../api/fields.ts';
import { groupOf, type KubeObject } from '../../../api/object.ts';
import { grouped } from '../grouped.ts';
import { isCustom, kindOf } from '../kinds.ts';
import { KIND_CONDITIONS, SIGN_CONDITIONS, SIGN_FIELDS, type SignField } from './known-signs.ts';
import { conditionOf, explain, holds, isStale, observed, UNSEEN } from './verdict.ts';

/** Kept up to date by every controller that writes it, whatever else it says. */
const OBSERVED = 'status.observedGeneration';

interface Sign {
  readonly name: string;
  /** Why it is not shown; undefined when it is. */
  readonly lack: (object: KubeObject) => string | undefined;
}

const observedSign: Sign = {
  name: OBSERVED,
  lack: (object) =>
    numberAt(object, 'status', 'observedGeneration') === undefined || observed(object) !== undefined
      ? UNSEEN
      : undefined,
};

const conditionSign = (name: string): Sign => ({
  name,
  lack: (object) => {
    const condition = conditionOf(object, name);
    if (condition === undefined) return missing(name);
    if (holds(condition, object)) return undefined;
    return isStale(condition, object) ? UNSEEN : explain(condition, `${name} is ${condition.status}`);
  },
});

function fieldSign({ path, values }: SignField): Sign {
  const name = ['status', ...path].join('.');
  const wanted = values.map((value) => `"${value}"`).join(' or ');
  const lack = (object: KubeObject): string | undefined => {
    const found = at(object, 'status', ...path);
    if (typeof found !== 'string') return missing(name);
    return values.includes(found) ? undefined : `${name} is "${found}", not ${wanted} yet`;
  };
  return { name, lack };
}

const missing = (name: string): string => `its controller does not say ${name} yet, as it did in the source`;

const ANY_KIND: readonly Sign[] = [observedSign, ...SIGN_CONDITIONS.map(conditionSign)];

const OF_KIND: ReadonlyMap<string, readonly (readonly [kind: string, sign: Sign])[]> = grouped(
  [
    ...KIND_CONDITIONS.flatMap(({ kinds, conditions }) => pairs(kinds, conditions.map(conditionSign))),
    ...SIGN_FIELDS.flatMap((field) => pairs(field.kinds, [fieldSign(field)])),
  ],
  ([kind]) => kind,
);

function pairs(kinds: readonly string[], signs: readonly Sign[]): (readonly [string, Sign])[] {
  return kinds.flatMap((kind) => signs.map((sign) => [kind, sign] as const));
}

const signsFor = (object: KubeObject): readonly Sign[] =>
  isCustom(groupOf(object.apiVersion))
    ? [...ANY_KIND, ...(OF_KIND.get(kindOf(object)) ?? []).map(([, sign]) => sign)]
    : [];

/** Names of the signs of readiness that an object shows, status included: what a point records. */
export function shownBy(object: KubeObject): readonly string[] {
  if (at(object, 'status') === undefined) return [];
  return signsFor(object).flatMap(({ name, lack }) => (lack(object) === undefined ? name : []));
}

/**
 * @param shown names of the signs that the object showed in the source; those that are not known mean nothing
 * @returns why it does not show them all yet; undefined when it does
 */
export function lackOf(object: KubeObject, shown: readonly string[]): string | undefined {
  if (shown.length === 0) return undefined;
  for (const { name, lack } of signsFor(object)) {
    const why = shown.includes(name) ? lack(object) : undefined;
    if (why !== undefined) return why;
  }
  return undefined;
}
