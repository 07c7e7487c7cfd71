/**
 * The graphs of what is in force and of what is planned, both of the source as
 * it is now. What is in force falls back to the last published graph; what is
 * planned to nothing, and the plan shows then only what changes in the spec.
 */
import type { DRScenarioSpec } from '../api/v1alpha1/dr-scenario.ts';
import { type Compared, nothing } from '../domain/graph/diff/plan-diff.ts';
import type { TransformReport } from './plan-transforms.ts';
import { readPublishedGraph, type Scenario, type ScenarioKey } from './read-scenario.ts';
import { type SourceDeps, type SourceGraph, sourceGraph } from './source-graph.ts';

type Comparison =
  | {
      readonly kind: 'compared';
      readonly before: Compared;
      readonly after: Compared;
      readonly missingNamespaces: readonly string[];
      readonly transforms: TransformReport | undefined;
      readonly notes: readonly string[];
    }
  | { readonly kind: 'unknown'; readonly notes: readonly string[] }
  | { readonly kind: 'impossible'; readonly message: string };

interface Specs {
  readonly present: Scenario | undefined;
  readonly before: DRScenarioSpec | undefined;
  readonly after: DRScenarioSpec;
}

/** @throws KubeError */
export async function compareGraphs(
  key: ScenarioKey,
  { present, before, after }: Specs,
  deps: SourceDeps,
  signal: AbortSignal,
): Promise<Comparison> {
  const next = await sourceGraph(after, deps, signal);
  if (next.kind === 'impossible') return next;
  if (next.kind === 'unknown')
    return {
      kind: 'unknown',
      notes: [
        `what this does to objects, dependencies and order is not known, because the source cannot be read ` +
          `from here: ${next.message}. Shown is only what changes in the spec`,
      ],
    };
  const compared = {
    kind: 'compared' as const,
    after: next.graph,
    missingNamespaces: next.missingNamespaces,
    transforms: next.transforms,
    notes: next.warnings,
  };
  if (present === undefined || before === undefined) return { ...compared, before: nothing };
  const now = await sourceGraph(before, deps, signal);
  if (now.kind === 'graph') return { ...compared, before: now.graph };
  const published = await fromPublished(key, present, now, deps, signal);
  return { ...compared, before: published.before, notes: [...next.warnings, ...published.notes] };
}

/** What is in force, from the last published graph: it may differ from the source of today. */
async function fromPublished(
  key: ScenarioKey,
  present: Scenario,
  why: Exclude<SourceGraph, { kind: 'graph' }>,
  { objective }: SourceDeps,
  signal: AbortSignal,
): Promise<{ readonly before: Compared; readonly notes: readonly string[] }> {
  const published = await readPublishedGraph(objective, key, present, signal);
  if (published.kind === 'none')
    return { before: nothing, notes: [`everything counts as new, because ${published.message}`] };
  return {
    before: published.record,
    notes: [
      `compared with recovery point ${published.record.point}, not with the source of now (${why.message}): ` +
        'some differences may be changes in the source since then',
    ],
  };
}
