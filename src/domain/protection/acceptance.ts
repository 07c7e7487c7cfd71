/**
 * Whether a scenario's spec can come into force: what admission could not see
 * because it needs other objects. A spec that is not accepted changes nothing;
 * the last accepted one stays in force.
 */
import type { DRScenarioSpec } from '../../api/v1alpha1/dr-scenario.ts';
import type { DRScenarioReason } from '../../api/v1alpha1/reasons/dr-scenario.ts';
import { ruleProblems } from '../graph/user-rules/compiled.ts';
import { describeProblem } from '../graph/user-rules/problems.ts';
import { parseDuration } from '../time.ts';
import { compileTransforms, describeTransformProblem } from '../transforms/compile.ts';
import { timeZoneProblem } from './exclusion-windows.ts';
import { hookProblems } from './hook-problems.ts';
import { veleroProblems } from './velero-problems.ts';

export interface AcceptanceFacts {
  /** Name of every RegionHealth and the provider's region it stands for. */
  readonly regions: ReadonlyMap<string, { readonly providerRegion: string }>;
  /** The region of the operator's own cluster; undefined when its nodes do not say. */
  readonly objectiveRegion: string | undefined;
}

export interface Rejection {
  readonly kind: 'rejected';
  readonly reason: DRScenarioReason;
  readonly message: string;
}

export type Acceptance = { readonly kind: 'accepted' } | Rejection;

/** Of one sort, in one message: a condition has room for three with their expressions. */
const MOST_PROBLEMS = 3;

const rejected = (reason: DRScenarioReason, message: string): Rejection => ({
  kind: 'rejected',
  reason,
  message,
});

export function accept(spec: DRScenarioSpec, facts: AcceptanceFacts): Acceptance {
  const [ofSpec] = specRejections(spec);
  return (
    ofSpec ??
    checkRegion('source', spec.source.region, facts) ??
    checkRegion('recovery', spec.recovery.region, facts) ??
    checkDistinct(spec, facts) ?? { kind: 'accepted' }
  );
}

/** Why a spec cannot come into force whatever else there is: of each sort one, with all that is wrong. */
export function specRejections(spec: DRScenarioSpec): readonly Rejection[] {
  return [
    checkDurations(spec),
    checkNames(spec),
    checkSchedule(spec),
    checkEdges(spec),
    checkRules(spec),
    checkTransforms(spec),
    allOf('InvalidSpec', hookProblems(spec)),
    allOf('InvalidSpec', veleroProblems(spec)),
  ].filter((rejection) => rejection !== undefined);
}

/**
 * Whether only the source can say if a spec can be replayed: what is selected, or
 * in which order, is not as it was. Such a spec is tried before it is in force.
 */
export function needsTrial(before: DRScenarioSpec, after: DRScenarioSpec): boolean {
  const decisive = ({ source, resources, dependencies }: DRScenarioSpec): string =>
    JSON.stringify({ source, resources, dependencies });
  return decisive(before) !== decisive(after);
}

/** Of failed captures: what the source says of the spec, and only another spec or another source can mend. */
export const REFUSALS: ReadonlySet<DRScenarioReason> = new Set([
  'DependencyCycle',
  'UnknownDependency',
  'InvalidRule',
  'NothingSelected',
]);

function checkDurations(spec: DRScenarioSpec): Rejection | undefined {
  const wishes: readonly (readonly [field: string, text: string | undefined])[] = [
    ['objectives.rpo', spec.objectives.rpo],
    ['objectives.rto', spec.objectives.rto],
    ['failover.maxDataLoss', spec.failover.maxDataLoss],
    ['failover.stepTimeout', spec.failover.stepTimeout],
    ['dns.timeout', spec.dns.timeout],
    ['replication.retention.maxAge', spec.replication.retention.maxAge],
    ['replication.volumes.snapshotTimeout', spec.replication.volumes.snapshotTimeout],
  ];
  for (const [field, text] of wishes) {
    const value = text === undefined ? undefined : parseDuration(text);
    if (text !== undefined && (value === undefined || value <= 0)) {
      return rejected(
        'InvalidSpec',
        `spec.${field} is "${text}": write a duration above zero such as 30s, 5m or 1h30m`,
      );
    }
  }
  return undefined;
}

