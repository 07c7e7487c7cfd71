/**
 * The effects of a scenario's decision: make and prove a recovery point, keep
 * the DNS records announced, start a failover. Each may be repeated safely, and
 * each failure is an outcome to be shown, not the end of the run.
 */
import { API_VERSION } from '../../api/v1alpha1/common.ts';
import { type DRExecutionSpec, drExecutionKind } from '../../api/v1alpha1/dr-execution.ts';
import type { DRScenarioSpec } from '../../api/v1alpha1/dr-scenario.ts';
import type { DRScenarioReason } from '../../api/v1alpha1/reasons/dr-scenario.ts';
import type { Announcer } from '../../dns/external-dns.ts';
import { AUTOMATIC_LABEL } from '../../domain/execution/admit.ts';
import { REFUSALS } from '../../domain/protection/acceptance.ts';
import {
  between,
  type Clock,
  fromRfc3339,
  type Instant,
  type Millis,
  type Tick,
  tick,
} from '../../domain/time.ts';
import type { PublishedPoint } from '../../engines/engine.ts';
import type { Cluster } from '../../kube/cluster.ts';
import { KubeError } from '../../kube/errors.ts';
import { type CaptureDeps, type CapturedBy, captureBy } from './capture-by.ts';
import { newestVerified } from './listed-points.ts';
import type { Offer } from './prune.ts';
import type { ScenarioWorld } from './world.ts';

export interface ActDeps extends CaptureDeps {
  readonly announcer: Announcer;
  readonly clock: Clock;
}

/** What a capture has shown of the spec of a generation: `refused` when the source has nothing it could be replayed with. */
export interface Judged {
  readonly generation: number;
  readonly refused?: { readonly reason: DRScenarioReason; readonly message: string };
}

interface Shown {
  /** Undefined when the capture ended before that was known. */
  readonly judged?: Judged | undefined;
  /** Edges that are not followed, because what they name has gone from the source; what could not be seen of the point when it was proven. */
  readonly warnings?: readonly string[];
}

export type CaptureOutcome = Shown & Ended;

type Ended =
  | {
      readonly kind: 'succeeded';
      readonly point: PublishedPoint;
      readonly verifiedAt: Instant;
      /** All that are to be offered, newest first. */
      readonly offer: Offer;
      /** What the point is of, on our clock: the start of the capture or somewhat before. */
      readonly startedAt: Tick;
      readonly took: Millis;
    }
  /** The newest verified point is still what the source has, as it was found `asOf` then. */
  | {
      readonly kind: 'unchanged';
      readonly point: PublishedPoint;
      readonly asOf: Instant;
      readonly offer: Offer;
      /** `asOf` on our clock. */
      readonly startedAt: Tick;
      readonly took: Millis;
    }
  | {
      readonly kind: 'failed';
      readonly reason: DRScenarioReason;
      readonly message: string;
      /** With a point that was published and is not proven: all that are to be offered, newest first. */
      readonly offer?: Offer;
      readonly startedAt: Tick;
      readonly took: Millis;
    };

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

/** Creates the execution of an automatic failover; the same failure makes the same name, so again is harmless. */
export async function startFailover(
  world: ScenarioWorld,
  start: { readonly name: string; readonly spec: DRExecutionSpec },
  objective: Cluster,
  signal: AbortSignal,
): Promise<void> {
  const { namespace } = world.object.metadata;
  const inNamespace = namespace === undefined ? {} : { namespace };
  const execution = {
    apiVersion: API_VERSION,
    kind: drExecutionKind.kind,
    metadata: { name: start.name, ...inNamespace, labels: { [AUTOMATIC_LABEL]: 'true' } },
    spec: start.spec,
  };
  try {
    await objective.create(execution, signal);
  } catch (error) {
    if (!(error instanceof KubeError && error.code === 'AlreadyExists')) throw error;
  }
}
