/**
 * A graph as text for a terminal, 100 columns wide: units in the waves they can
 * start in, each printed once, under each its objects and what it needs with
 * the field that says so. What is needed is referred to by name and wave.
 */
import { grouped } from '../grouped.ts';
import { NAMESPACE_RULE } from '../infer/structure.ts';
import { bytesText, count, leftOutText, shortened, shortener } from './names.ts';
import { type Evidence, type GraphRecord, omissionText } from './record.ts';
import { plain, type Style } from './style.ts';
import { byWave, wavesOf } from './waves.ts';

/** Columns of a line; names longer than that are never broken. */
const WIDTH = 100;
/** Reasons shown of one dependency; JSON has all. */
const REASONS_SHOWN = 2;
const DANGLING_SHOWN = 20;
/** A field cut down to less than this says too little. */
const LEAST_FIELD = 24;

interface Context {
  readonly record: GraphRecord;
  readonly short: (key: string) => string;
  readonly waves: ReadonlyMap<string, number>;
  readonly needs: ReadonlyMap<string, readonly GraphRecord['edges'][number][]>;
  readonly style: Style;
}

/** Ends with a newline. */
export function renderTree(record: GraphRecord, style: Style = plain): string {
  const context: Context = {
    record,
    short: shortener(keysOf(record)),
    waves: wavesOf(record),
    needs: grouped(record.edges, ({ from }) => from),
    style,
  };
  const waves = byWave(record).flatMap((ids, index) => ['', ...waveLines(ids, index + 1, context)]);
  return `${[...heading(context), ...waves, ...closing(context)].join('\n')}\n`;
}

/** Every key that may be printed. */
export function keysOf({ units, edges, leftOut, dangling }: GraphRecord): readonly string[] {
  return [
    ...units.flatMap(({ id, objects }) => [id, ...objects]),
    ...edges.flatMap(({ because }) => because.flatMap(({ from, to }) => [from, to])),
    ...leftOut.map(({ key }) => key),
    ...dangling.flatMap(({ from, to }) => [from, to]),
  ];
}

function heading({ record, waves, style }: Context): readonly string[] {
  const { scenario, units, edges, objects, point, capturedAt, sourceRegion } = record;
  const bytes = objects.reduce((sum, object) => sum + object.bytes, 0);
  const last = [...waves.values()].reduce((most, wave) => Math.max(most, wave), 0);
  return [
    style.bold(
      `${scenario.namespace}/${scenario.name}: ${count(objects.length, 'object')} (${bytesText(bytes)}) in ` +
        `${count(units.length, 'unit')}, ${count(edges.length, 'dependency')}, ${count(last, 'wave')}`,
    ),
    `from region ${sourceRegion}, as in recovery point ${point} of ${capturedAt}`,
    'A unit starts as soon as what it needs is ready; its wave is the earliest it can be in.',
  ];
}

function waveLines(ids: readonly string[], wave: number, context: Context): readonly string[] {
  const title = `Wave ${wave}: ${count(ids.length, 'unit')}`;
  const objects = new Map(context.record.units.map((unit) => [unit.id, unit.objects]));
  return [
    context.style.bold(title),
    ...ids.flatMap((id, index) => {
      const isLast = index === ids.length - 1;
      const lines = unitLines(id, objects.get(id) ?? [], context);
      return lines.map((line, at) => `${prefix(at === 0, isLast)}${line}`);
    }),
  ];
}

function prefix(isFirstLine: boolean, isLastUnit: boolean): string {
  if (isFirstLine) return isLastUnit ? '└─ ' : '├─ ';
  return isLastUnit ? '   ' : '│  ';
}

function unitLines(id: string, objects: readonly string[], context: Context): readonly string[] {
  const { short, style, needs } = context;
  const others = objects.filter((key) => key !== id).map(short);
  return [
    style.bold(short(id)),
    ...(others.length === 0 ? [] : wrapped(`with ${others.join(', ')}`, WIDTH - 3, '     ')),
    ...(needs.get(id) ?? []).flatMap((edge) => needLines(edge, context)),
  ];
}

