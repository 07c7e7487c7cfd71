/**
 * One capture of a scenario: by which spec, what that has shown of an edited
 * one, and what came of it. How a capture by one spec goes is in capture-by.ts.
 */
import type { DRScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import { REFUSALS } from '../../../domain/protection/acceptance.ts';
import { between, fromRfc3339, type Instant, tick } from '../../../domain/time.ts';
import type { ActDeps } from '../deps.ts';
import { newestVerified } from '../points/listed-points.ts';
import type { ScenarioWorld } from '../world.ts';
import { type CapturedBy, captureBy } from './capture-by.ts';
import type { CaptureOutcome, Judged, Shown } from './outcome.ts';

/** What is to be captured, and by which spec. */
export interface Subject {
  readonly world: ScenarioWorld;
  readonly spec: DRScenarioSpec;
  /** Of `spec`. */
  readonly generation: number | undefined;
  /** A newer one, in force as soon as a capture has shown that it can be. */
  readonly candidate?: { readonly spec: DRScenarioSpec; readonly generation: number } | undefined;
}

/** Captures, verifies against the source, and prunes what is beyond retention, whether the point is proven or not. */
export async function capture(subject: Subject, deps: ActDeps, signal: AbortSignal): Promise<CaptureOutcome> {
  const [begun, begunAt] = [deps.clock.tick(), deps.clock.now()];
  const outcome = await captureSubject(subject, deps, signal);
  // Counted from what the copy is of, which may be somewhat before the start: else the next would come too late.
  const early = Math.max(0, begunAt - (asOf(outcome) ?? begunAt));
  return { ...outcome, startedAt: tick(begun - early), took: between(begun, deps.clock.tick()) };
}

function asOf(outcome: CapturedBy): Instant | undefined {
  if (outcome.kind === 'failed') return undefined;
  return outcome.kind === 'unchanged' ? outcome.asOf : fromRfc3339(outcome.point.manifest.capturedAt);
}

/** By the newer spec if it can be; else by the one in force, so that a bad edit costs no point. */
async function captureSubject(
  { world, spec, generation, candidate }: Subject,
  deps: ActDeps,
  signal: AbortSignal,
): Promise<CapturedBy & Shown> {
  if (candidate !== undefined) {
    const tried = await captureBy(world, candidate.spec, deps, signal);
    const judged = judgedBy(tried, candidate.generation);
    if (judged?.refused === undefined) return { ...tried, judged };
    return { ...(await captureAsEver(world, spec, deps, signal)), judged };
  }
  const result = await captureAsEver(world, spec, deps, signal);
  return generation === undefined ? result : { ...result, judged: judgedBy(result, generation) };
}

function judgedBy(result: CapturedBy, generation: number): Judged | undefined {
  if (result.kind !== 'failed' || result.offer !== undefined) return { generation };
  const { reason, message } = result;
  return REFUSALS.has(reason) ? { generation, refused: { reason, message } } : undefined;
}

/**
 * An edge that names nothing has been followed in earlier points, so what it
 * named has gone: no reason to protect nothing of what is left.
 */
async function captureAsEver(
  world: ScenarioWorld,
  spec: DRScenarioSpec,
  deps: ActDeps,
  signal: AbortSignal,
): Promise<CapturedBy & Shown> {
  const result = await captureBy(world, spec, deps, signal);
  if (result.kind !== 'failed' || result.unknown === undefined) return result;
  if (newestVerified(world.parsed.status) === undefined) return result;
  const { unknown, message } = result;
  const { edges } = spec.dependencies;
  const left = edges.filter(({ before, after }) => before !== unknown.before || after !== unknown.after);
  const without = { ...spec, dependencies: { ...spec.dependencies, edges: left } };
  const again = await captureAsEver(world, without, deps, signal);
  return { ...again, warnings: [`${message}; it is not followed`, ...(again.warnings ?? [])] };
}
