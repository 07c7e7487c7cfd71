/**
 * One pass of asking the recovery cluster whether it would take the newest
 * recovery point: a few seconds at a time, asked anew when what was captured or
 * the spec is another, and every ten minutes; what cannot be asked is said to be
 * unknown. When passes run is the business of feasible-reviews.ts, and what
 * follows from the answers is decided in feasible-view.ts.
 */
import { createHash } from 'node:crypto';
import type { DRScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import type { Rehearsed } from '../../../domain/protection/feasibility.ts';
import type { Finding } from '../../../domain/protection/feasibility-finding.ts';
import type { PointManifest } from '../../../domain/protection/point.ts';
import { between, minutes, seconds, type Tick } from '../../../domain/time.ts';
import { PointDamagedError, type Rehearsal, type ScenarioIdentity } from '../../../engines/engine.ts';
import {
  InvalidTransformsError,
  type TransformedPoint,
  transformedPoint,
  withoutFailures,
} from '../../../engines/transformed-point.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { DeadlineExceededError, withinDeadline } from '../../../kube/deadline.ts';
import { KubeError } from '../../../kube/errors.ts';
import { describeError, type Log } from '../../../kube/log.ts';
import { StoreError } from '../../../store/store.ts';
import { ReadTimeoutError, readBounded } from '../../long-read.ts';
import type { CaptureOutcome } from '../capture/outcome.ts';
import type { Decision } from '../decide.ts';
import type { ActDeps } from '../deps.ts';
import { specToRead } from '../points/former-store.ts';
import { newestVerified } from '../points/listed-points.ts';
import { identityOf, type ScenarioWorld } from '../world.ts';
import { recoveryRoom } from './recovery-room.ts';

/** What is to be known: whether this point, by this spec, can be recovered. Said anew in every run of the scenario. */
export interface Question {
  readonly scenario: ScenarioIdentity;
  /** With the store that the point is in. */
  readonly spec: DRScenarioSpec;
  readonly generation: number;
  /** Name of the newest point. */
  readonly point: string;
  /** Of what is in the point; undefined when this process did not capture it just now. */
  readonly fingerprint: string | undefined;
  /** Why the recovery region is known to be away, which makes asking pointless; undefined when it is not. */
  readonly away: string | undefined;
}

/** What this process remembers of asking. Lost with it, and then everything is asked once more. */
export interface FeasibilityMemory {
  /** The newest point this speaks of. */
  readonly point: string;
  readonly generation: number;
  /** Of what is in the point; most points differ from the one before in their instant alone. */
  readonly fingerprint: string | undefined;
  /** Undefined when the point could not be read. */
  readonly graph: Pick<PointManifest, 'units' | 'edges'> | undefined;
  /** The last answer that is complete, and when it was given; not given yet when undefined. */
  readonly answer: Rehearsed;
  readonly answeredAt: Tick | undefined;
  readonly underWay: { readonly opened: TransformedPoint; readonly rehearsal: Rehearsal } | undefined;
}

export interface ReviewDeps extends Pick<ActDeps, 'clusters' | 'engine' | 'clock'> {
  readonly log: Log;
}

/** Clusters change without our knowing: classes, quotas, policies, nodes. */
const ASK_AGAIN = minutes(10);
/** A content that changes all the time is not asked about all the time. */
const SETTLE = seconds(30);
/** After a time when it could not be asked, also about another point: a dead region is not asked all the time. */
const RETRY = seconds(30);
/** Objects are asked about for this long in one pass. */
const ASKING = seconds(2);
/** And answers of the recovery cluster are waited for until then. */
const LONGEST_PASS = seconds(10);

/** @returns undefined when nothing should be asked: there is no point yet, or a recovery is near or under way */
export function questionOf(
  world: ScenarioWorld,
  { inForce, capture, acceptedGeneration }: Decision,
  captured: CaptureOutcome | undefined,
): Question | undefined {
  const manifest = captured?.kind === 'succeeded' ? captured.point.manifest : undefined;
  const { status } = world.parsed;
  const newest = newestVerified(status);
  const point = manifest?.name ?? newest?.name;
  if (inForce === undefined || point === undefined || capture.kind === 'held') return undefined;
  // The source may be about to be judged lost: a failover must find the recovery cluster at rest.
  if (world.regions.get(inForce.source.region)?.verdict === 'Unreachable') return undefined;
  const { region } = inForce.recovery;
  const recovery = world.regions.get(region);
  const isAway = recovery?.verdict === 'Unreachable' || recovery?.verdict === 'Failed';
  return {
    scenario: identityOf(world),
    spec: manifest === undefined ? specToRead(newest ?? {}, status, inForce) : inForce,
    generation: acceptedGeneration ?? 0,
    point,
    fingerprint: manifest === undefined ? undefined : fingerprintOf(manifest),
    away: isAway ? `${region} is ${recovery.verdict}: ${recovery.message}` : undefined,
  };
}

/**
 * One pass, if one is due; else `memory` itself. What goes wrong is an answer
 * `not-rehearsed`; thrown is only the abort of `signal`.
 */
export async function review(
  question: Question,
  memory: FeasibilityMemory | undefined,
  deps: ReviewDeps,
  signal: AbortSignal,
): Promise<FeasibilityMemory | undefined> {
  if (!isDue(memory, question, deps.clock.tick())) return memory;
  const { namespace, name } = question.scenario;
  const { region } = question.spec.recovery;
  try {
    const opened = await openedFor(question, memory, deps, signal);
    return await withinDeadline(deps.clock, LONGEST_PASS, signal, (limited) =>
      pass(question, memory, opened, deps, limited),
    );
  } catch (error) {
    signal.throwIfAborted();
    const isLate = error instanceof DeadlineExceededError;
    const message = isLate ? `${region} did not answer in time` : explain(error);
    const fields = { scenario: `${namespace}/${name}`, cluster: region };
    deps.log.warn({ ...fields, error: describeError(error) }, 'feasibility is unknown');
    return unknown(memory, question, message, deps);
  }
}

function isDue(memory: FeasibilityMemory | undefined, question: Question, now: Tick): boolean {
  const age = memory?.answeredAt === undefined ? undefined : between(memory.answeredAt, now);
  if (memory === undefined || age === undefined) return true;
  if (memory.answer.kind === 'not-rehearsed') return age >= RETRY;
  if (memory.generation !== question.generation) return true;
  const isSame = memory.point === question.point || memory.fingerprint === question.fingerprint;
  return age >= (isSame ? ASK_AGAIN : SETTLE);
}

/** What was begun is finished, also when there is a newer point by now: else a busy source would never get an answer. */
const begunFor = ({ generation }: Question, memory: FeasibilityMemory | undefined) =>
  memory?.generation === generation ? memory.underWay : undefined;

/**
 * The point that is asked about. Not in the time of a pass: that is for the
 * recovery cluster, and here the store may be slow.
 * @throws StoreError, ReadTimeoutError, PointDamagedError, InvalidTransformsError
 */
async function openedFor(
  question: Question,
  memory: FeasibilityMemory | undefined,
  { engine, clock }: ReviewDeps,
  signal: AbortSignal,
): Promise<TransformedPoint> {
  const before = begunFor(question, memory);
  if (before !== undefined) return before.opened;
  const { spec, point } = question;
  const open = (limited: AbortSignal) => engine(spec).open(point, limited);
  const captured = await readBounded(`recovery point ${point}`, open, clock, signal);
  return transformedPoint(captured, spec.replication.transforms);
}

/** @throws KubeError */
async function pass(
  question: Question,
  memory: FeasibilityMemory | undefined,
  opened: TransformedPoint,
  deps: ReviewDeps,
  signal: AbortSignal,
): Promise<FeasibilityMemory> {
  const { spec, generation, scenario } = question;
  const engine = deps.engine(spec);
  const before = begunFor(question, memory);
  const fingerprint = fingerprintOf(opened.captured);
  if (memory !== undefined && isStillAnswered(memory, generation, fingerprint, deps.clock.tick()))
    return { ...memory, point: question.point };
  const { units, edges } = opened.manifest;
  const current = {
    generation,
    point: opened.manifest.name,
    fingerprint,
    graph: { units, edges },
    answer: memory?.answer ?? {
      kind: 'not-rehearsed' as const,
      message: 'the recovery cluster is being asked',
    },
    answeredAt: undefined,
    underWay: undefined,
  };
  const target = reach(question, deps);
  if (target.kind === 'unreachable') return { ...current, ...answer(target.message, deps) };
  const budget = { clock: deps.clock, time: ASKING };
  const asked = withoutFailures(opened);
  const rehearsal = await engine.rehearse(asked, scenario, target.cluster, before?.rehearsal, budget, signal);
  if (rehearsal.done < rehearsal.total) return { ...current, underWay: { opened, rehearsal } };
  const room = await recoveryRoom(asked, rehearsal, target.cluster, signal);
  const rehearsed = {
    kind: 'rehearsed' as const,
    accepted: rehearsal.accepted,
    notRehearsed: [...rehearsal.notRehearsed].map(([why, objects]) => ({ why, objects })),
    unchecked: room.unchecked,
    findings: [...untransformed(opened), ...rehearsal.findings, ...room.findings],
  };
  return { ...current, answer: rehearsed, answeredAt: deps.clock.tick() };
}

/** What the recovery cluster was not asked about, because a transform does not fit it. */
function untransformed({ failures }: TransformedPoint): readonly Finding[] {
  return [...failures].map(([object, message]) => ({
    object,
    reason: 'RecoveryRefuses',
    message: `it would not be restored: ${message}`,
    remedy: 'correct the transform in spec.replication.transforms; antipode plan shows what each one does',
  }));
}

/** A point captured by another process, or while this one did not look, may hold what was asked about already. */
function isStillAnswered(
  memory: FeasibilityMemory,
  generation: number,
  fingerprint: string,
  now: Tick,
): boolean {
  const { answeredAt, answer: last } = memory;
  const isFresh = answeredAt !== undefined && between(answeredAt, now) < ASK_AGAIN;
  const isSame = memory.generation === generation && memory.fingerprint === fingerprint;
  return isFresh && isSame && last.kind === 'rehearsed';
}

type Reached =
  | { readonly kind: 'reached'; readonly cluster: Cluster }
  | { readonly kind: 'unreachable'; readonly message: string };

function reach({ spec, away }: Question, { clusters }: ReviewDeps): Reached {
  if (away !== undefined) return { kind: 'unreachable', message: away };
  const { region } = spec.recovery;
  const access = clusters.region(region);
  return access.kind === 'available'
    ? { kind: 'reached', cluster: access.cluster }
    : { kind: 'unreachable', message: `${region} cannot be reached: ${access.message}` };
}

function answer(message: string, { clock }: ReviewDeps) {
  const notRehearsed: Rehearsed = { kind: 'not-rehearsed', message };
  return { answer: notRehearsed, answeredAt: clock.tick(), underWay: undefined };
}

function unknown(
  memory: FeasibilityMemory | undefined,
  { point, generation }: Question,
  message: string,
  deps: ReviewDeps,
): FeasibilityMemory {
  const known = memory ?? { fingerprint: undefined, graph: undefined };
  return { ...known, point, generation, fingerprint: undefined, ...answer(message, deps) };
}

function explain(error: unknown): string {
  const isExpected =
    error instanceof KubeError ||
    error instanceof StoreError ||
    error instanceof ReadTimeoutError ||
    error instanceof PointDamagedError ||
    error instanceof InvalidTransformsError;
  return isExpected ? error.message : `internal error, see the operator's log: ${describeError(error)}`;
}

function fingerprintOf({ objects }: PointManifest): string {
  const hash = createHash('sha256');
  for (const { key, digest } of objects) hash.update(`${key} ${digest}\n`);
  return hash.digest('hex');
}
