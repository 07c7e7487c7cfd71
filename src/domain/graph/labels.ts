/**
 * Matching labels by a selector, and finding what a selector matches without
 * asking every object: a namespace may hold thousands of each.
 */
import { arrayAt, at, fieldsAt, textAt } from '../../api/fields.ts';

export type Labels = Readonly<Record<string, string>>;

/** A LabelSelector as the API writes it; several versions of it differ only in what is optional. */
export interface LabelSelector {
  readonly matchLabels?: Labels | undefined;
  readonly matchExpressions?:
    | readonly {
        readonly key: string;
        readonly operator: string;
        readonly values?: readonly string[] | undefined;
      }[]
    | undefined;
}

/** Semantics of `metav1.LabelSelectorAsSelector`: an empty selector matches everything. */
export function matches(selector: LabelSelector, labels: Labels): boolean {
  const wanted = Object.entries(selector.matchLabels ?? {});
  if (wanted.some(([key, value]) => labels[key] !== value)) return false;
  return (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
    const value = labels[key];
    if (operator === 'In') return value !== undefined && values.includes(value);
    if (operator === 'NotIn') return value === undefined || !values.includes(value);
    if (operator === 'Exists') return value !== undefined;
    // Anything else but DoesNotExist is no operator; matching nothing is the safe reading.
    return operator === 'DoesNotExist' && value === undefined;
  });
}

/** The string entries of the labels at a path; others are no labels. */
export function labelsAt(value: unknown, ...path: readonly string[]): Labels {
  const entries = Object.entries(fieldsAt(value, ...path) ?? {});
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

/** @returns undefined when there is no selector at the path. */
export function selectorAt(value: unknown, ...path: readonly string[]): LabelSelector | undefined {
  const found = fieldsAt(value, ...path);
  if (found === undefined) return undefined;
  const matchExpressions = arrayAt(found, 'matchExpressions').map((expression) => ({
    key: textAt(expression, 'key') ?? '',
    operator: textAt(expression, 'operator') ?? '',
    values: arrayAt(expression, 'values').filter((item) => typeof item === 'string'),
  }));
  const hasLabels = at(found, 'matchLabels') !== undefined;
  return hasLabels ? { matchLabels: labelsAt(found, 'matchLabels'), matchExpressions } : { matchExpressions };
}

interface Labelled {
  readonly key: string;
  readonly labels: Labels;
}

/** Things with labels, found by the rarest label that a selector asks for. */
export class LabelIndex {
  readonly #all: Labelled[] = [];
  readonly #byPair = new Map<string, Labelled[]>();

  add(key: string, labels: Labels): void {
    const item = { key, labels };
    this.#all.push(item);
    for (const [name, value] of Object.entries(labels)) {
      const pair = `${name}=${value}`;
      const items = this.#byPair.get(pair);
      if (items === undefined) this.#byPair.set(pair, [item]);
      else items.push(item);
    }
  }

  /** Keys of what `selector` matches, in order of addition. */
  find(selector: LabelSelector): readonly string[] {
    let candidates: readonly Labelled[] = this.#all;
    for (const [name, value] of Object.entries(selector.matchLabels ?? {})) {
      const having = this.#byPair.get(`${name}=${value}`) ?? [];
      if (having.length < candidates.length) candidates = having;
    }
    return candidates.filter(({ labels }) => matches(selector, labels)).map(({ key }) => key);
  }
}
