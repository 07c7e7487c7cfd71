/**
 * Reads all transforms of a scenario once: either all of them can be applied, or
 * there is a list of what is wrong with them. Needs nothing but the spec, so that
 * a wrong one is refused before any cluster is asked.
 */
import type { TransformSpec } from '../../api/v1alpha1/dr-scenario-transforms.ts';
import { parseExpression } from '../graph/user-rules/cel.ts';
import type { Expression } from '../graph/user-rules/expression.ts';
import type { LabelMapping, Mapping } from './names.ts';
import { type Operation, type Pointer, parsePointer } from './patch.ts';

export interface CompiledTransform {
  readonly name: string;
  /** Undefined: every object. */
  readonly match: Expression | undefined;
  readonly storageClasses: Mapping;
  readonly ingressClasses: Mapping;
  readonly images: Mapping;
  readonly nodeLabels: LabelMapping;
  readonly patch: readonly { readonly operation: Operation; readonly text: string }[];
}

/** One mapping for all transforms: namespaces are named as in the source everywhere. */
export interface NamespaceMapping {
  readonly to: Mapping;
  /** By old name, the transform that renames it. */
  readonly by: ReadonlyMap<string, string>;
}

export interface CompiledTransforms {
  readonly transforms: readonly CompiledTransform[];
  readonly namespaces: NamespaceMapping;
}

export interface TransformProblem {
  readonly transform: string;
  /** Within the transform, e.g. `match` or `patch[1].value`. */
  readonly field: string;
  /** What is wrong and what to write instead. */
  readonly message: string;
}

export type Compiled =
  | { readonly kind: 'compiled'; readonly transforms: CompiledTransforms }
  | { readonly kind: 'problems'; readonly problems: readonly [TransformProblem, ...TransformProblem[]] };

/** @param protectedNamespaces those of the scenario, as in the source */
export function compileTransforms(
  specs: readonly TransformSpec[],
  protectedNamespaces: readonly string[],
): Compiled {
  const problems: TransformProblem[] = [];
  const transforms = specs.map((spec) =>
    compileOne(spec, (field, message) => problems.push({ transform: spec.name, field, message })),
  );
  const namespaces = compileNamespaces(specs, protectedNamespaces, problems);
  const [first, ...others] = problems;
  return first === undefined
    ? { kind: 'compiled', transforms: { transforms, namespaces } }
    : { kind: 'problems', problems: [first, ...others] };
}

/** A sentence for people: where the problem is, what is wrong and what to do. */
export function describeTransformProblem({ transform, field, message }: TransformProblem): string {
  return `spec.replication.transforms[${transform}].${field} ${message}`;
}

type Complain = (field: string, message: string) => void;

function compileOne(spec: TransformSpec, complain: Complain): CompiledTransform {
  return {
    name: spec.name,
    match: spec.match === undefined ? undefined : compileMatch(spec.match, complain),
    storageClasses: mappingOf(spec.storageClasses),
    ingressClasses: mappingOf(spec.ingressClasses),
    images: mappingOf(spec.images),
    nodeLabels: labelMappingOf(spec.nodeLabels),
    patch: (spec.patch ?? []).flatMap((operation, index) => {
      const compiled = compileOperation(operation, `patch[${index}]`, complain);
      return compiled === undefined
        ? []
        : [{ operation: compiled, text: `${operation.op} ${operation.path}` }];
    }),
  };
}

const mappingOf = (pairs: TransformSpec['images'] = []): Mapping =>
  new Map(pairs.filter(({ from, to }) => from !== to).map(({ from, to }) => [from, to]));

function labelMappingOf(labels: TransformSpec['nodeLabels'] = []): LabelMapping {
  const mapping = new Map<string, Map<string, string>>();
  for (const { key, from, to } of labels) {
    if (from !== to) mapping.set(key, (mapping.get(key) ?? new Map<string, string>()).set(from, to));
  }
  return mapping;
}

