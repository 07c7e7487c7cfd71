/** A plan in words and columns, and as JSON. Pure. */
import { isSame, type PlanDiff, type Prediction } from '../domain/graph/diff/plan-diff.ts';
import { NAMESPACE_RULE } from '../domain/graph/infer/structure.ts';
import { bytesText, count, leftOutText, shortened, shortener } from '../domain/graph/render/names.ts';
import type { Evidence } from '../domain/graph/render/record.ts';
import type { Style } from '../domain/graph/render/style.ts';
import { ruleText, wrapped } from '../domain/graph/render/tree.ts';
import { rpoFindings } from '../domain/protection/feasibility.ts';
import type { Finding } from '../domain/protection/feasibility-finding.ts';
import { formatDuration, millis, parseDuration } from '../domain/time.ts';
import { type TransformReport, transformLines } from './plan-transforms.ts';
import type { SpecChange } from './spec-diff.ts';
import { table } from './table.ts';

export interface Plan {
  readonly scenario: { readonly namespace: string; readonly name: string };
  readonly isNew: boolean;
  readonly spec: readonly SpecChange[];
  /** Undefined when there are none, or the source could not be read. */
  readonly transforms: TransformReport | undefined;
  /** Undefined when the source could not be read. */
  readonly graph: PlanDiff | undefined;
  /** Why what is planned could not be recovered in one execution. */
  readonly findings: readonly Finding[];
  readonly missingNamespaces: readonly string[];
  /** Objectives of the new spec, as written. */
  readonly rpo: string;
  readonly rto: string;
  readonly lastCaptureMillis: number | undefined;
}

/** Lines of one list; JSON has all. */
const LIMIT = 50;
const WIDTH = 100;

export function planJson(plan: Plan, notes: readonly string[]): string {
  return `${JSON.stringify({ ...plan, estimatedCaptureMillis: estimatedCapture(plan), notes }, undefined, 2)}\n`;
}

