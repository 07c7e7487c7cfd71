/**
 * One object as it is to be in the recovery region, with a note of every field
 * that differs and why. The transforms act in the order they are listed;
 * namespaces are renamed last, so that everything before speaks of them as the
 * source does.
 */
import { fieldsAt, isFields, textAt } from '../../api/fields.ts';
import { type KubeObject, type ObjectMeta, objectKey } from '../../api/object.ts';
import { kindOf } from '../graph/kinds.ts';
import { visibleTo } from '../graph/user-rules/visible.ts';
import type { CompiledTransform, CompiledTransforms } from './compile.ts';
import type { Mention } from './mentions.ts';
import {
  classAnnotation,
  images,
  ingressClasses,
  nodeLabels,
  replacementOf,
  storageClasses,
  volumeLabels,
} from './names.ts';
import { namespaces, renamedMetadata } from './namespaces.ts';
import { applyOperation, type Operation, type Pointer, valueAt } from './patch.ts';
import { type Path, pathText, type Report, type Rewriter, rewrite } from './rewrite.ts';
import { withEncodedTexts } from './string-data.ts';

export interface FieldChange {
  readonly transform: string;
  /** e.g. `spec.ingressClassName` */
  readonly field: string;
  /** As text; JSON where it is none; cut when long; never out of a Secret's data. */
  readonly from: string;
  readonly to: string;
  /** Of what a patch has set. */
  readonly set?: Pointer;
}

export type Transformed =
  | {
      readonly kind: 'transformed';
      readonly object: KubeObject;
      readonly changes: readonly FieldChange[];
      readonly mentions: readonly Mention[];
    }
  /** A class whose place is taken by another, which the recovery region has: it is not restored. */
  | { readonly kind: 'replaced'; readonly transform: string; readonly by: string }
  /** `reason` says what is wrong and what to do. */
  | { readonly kind: 'failed'; readonly transform: string; readonly reason: string };

type Failed = Extract<Transformed, { kind: 'failed' }>;
type Replaced = Extract<Transformed, { kind: 'replaced' }>;

/** What is decided about all objects together. */
export interface Around {
  /** Whether a transform is about this object; a text says why that is not known. */
  readonly applies: (transform: CompiledTransform) => boolean | { readonly refused: string };
  readonly mentions: (object: KubeObject) => readonly Mention[];
}

export function transformObject(
  object: KubeObject,
  { transforms, namespaces: mapping }: CompiledTransforms,
  { applies, mentions }: Around,
): Transformed {
  const changes: FieldChange[] = [];
  let current = object;
  for (const transform of transforms) {
    const isAbout = applies(transform);
    if (typeof isAbout === 'object')
      return { kind: 'failed', transform: transform.name, reason: isAbout.refused };
    if (!isAbout) continue;
    const step = transformOnce(current, transform, changes);
    if (step.kind !== 'changed') return step;
    current = step.object;
  }
  const isSecret = kindOf(object) === 'Secret';
  const renaming: Report = (path, from, to) =>
    changes.push(change(mapping.by.get(oldNamespace(from, mapping.by)) ?? '', path, from, to, isSecret));
  const renamed = renamedMetadata(
    rewrite(withEncodedTexts(current), mapping.to.size === 0 ? [] : [namespaces(mapping.to)], renaming),
    mapping.to,
    renaming,
  );
  return { kind: 'transformed', object: renamed, changes, mentions: mentions(renamed) };
}

/** The namespace within what was renamed: itself, a part of a host, of a user's name, of `namespace/name`. */
function oldNamespace(from: unknown, by: ReadonlyMap<string, string>): string {
  const parts = String(from).split(/[./:]/);
  return parts.find((part) => by.has(part)) ?? '';
}

type Step = { readonly kind: 'changed'; readonly object: KubeObject } | Replaced | Failed;