function compileMatch(text: string, complain: Complain): Expression | undefined {
  const parsed = parseExpression(text, false, 'bool');
  if (parsed.kind === 'expression') return parsed.expression;
  const { message, column } = parsed.problem;
  complain('match', `${message}${column === undefined ? '' : ` (at character ${column})`}`);
  return undefined;
}

type OperationSpec = NonNullable<TransformSpec['patch']>[number];

function compileOperation(
  { op, path, value }: OperationSpec,
  field: string,
  complain: Complain,
): Operation | undefined {
  const pointer = parsePointer(path);
  if (pointer === undefined) {
    complain(
      `${field}.path`,
      `is "${path}", which is no JSON pointer: '~' inside a name is written ~0, '/' ~1`,
    );
    return undefined;
  }
  const identity = identityIn(pointer);
  if (identity !== undefined && op !== 'test') {
    complain(`${field}.path`, `points at ${identity}, which tells which object it is: it cannot be patched`);
    return undefined;
  }
  if (op === 'remove') return { op, path: pointer };
  const parsed = parseValue(value);
  if (parsed.kind === 'value') return { op, path: pointer, value: parsed.value };
  complain(`${field}.value`, `is not JSON: write a text with its quotes, e.g. "\\"nginx\\"" or '"nginx"'`);
  return undefined;
}

/** What no operation may touch, whole or in part; of apiVersion the version may change, which is judged at the object. */
const IDENTITY: readonly string[] = [
  'kind',
  'metadata',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
];

function identityIn(pointer: Pointer): string | undefined {
  const text = pointer.join('.');
  return IDENTITY.find((field) => field === text);
}

type Value = { readonly kind: 'value'; readonly value: unknown } | { readonly kind: 'unreadable' };

function parseValue(text: string | undefined): Value {
  try {
    const value: unknown = JSON.parse(text ?? '');
    return { kind: 'value', value };
  } catch {
    return { kind: 'unreadable' };
  }
}

function compileNamespaces(
  specs: readonly TransformSpec[],
  protectedNamespaces: readonly string[],
  problems: TransformProblem[],
): NamespaceMapping {
  const to = new Map<string, string>();
  const by = new Map<string, string>();
  const entries = specs.flatMap(({ name, namespaces = [] }) =>
    namespaces.map((entry) => ({ transform: name, ...entry })),
  );
  for (const { transform, from, to: target } of entries) {
    const earlier = by.get(from);
    if (earlier === undefined) {
      by.set(from, transform);
      to.set(from, target);
    } else if (to.get(from) !== target) {
      const message = `maps ${from} to ${target}, but transform ${earlier} maps it to ${to.get(from)}: remove one of them`;
      problems.push({ transform, field: 'namespaces', message });
    }
  }
  problems.push(...collisions(protectedNamespaces, to, by));
  return { to: new Map([...to].filter(([from, target]) => from !== target)), by };
}

/** Two protected namespaces in one place would overwrite each other's objects. */
function collisions(
  protectedNamespaces: readonly string[],
  to: Mapping,
  by: ReadonlyMap<string, string>,
): readonly TransformProblem[] {
  const taken = new Map<string, string>();
  // Those that stay come first, so that the complaint is about the transform.
  const order = [...new Set(protectedNamespaces)].toSorted((a, b) => Number(by.has(a)) - Number(by.has(b)));
  return order.flatMap((namespace) => {
    const target = to.get(namespace) ?? namespace;
    const other = taken.get(target);
    taken.set(target, other ?? namespace);
    const transform = by.get(namespace);
    if (other === undefined || transform === undefined) return [];
    const stays = other === target ? 'which is protected too and keeps its name' : `as does ${other}`;
    const message = `maps ${namespace} to ${target}, ${stays}: choose another name, so that each namespace has its own`;
    return [{ transform, field: 'namespaces', message }];
  });
}
