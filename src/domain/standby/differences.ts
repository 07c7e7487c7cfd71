/**
 * In which fields a live object is not as it was wished. What the other cluster
 * has added (defaults, injected containers, status) is no difference: it was
 * never wished otherwise, and applying again would not take it away. Nor is what
 * its API server spells otherwise: it would do so with every writing.
 */
import { isFields, textAt } from '../../api/fields.ts';
import { groupOf } from '../../api/object.ts';
import { isCustom } from '../graph/kinds.ts';
import { parseQuantity } from '../protection/capacity-quantity.ts';
import { isSame } from '../transforms/patch.ts';

/** A field. */
interface Place {
  /** For people. */
  readonly path: string;
  readonly name: string;
  readonly parent: string;
  /** Whether it is of a kind that the API server has a type of its own for. */
  readonly isTyped: boolean;
}

/** @returns paths for people, e.g. `spec.template.spec.containers[web].image`; empty when all is as wished */
export function differences(wished: unknown, live: unknown): readonly string[] {
  const apiVersion = textAt(wished, 'apiVersion');
  const isTyped = apiVersion !== undefined && !isCustom(groupOf(apiVersion));
  return within(wished, live, { path: '', name: '', parent: '', isTyped });
}

function within(wished: unknown, live: unknown, place: Place): readonly string[] {
  const { path, name: parent } = place;
  if (isEmpty(wished) && (live === undefined || isEmpty(live))) return [];
  if (live === undefined && isLeftOut(wished, place)) return [];
  if (isFields(wished)) {
    if (!isFields(live)) return [path];
    return Object.entries(wished).flatMap(([name, value]) => {
      const inner = { ...place, path: path === '' ? name : `${path}.${name}`, name, parent };
      return value === undefined ? [] : within(value, live[name], inner);
    });
  }
  if (Array.isArray(wished)) return Array.isArray(live) ? withinList(wished, live, place) : [path];
  return isSame(wished, live) || isSameQuantity(wished, live, place) ? [] : [path];
}

function withinList(wished: readonly unknown[], live: readonly unknown[], place: Place): readonly string[] {
  const item = (id: string | number | undefined): Place => ({ ...place, path: `${place.path}[${id}]` });
  if (wished.every((each) => nameOf(each) !== undefined)) {
    const byName = new Map(live.map((each) => [nameOf(each), each]));
    return wished.flatMap((each) => within(each, byName.get(nameOf(each)), item(nameOf(each))));
  }
  if (wished.length !== live.length) return [place.path];
  return wished.flatMap((each, index) => within(each, live[index], item(index)));
}

/** Servers leave out what is empty. */
function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return isFields(value) && Object.keys(value).length === 0;
}

/** Maps of the user's own words: what is empty there is a word like any other. */
const WORDS: ReadonlySet<string> = new Set([
  'annotations',
  'data',
  'labels',
  'matchLabels',
  'nodeSelector',
  'parameters',
  'selector',
]);

/** Fields of which zero says something else than nothing, so that it is kept where it was written. */
const SAID: ReadonlySet<string> = new Set([
  'allowPrivilegeEscalation',
  'automountServiceAccountToken',
  'fsGroup',
  'hostUsers',
  'privileged',
  'readOnlyRootFilesystem',
  'runAsGroup',
  'runAsNonRoot',
  'runAsUser',
]);

/** The zero of a type is what its field has when it is left out; where another were its default, that would be there. */
function isLeftOut(value: unknown, { name, parent, isTyped }: Place): boolean {
  if (value === null) return true;
  const isZero = value === false || value === 0 || value === '';
  return isTyped && isZero && !WORDS.has(parent) && !SAID.has(name);
}

/** Maps of resource names to quantities. */
const AMOUNTS: ReadonlySet<string> = new Set(['capacity', 'hard', 'limits', 'podFixed', 'requests']);
/** Fields that are quantities wherever they are. */
const QUANTITIES: ReadonlySet<string> = new Set([
  'cpu',
  'divisor',
  'ephemeral-storage',
  'memory',
  'sizeLimit',
  'storage',
]);

/** `1024Mi` is `1Gi` once it was written. */
function isSameQuantity(wished: unknown, live: unknown, { name, parent }: Place): boolean {
  if (!AMOUNTS.has(parent) && !QUANTITIES.has(name)) return false;
  const [a, b] = [parseQuantity(wished), parseQuantity(live)];
  // Equal but for the rounding of two multiplications: `0.7` and `700m`.
  return a !== undefined && b !== undefined && Math.abs(a - b) <= Math.abs(a) * 4 * Number.EPSILON;
}

/** The key under which the API merges most lists. */
function nameOf(item: unknown): string | undefined {
  return isFields(item) && typeof item['name'] === 'string' ? item['name'] : undefined;
}