function needLines({ to, because }: GraphRecord['edges'][number], context: Context): readonly string[] {
  const { short, waves, style } = context;
  const where = style.dim(`(wave ${waves.get(to) ?? '?'})`);
  // What every object of a namespace has is said in few words.
  const reasons = because.filter(({ rule }) => rule !== NAMESPACE_RULE);
  if (because.length > 0 && reasons.length === 0) return [`needs ${short(to)} ${where}, being in it`];
  const rest = reasons.length - REASONS_SHOWN;
  return [
    `needs ${short(to)} ${where}${reasons.length === 0 ? '' : ' because'}`,
    ...reasons
      .slice(0, REASONS_SHOWN)
      .flatMap((reason) => reasonLines(reason, short))
      .map(style.dim),
    ...(rest > 0 ? [style.dim(`    and ${count(rest, 'further reason')}`)] : []),
  ];
}

/** `(env-from-secret)`, `"db:5432" (host-name, likely)`. */
export function ruleText({ rule, certainty = 'certain', matched }: Evidence): string {
  const text = certainty === 'certain' ? `(${rule})` : `(${rule}, ${certainty})`;
  return matched === undefined ? text : `"${matched}" ${text}`;
}

/** On one line with the field shortened, or on two where the name leaves no room for it. */
function reasonLines(evidence: Evidence, short: (key: string) => string): readonly string[] {
  const { from, field } = evidence;
  const name = short(from);
  const why = ruleText(evidence);
  // 3 for the branch, 4 for the indent, 2 for the blanks between the parts.
  const room = WIDTH - 3 - 4 - 2 - name.length - why.length;
  if (room >= Math.min(field.length, LEAST_FIELD)) return [`    ${name} ${shortened(field, room)} ${why}`];
  return [`    ${name}`, `      ${shortened(field, WIDTH - 3 - 6 - 1 - why.length)} ${why}`];
}

function closing({ record, short, style }: Context): readonly string[] {
  const { longestPath, leftOut, dangling, missingNamespaces, volumesWithoutData } = record;
  const path = longestPath.map(short).join(' → ');
  const reasons = [...grouped(leftOut, ({ reason }) => reason)].map(([reason, { length }]) => ({
    reason,
    // Not all of them need be named.
    number: reason === 'NotChosen' ? Math.max(length, record.notChosen ?? 0) : length,
  }));
  const sections = [
    longestPath.length === 0 ? [] : wrapped(`Longest path (${longestPath.length}): ${path}`, WIDTH, '  '),
    leftOut.length === 0
      ? []
      : [
          `Left out: ${count(
            reasons.reduce((sum, { number }) => sum + number, 0),
            'object',
          )}`,
          ...reasons.map(({ reason, number }) => `  ${number} ${leftOutText(reason)} (${reason})`),
        ],
    dangling.length === 0
      ? []
      : [
          style.warning(`Referred to, but not in the source: ${count(dangling.length, 'object')}`),
          ...dangling
            .slice(0, DANGLING_SHOWN)
            .flatMap((one) => [`  ${short(one.to)} needed by`, ...reasonLines(one, short)]),
          ...(dangling.length > DANGLING_SHOWN ? ['  and more: see -o json'] : []),
        ],
    missingNamespaces.length === 0
      ? []
      : [style.warning(`Selected namespaces that the source lacks: ${missingNamespaces.join(', ')}`)],
    volumesWithoutData.length === 0
      ? []
      : wrapped(`Claims without their data: ${volumesWithoutData.map(short).join(', ')}`, WIDTH, '  '),
    wrapped(omissionText(record) ?? '', WIDTH, '  '),
  ];
  return sections.filter((lines) => lines.length > 0).flatMap((lines) => ['', ...lines]);
}

/** Breaks a text at blanks into lines of at most `width`, further ones indented; none for an empty text. */
export function wrapped(text: string, width: number, indent: string): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line === '') line = word;
    else if (line.trimEnd().length + 1 + word.length <= width) line += ` ${word}`;
    else {
      lines.push(line);
      line = indent + word;
    }
  }
  return line === '' ? lines : [...lines, line];
}