export function planText(plan: Plan, style: Style): string {
  const { namespace, name } = plan.scenario;
  const what = plan.isNew ? 'would be created' : 'exists';
  const sections = [
    [style.bold(`Plan for DRScenario ${namespace}/${name}, which ${what}. Nothing was changed.`)],
    specSection(plan.spec, style),
    ...(plan.graph === undefined ? [] : graphSections(plan.graph, style)),
    plan.transforms === undefined ? [] : transformSection(plan.transforms, style),
    plan.missingNamespaces.length === 0
      ? []
      : [style.warning(`The source has no namespace ${plan.missingNamespaces.join(', ')}.`)],
    plan.findings.map((finding) => style.warning(findingText(finding))),
    objectivesSection(plan, style),
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

const findingText = ({ object, message, remedy }: Finding): string =>
  `No failover could be started: ${object}: ${message} (${remedy}).`;

function specSection(changes: readonly SpecChange[], style: Style): readonly string[] {
  if (changes.length === 0) return ['Spec: no change'];
  const rows = changes.flatMap((change): readonly (readonly string[])[] =>
    change.kind === 'value'
      ? [[change.field, `${change.before ?? '(none)'} -> ${change.after ?? '(none)'}`]]
      : [
          ...change.added.map((value) => [change.field, `+ ${value}`]),
          ...change.removed.map((value) => [change.field, `- ${value}`]),
        ],
  );
  return [style.bold(`Spec: ${count(rows.length, 'change')}`), ...table(rows, '  ')];
}

function transformSection(report: TransformReport, style: Style): readonly string[] {
  const keys = [
    ...report.transforms.flatMap(({ changes, replaced }) => [...changes, ...replaced]),
    ...report.mentions,
  ];
  return transformLines(report, shortener(keys.map(({ object }) => object)), style);
}

function graphSections(diff: PlanDiff, style: Style): readonly (readonly string[])[] {
  const short = shortener(keysOf(diff));
  return [
    objectSection(diff, short, style),
    edgeSection(diff, short, style),
    orderSection(diff, short, style),
    pathSection(diff, short, style),
  ];
}

function keysOf(diff: PlanDiff): readonly string[] {
  const edges = [...diff.addedEdges, ...diff.droppedEdges];
  const evidence = [
    ...edges.flatMap(({ because }) => because),
    ...diff.added.flatMap(({ because }) => because),
    ...diff.dropped.flatMap(({ missedBy }) => missedBy),
  ];
  return [
    ...[...diff.added, ...diff.dropped].map(({ key }) => key),
    ...[...edges, ...evidence].flatMap(({ from, to }) => [from, to]),
    ...diff.reordered.map(({ unit }) => unit),
    ...diff.longestPath.before,
    ...diff.longestPath.after,
  ];
}

type Short = (key: string) => string;

function objectSection(diff: PlanDiff, short: Short, style: Style): readonly string[] {
  const { objects, bytes, added, dropped } = diff;
  const title =
    `Objects: ${changed(objects.before, objects.after, String)}` +
    `, ${changed(bytes.before, bytes.after, bytesText)}`;
  if (isSame(diff)) return [style.bold(title), '  the same objects in the same order'];
  const rows = [
    ...added.map((object) => [`+ ${short(object.key)}`, bytesText(object.bytes), whyAdded(object, short)]),
    ...dropped.map(({ key, bytes: size, leftOut }) => [
      `- ${short(key)}`,
      bytesText(size),
      leftOut === undefined ? 'no longer selected or needed' : leftOutText(leftOut),
    ]),
  ];
  const missed = dropped.flatMap(({ missedBy }) => missedBy);
  return [
    style.bold(title),
    ...marked(listed(rows), style),
    ...missed
      .slice(0, LIMIT)
      .flatMap((one) => [style.warning(`  ! ${short(one.to)} will be missed by`), evidenceLine(one, short)]),
  ];
}

/** The reason in a few words: the fields are with the dependencies. */
function whyAdded({ key, unit, because }: PlanDiff['added'][number], short: Short): string {
  // Every object in a namespace needs it: the least of reasons.
  const [first] = because.filter(({ rule }) => rule !== NAMESPACE_RULE);
  if (first !== undefined) {
    const others = because.length > 1 ? ` and ${count(because.length - 1, 'other')}` : '';
    return `needed by ${short(first.from)} (${first.rule})${others}`;
  }
  if (because.length > 0) return `holds ${count(because.length, 'object')} of the plan`;
  return unit === undefined || unit === key ? 'selected' : `part of ${short(unit)}`;
}

function edgeSection(diff: PlanDiff, short: Short, style: Style): readonly string[] {
  const { addedEdges, droppedEdges } = diff;
  const all = [
    ...addedEdges.map((edge) => ({ sign: '+', paint: style.good, edge })),
    ...droppedEdges.map((edge) => ({ sign: '-', paint: style.bad, edge })),
  ];
  if (all.length === 0) return [];
  const lines = all.slice(0, LIMIT).flatMap(({ sign, paint, edge: { from, to, because } }) => {
    const reasons = because.filter(({ rule }) => rule !== NAMESPACE_RULE);
    const isInside = because.length > 0 && reasons.length === 0;
    return [
      paint(`  ${sign} ${short(from)} needs ${short(to)}${isInside ? ', being in it' : ''}`),
      ...reasons.slice(0, 1).map((reason) => style.dim(evidenceLine(reason, short))),
    ];
  });
  return [
    style.bold(`Dependencies: +${addedEdges.length}, -${droppedEdges.length}`),
    ...lines,
    ...(all.length > LIMIT ? [`  and ${all.length - LIMIT} more: see -o json`] : []),
  ];
}

/** The object, the field of it and the rule, on a line of its own. */
function evidenceLine(evidence: Evidence, short: Short): string {
  const start = `      ${short(evidence.from)} `;
  const end = ` ${ruleText(evidence)}`;
  return `${start}${shortened(evidence.field, Math.max(24, WIDTH - start.length - end.length))}${end}`;
}

function orderSection({ reordered }: PlanDiff, short: Short, style: Style): readonly string[] {
  if (reordered.length === 0) return [];
  const rows = reordered.map(({ unit, before, after }) => [
    short(unit),
    `wave ${before} -> ${after}`,
    after > before ? 'starts later' : 'starts earlier',
  ]);
  return [style.bold(`Order: ${count(rows.length, 'unit')} would move`), ...listed(rows)];
}

function pathSection({ longestPath: { before, after } }: PlanDiff, short: Short, style: Style) {
  const isEqual = before.length === after.length && before.every((unit, index) => unit === after[index]);
  if (isEqual) return [];
  const path = (units: readonly string[]) => units.map(short).join(' → ');
  return [
    style.bold(`Longest path: ${changed(before.length, after.length, (length) => count(length, 'unit'))}`),
    ...(before.length === 0 ? [] : indented(`before: ${path(before)}`)),
    ...(after.length === 0 ? [] : indented(`after: ${path(after)}`)),
  ];
}

function objectivesSection(plan: Plan, style: Style): readonly string[] {
  return [style.bold('Objectives'), ...indented(rpoText(plan)), ...indented(rtoText(plan))];
}

const indented = (text: string): readonly string[] =>
  wrapped(text, WIDTH - 2, '  ').map((line) => `  ${line}`);

function rpoText(plan: Plan): string {
  const estimate = estimatedCapture(plan);
  if (estimate === undefined)
    return `RPO ${plan.rpo}: how long a capture takes is not known, because there has been none`;
  const rpo = parseDuration(plan.rpo) ?? millis(0);
  const verdict = rpoFindings(rpo, [millis(estimate)]).length > 0 ? 'too long' : 'short enough';
  return `RPO ${plan.rpo}: a capture would take about ${formatDuration(millis(estimate))}, going by the last one: ${verdict}`;
}

/** The last capture's time, in proportion to the objects; undefined when there was none or the objects are not known. */
function estimatedCapture({ lastCaptureMillis, graph }: Plan): number | undefined {
  if (lastCaptureMillis === undefined || graph === undefined || graph.objects.before === 0)
    return lastCaptureMillis;
  return Math.round((lastCaptureMillis * graph.objects.after) / graph.objects.before);
}

function rtoText({ rto, graph }: Plan): string {
  const after = graph?.forecast.after;
  if (graph === undefined || after === undefined) return `RTO ${rto}: the time to recover is not known`;
  const text = ({ p50, p95 }: Prediction) => `${formatDuration(p50)} (p50), ${formatDuration(p95)} (p95)`;
  const before = graph.objects.before === 0 ? undefined : graph.forecast.before;
  const now = before === undefined ? '' : `now ${text(before)}, then `;
  const verdict = after.p95 > (parseDuration(rto) ?? 0) ? ', which is too long' : '';
  return `RTO ${rto}: predicted ${now}${text(after)}${verdict}; this rests on ${BASES[after.basis]}`;
}

const BASES: Readonly<Record<Prediction['basis'], string>> = {
  prior: 'what is usual for such objects: nothing was measured yet',
  mixed: 'few measurements, and what is usual for such objects',
  measured: 'measured executions',
};

/** `5 -> 7`, or `5` when it stays. */
function changed(before: number, after: number, text: (value: number) => string): string {
  return before === after ? text(after) : `${text(before)} -> ${text(after)}`;
}

function listed(rows: readonly (readonly string[])[]): readonly string[] {
  const rest = rows.length - LIMIT;
  const lines = table(rows.slice(0, LIMIT), '  ');
  return rest > 0 ? [...lines, `  and ${rest} more: see -o json`] : lines;
}

/** Lines that add in one colour, lines that drop in another. */
const marked = (lines: readonly string[], style: Style): readonly string[] =>
  lines.map((line) => {
    if (line.startsWith('  + ')) return style.good(line);
    return line.startsWith('  - ') ? style.bad(line) : line;
  });