function transformOnce(object: KubeObject, transform: CompiledTransform, changes: FieldChange[]): Step {
  const { name, storageClasses: storage, ingressClasses: ingress, nodeLabels: labels } = transform;
  const by = replacementOf(object, 'storage', storage) ?? replacementOf(object, 'ingress', ingress);
  if (by !== undefined) return { kind: 'replaced', transform: name, by };
  const isSecret = kindOf(object) === 'Secret';
  const report: Report = (path, from, to) => changes.push(change(name, path, from, to, isSecret));
  let current = rewrite(object, rewritersOf(transform), report);
  current = classAnnotation(current, 'storage', storage, report);
  current = classAnnotation(current, 'ingress', ingress, report);
  current = volumeLabels(current, labels, report);
  for (const { operation, text } of transform.patch) {
    const patched = patchOnce(current, operation);
    if ('reason' in patched) return { kind: 'failed', transform: name, reason: `${text} ${patched.reason}` };
    changes.push(...patchChanges(name, current, patched.object, operation));
    current = patched.object;
  }
  return { kind: 'changed', object: current };
}

function rewritersOf(transform: CompiledTransform): readonly Rewriter[] {
  const {
    storageClasses: storage,
    ingressClasses: ingress,
    images: registries,
    nodeLabels: labels,
  } = transform;
  return [
    ...(storage.size === 0 ? [] : [storageClasses(storage)]),
    ...(ingress.size === 0 ? [] : [ingressClasses(ingress)]),
    ...(registries.size === 0 ? [] : [images(registries)]),
    ...(labels.size === 0 ? [] : [nodeLabels(labels)]),
  ];
}

function patchOnce(
  object: KubeObject,
  operation: Operation,
): { readonly object: KubeObject } | { readonly reason: string } {
  // A test could spell out the data of a Secret, which whoever writes a scenario may not be allowed to read.
  const document = operation.op === 'test' ? visibleTo(object) : object;
  const patched = applyOperation(document, operation);
  if (patched.kind === 'failed') return patched;
  if (operation.op === 'test') return { object };
  const result = asObject(patched.value);
  if (result === undefined) return { reason: 'leaves something that is no object' };
  return objectKey(result) === objectKey(object)
    ? { object: result }
    : { reason: 'makes another object of it: group, kind, name and namespace must stay' };
}

function asObject(value: unknown): KubeObject | undefined {
  const apiVersion = textAt(value, 'apiVersion');
  const kind = textAt(value, 'kind');
  const metadata = fieldsAt(value, 'metadata');
  if (!isFields(value) || apiVersion === undefined || kind === undefined || !isMeta(metadata))
    return undefined;
  return { ...value, apiVersion, kind, metadata };
}

function isMeta(metadata: unknown): metadata is ObjectMeta {
  const isTexts = (value: unknown): boolean =>
    value === undefined ||
    (isFields(value) && Object.values(value).every((text) => typeof text === 'string'));
  return (
    isFields(metadata) &&
    textAt(metadata, 'name') !== undefined &&
    isTexts(metadata['labels']) &&
    isTexts(metadata['annotations'])
  );
}

function patchChanges(
  transform: string,
  before: KubeObject,
  after: KubeObject,
  operation: Operation,
): readonly FieldChange[] {
  if (operation.op === 'test') return [];
  const { op, path } = operation;
  const field = path.map((token) => (/^\d+$/.test(token) ? Number(token) : token));
  // What was moved aside in a list is not what the new item takes the place of.
  const from =
    op === 'add' && typeof field.at(-1) === 'number' ? undefined : valueAt(visibleTo(before), path);
  const to = op === 'remove' ? undefined : operation.value;
  const told = change(transform, field, from, to, kindOf(after) === 'Secret');
  return [op === 'remove' ? told : { ...told, set: path }];
}

function change(transform: string, path: Path, from: unknown, to: unknown, isSecret: boolean): FieldChange {
  const isHidden = isSecret && path[0] !== 'metadata' && path[0] !== 'type';
  const show = (value: unknown): string => (isHidden && value !== undefined ? '(hidden)' : shown(value));
  return { transform, field: pathText(path), from: show(from), to: show(to) };
}

const SHOWN = 120;

function shown(value: unknown): string {
  if (value === undefined) return '(none)';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN - 1)}…`;
}