function checkRegion(
  role: 'source' | 'recovery',
  name: string,
  facts: AcceptanceFacts,
): Rejection | undefined {
  const region = facts.regions.get(name);
  if (region === undefined) {
    const known = [...facts.regions.keys()].toSorted().join(', ') || 'none yet';
    return rejected(
      'RegionNotFound',
      `spec.${role}.region is "${name}", but there is no RegionHealth of that name (known: ${known}): create it, or correct the name`,
    );
  }
  if (facts.objectiveRegion !== undefined && region.providerRegion === facts.objectiveRegion) {
    return rejected(
      'ObjectiveInProtectedRegion',
      `spec.${role}.region "${name}" is ${region.providerRegion}, where the operator itself runs: losing it would lose both; run the operator in a third region`,
    );
  }
  return undefined;
}

function checkNames({ source, recovery }: DRScenarioSpec): Rejection | undefined {
  if (source.region !== recovery.region) return undefined;
  return rejected(
    'InvalidSpec',
    `spec.recovery.region is "${recovery.region}", the same as spec.source.region: choose another`,
  );
}

/** Two names may stand for one region of the provider. */
function checkDistinct(spec: DRScenarioSpec, facts: AcceptanceFacts): Rejection | undefined {
  const source = facts.regions.get(spec.source.region)?.providerRegion;
  const recovery = facts.regions.get(spec.recovery.region)?.providerRegion;
  if (source !== recovery) return undefined;
  return rejected(
    'InvalidSpec',
    `spec.recovery.region "${spec.recovery.region}" is the same region as spec.source.region "${spec.source.region}" (${source ?? 'unknown'}): choose another`,
  );
}

function checkSchedule({ replication }: DRScenarioSpec): Rejection | undefined {
  for (const [index, { timeZone }] of replication.schedule.exclusionWindows.entries()) {
    const problem = timeZoneProblem(timeZone);
    if (problem === undefined) continue;
    const field = `spec.replication.schedule.exclusionWindows[${index}].timeZone`;
    return rejected('InvalidSpec', `${field}: ${problem}`);
  }
  return undefined;
}

/** A cycle among the explicit edges alone, found without looking at any cluster. */
function checkEdges(spec: DRScenarioSpec): Rejection | undefined {
  const path = explicitCycle(spec.dependencies.edges);
  return path === undefined
    ? undefined
    : rejected(
        'DependencyCycle',
        `spec.dependencies.edges go round in a circle: ${path.join(' -> ')}: remove one of them`,
      );
}

function checkRules(spec: DRScenarioSpec): Rejection | undefined {
  return allOf('InvalidRule', ruleProblems(spec.dependencies).map(describeProblem));
}

function checkTransforms({ replication, resources }: DRScenarioSpec): Rejection | undefined {
  const compiled = compileTransforms(replication.transforms, resources.namespaces);
  if (compiled.kind === 'compiled') return undefined;
  return allOf('InvalidSpec', compiled.problems.map(describeTransformProblem));
}

/** Told all at once, so that correcting a spec takes one attempt. */
function allOf(reason: DRScenarioReason, problems: readonly string[]): Rejection | undefined {
  if (problems.length === 0) return undefined;
  const rest = problems.length - MOST_PROBLEMS;
  const more = rest > 0 ? [`and ${rest} more`] : [];
  return rejected(reason, [...problems.slice(0, MOST_PROBLEMS), ...more].join('; '));
}

/**
 * The first cycle among before/after pairs, as a path that ends where it starts.
 * Depth-first search with three colours (Cormen et al., Introduction to
 * Algorithms, 22.3), iterative so that a long chain cannot exhaust the stack.
 */
export function explicitCycle(edges: DRScenarioSpec['dependencies']['edges']): readonly string[] | undefined {
  const next = new Map<string, string[]>();
  for (const { before, after } of edges) next.set(before, [...(next.get(before) ?? []), after]);
  const finished = new Set<string>();
  for (const start of next.keys()) {
    const path: string[] = [];
    const pending: { readonly node: string; readonly depth: number }[] = [{ node: start, depth: 0 }];
    for (let item = pending.pop(); item !== undefined; item = pending.pop()) {
      for (const left of path.splice(item.depth)) finished.add(left);
      if (finished.has(item.node)) continue;
      const seen = path.indexOf(item.node);
      if (seen >= 0) return [...path.slice(seen), item.node];
      path.push(item.node);
      const depth = path.length;
      pending.push(...(next.get(item.node) ?? []).map((node) => ({ node, depth })));
    }
    for (const left of path) finished.add(left);
  }
  return undefined;
}
