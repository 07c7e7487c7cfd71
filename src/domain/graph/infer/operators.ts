/** Turns the tables of operators.ts into rules, and finds what an operator makes for what nobody else has. */
import { at, textAt } from '../../../api/fields.ts';
import { groupOf, type KubeObject, type ObjectRef, refKey, refOf } from '../../../api/object.ts';
import { grouped } from '../grouped.ts';
import { kindName, kindOf } from '../kinds.ts';
import type { OperatorReference } from '../operators/reference.ts';
import { CLUSTER_WIDE_KINDS, operatorProducts, operatorReferences } from '../operators.ts';
import { perWorld, type World } from '../world.ts';
import { parsePath, type ValueAt, valuesAt } from './field-path.ts';
import type { Found, Rule } from './rule.ts';

export const operatorRules: readonly Rule[] = operatorReferences.map(ruleOf);

function ruleOf(row: OperatorReference): Rule {
  const path = parsePath(row.path);
  return {
    name: row.rule,
    kinds: row.from,
    reads: row.path,
    certainty: row.certainty ?? 'certain',
    sentence: row.sentence,
    ...(row.stays === undefined ? {} : { stays: row.stays }),
    sees: 'others',
    find: (object, world) =>
      valuesAt(object, path).flatMap((found) => {
        const to = targetOf(row, found, object, world);
        if (to === undefined) return [];
        const isProduct = row.unlessOwned === true && isOwnedBy(world, to, object);
        const isText = typeof found.value === 'string';
        const field = isText ? found.path : `${found.path}.${row.nameIn ?? 'name'}`;
        const answer: Found = { to, field, optional: row.optional ?? at(found.value, 'optional') === true };
        return [isProduct ? { ...answer, only: 'search' } : answer];
      }),
  };
}

/** @returns undefined when the value names nothing, or something of a kind that is not meant */
function targetOf(
  row: OperatorReference,
  { value }: ValueAt,
  object: KubeObject,
  world: World,
): ObjectRef | undefined {
  const [name, elsewhere] = nameOf(value, row);
  if (name === '') return undefined;
  const typed = typeOf(row, value, object, world);
  if (typed === undefined) return undefined;
  const { group, kind } = typed;
  const own = object.metadata.namespace;
  if (isClusterWide(typed, world) || (row.to === 'named' && own === undefined && elsewhere === undefined)) {
    return { group, kind, name };
  }
  const namespace = typeof row.namespace === 'object' ? row.namespace.always : (elsewhere ?? own);
  return namespace === undefined ? undefined : { group, kind, namespace, name };
}

/** The name in a reference, and the namespace when it gives one. */
function nameOf(
  value: unknown,
  { nameIn = 'name', namespace }: OperatorReference,
): readonly [string, string | undefined] {
  const name = typeof value === 'string' ? value : (textAt(value, nameIn) ?? '');
  const [first = '', second] = name.split('/');
  if (second !== undefined) return [second, first];
  return [name, namespace === 'same' ? undefined : textAt(value, 'namespace')];
}

interface Typed {
  readonly group: string;
  readonly kind: string;
}

function typeOf(row: OperatorReference, value: unknown, object: KubeObject, world: World): Typed | undefined {
  const { to, unnamed, secondIf } = row;
  const { kind, group } = writtenType(row, value, object);
  if (to === 'sibling') return siblingOf(object, kind ?? unnamed ?? '', world);
  if (to === 'named') {
    const usual = unnamed === undefined ? undefined : typeNamed(unnamed);
    const meant = kind ?? usual?.kind;
    return meant === undefined ? undefined : { group: group ?? usual?.group ?? '', kind: meant };
  }
  const [first, second] = to;
  const usual = secondIf !== undefined && at(value, secondIf) === true ? second : first;
  const meant = kind === undefined ? usual : to.find((one) => typeNamed(one).kind === kind);
  return meant === undefined ? undefined : typeNamed(meant);
}

/** What a reference says itself of the kind that it names. */
function writtenType(
  { typeIn }: OperatorReference,
  value: unknown,
  object: KubeObject,
): { readonly kind: string | undefined; readonly group: string | undefined } {
  if (typeIn !== undefined) {
    const textIn = (path: string) =>
      valuesAt(object, parsePath(path)).flatMap((found) => (isName(found.value) ? found.value : []))[0];
    return { kind: textIn(typeIn.kind), group: textIn(typeIn.group) };
  }
  const version = textAt(value, 'apiVersion');
  return {
    kind: textAt(value, 'kind'),
    group: version === undefined ? textAt(value, 'group') : groupOf(version),
  };
}

/** A kind of the same operator: of the referrer's API group, or of the nearest group above it (`aws.x` above `s3.aws.x`). */
function siblingOf(object: KubeObject, kind: string, world: World): Typed | undefined {
  const labels = groupOf(object.apiVersion).split('.');
  const groups = labels.map((_, index) => labels.slice(index).join('.'));
  const group = groups.find(
    (one) => world.definitionOf(one, kind) !== undefined || world.lookup(one, kind) !== undefined,
  );
  return group === undefined ? undefined : { group, kind };
}

function isClusterWide({ group, kind }: Typed, world: World): boolean {
  if (CLUSTER_WIDE_KINDS.has(kindName(group, kind))) return true;
  const definition = world.definitionOf(group, kind);
  if (definition === undefined) return world.lookup(group, kind)?.namespaced === false;
  return textAt(world.objects.get(refKey(definition)), 'spec', 'scope') === 'Cluster';
}

function typeNamed(text: string): Typed {
  const dot = text.indexOf('.');
  return dot < 0 ? { group: '', kind: text } : { group: text.slice(dot + 1), kind: text.slice(0, dot) };
}

function isOwnedBy(world: World, ref: ObjectRef, owner: KubeObject): boolean {
  const owners = world.objects.get(refKey(ref))?.metadata.ownerReferences ?? [];
  return owners.some(
    ({ apiVersion, kind, name }) =>
      kindName(groupOf(apiVersion), kind) === kindOf(owner) && name === owner.metadata.name,
  );
}

const PRODUCTS = grouped(operatorProducts, ({ from }) => from);

/** Who makes what, by the key of what is made. */
const makers = perWorld((world) => {
  const found = new Map<string, ObjectRef>();
  for (const object of world.objects.values()) {
    const { namespace } = object.metadata;
    for (const { paths, makes } of PRODUCTS.get(kindOf(object)) ?? []) {
      const name = paths.map((path) => valuesAt(object, parsePath(path))[0]?.value).find(isName);
      if (name === undefined || namespace === undefined) continue;
      for (const made of makes) {
        const ref = { group: '', kind: made.kind, namespace, name: made.name.replace('{}', name) };
        found.set(refKey(ref), refOf(object));
      }
    }
  }
  return found;
});

const isName = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** The object that will make something that is not there; undefined when none is known to. */
export const makerOf = (key: string, world: World): ObjectRef | undefined => makers(world).get(key);
