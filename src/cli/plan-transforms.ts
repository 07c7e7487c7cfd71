/**
 * What the transforms of a scenario would do to the objects of its source, as
 * data for JSON and in words: for each transform the objects and fields that it
 * changes, then what it cannot do. Pure.
 */
import type { KubeObject } from '../api/object.ts';
import type { DRScenarioSpec } from '../api/v1alpha1/dr-scenario.ts';
import { count } from '../domain/graph/render/names.ts';
import type { Style } from '../domain/graph/render/style.ts';
import { wrapped } from '../domain/graph/render/tree.ts';
import { compileTransforms } from '../domain/transforms/compile.ts';
import { describeFailure, transformForRecovery } from '../engines/transformed-point.ts';

interface Change {
  /** As in the source. */
  readonly object: string;
  readonly field: string;
  readonly from: string;
  readonly to: string;
}

export interface TransformEffect {
  readonly name: string;
  readonly changes: readonly Change[];
  /** Classes that are not restored, since another one takes their place. */
  readonly replaced: readonly { readonly object: string; readonly by: string }[];
}

export interface TransformReport {
  readonly transforms: readonly TransformEffect[];
  /** One sentence for each object that would not be restored. */
  readonly failures: readonly string[];
  /** Texts that name a renamed namespace, and are not changed. */
  readonly mentions: readonly { readonly object: string; readonly field: string; readonly address: string }[];
  readonly warnings: readonly string[];
}

/** @returns undefined when the spec has none, or none that can be read: that is said elsewhere */
export function transformReport(
  objects: readonly KubeObject[],
  { replication }: DRScenarioSpec,
): TransformReport | undefined {
  const compiled = compileTransforms(replication.transforms, []);
  if (compiled.kind === 'problems' || replication.transforms.length === 0) return undefined;
  const { outcomes, warnings } = transformForRecovery(objects, compiled.transforms);
  const sorted = [...outcomes].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return {
    transforms: replication.transforms.map(({ name }) => ({
      name,
      changes: sorted.flatMap(([object, outcome]) =>
        outcome.kind === 'transformed'
          ? outcome.changes
              .filter(({ transform }) => transform === name)
              .map(({ field, from, to }) => ({ object, field, from, to }))
          : [],
      ),
      replaced: sorted.flatMap(([object, outcome]) =>
        outcome.kind === 'replaced' && outcome.transform === name ? [{ object, by: outcome.by }] : [],
      ),
    })),
    failures: sorted.flatMap(([key, outcome]) =>
      outcome.kind === 'failed' ? [describeFailure(key, outcome)] : [],
    ),
    mentions: sorted.flatMap(([object, outcome]) =>
      outcome.kind === 'transformed'
        ? outcome.mentions.map(({ field, address }) => ({ object, field, address }))
        : [],
    ),
    warnings,
  };
}

/** Lines of one list; JSON has all. */
const LIMIT = 50;
const WIDTH = 100;
/** Every object in a renamed namespace has this change: it is counted, not listed. */
const PLACE = 'metadata.namespace';

/** @param short how an object is called */
export function transformLines(
  { transforms, failures, mentions, warnings }: TransformReport,
  short: (key: string) => string,
  style: Style,
): readonly string[] {
  const troubles = [
    ...failures.map((failure) => `would not be restored: ${failure}`),
    ...warnings,
    ...mentions.map(
      ({ object, field, address }) =>
        `${short(object)} ${field} names ${address}, which is not renamed: patch it, or let it use a name without the namespace`,
    ),
  ];
  return [
    style.bold(`Transforms: ${count(transforms.length, 'transform')}`),
    ...transforms.flatMap((effect) => effectLines(effect, short, style)),
    ...limited(troubles).flatMap((text) =>
      wrapped(`! ${text}`, WIDTH - 2, '  ').map((line) => style.warning(`  ${line}`)),
    ),
  ];
}

function effectLines(
  { name, changes, replaced }: TransformEffect,
  short: (key: string) => string,
  style: Style,
): readonly string[] {
  const objects = new Set([...changes, ...replaced].map(({ object }) => object));
  const moves = new Map<string, number>();
  for (const { field, from, to } of changes)
    if (field === PLACE) moves.set(`${from} → ${to}`, (moves.get(`${from} → ${to}`) ?? 0) + 1);
  const lines = [
    ...[...moves].map(
      ([move, number]) => `${count(number, 'object')} ${number === 1 ? 'moves' : 'move'}: ${move}`,
    ),
    ...changes
      .filter(({ field }) => field !== PLACE)
      .map(({ object, field, from, to }) => `${short(object)} ${field}: ${from} → ${to}`),
    ...replaced.map(
      ({ object, by }) => `${short(object)} is not restored: ${by} of the recovery region is used`,
    ),
  ];
  const what = objects.size === 0 ? 'changes nothing' : `changes ${count(objects.size, 'object')}`;
  return [
    objects.size === 0 ? style.warning(`  ${name} ${what}`) : `  ${name} ${what}`,
    ...limited(lines).map((line) => `    ${line}`),
  ];
}

const limited = (lines: readonly string[]): readonly string[] =>
  lines.length <= LIMIT ? lines : [...lines.slice(0, LIMIT), `and ${lines.length - LIMIT} more: see -o json`];
