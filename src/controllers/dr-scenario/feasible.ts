/**
 * Asks the recovery cluster, now and then, whether it would take the newest
 * recovery point: a few seconds at a time and only between captures, so that
 * asking never makes one late. Asked anew when what was captured or the spec is
 * another, and every ten minutes; what cannot be asked is said to be unknown.
 * What follows from the answers is decided in feasible-view.ts.
 */
import { createHash } from 'node:crypto';
import type { DRScenarioSpec } from '../../api/v1alpha1/dr-scenario.ts';
import type { Rehearsed } from '../../domain/protection/feasibility.ts';
import type { PointManifest } from '../../domain/protection/point.ts';
import { between, type Millis, millis, minutes, seconds, type Tick } from '../../domain/time.ts';
import { type OpenPoint, PointDamagedError, type Rehearsal } from '../../engines/engine.ts';
import type { Cluster } from '../../kube/cluster.ts';
import { KubeError } from '../../kube/errors.ts';
import { describeError, type Log } from '../../kube/log.ts';
import { StoreError } from '../../store/store.ts';
import { type ActDeps, type CaptureOutcome, identityOf } from './act.ts';
import type { Decision } from './decide.ts';
import { recoveryRoom } from './recovery-room.ts';
import type { ScenarioWorld } from './world.ts';

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
  readonly underWay: { readonly opened: OpenPoint; readonly rehearsal: Rehearsal } | undefined;
}

export interface ReviewDeps extends Omit<ActDeps, 'announcer' | 'objective'> {
  readonly log: Log;
}

/** Clusters change without our knowing: classes, quotas, policies, nodes. */
const ASK_AGAIN = minutes(10);
/** A content that changes all the time is not asked about all the time. */
const SETTLE = seconds(30);
/** After a time when it could not be asked, also about another point: a dead region must not hold up workers. */
const RETRY = seconds(30);
/** Objects are asked about for this long in one pass. */
const ASKING = seconds(2);
/** And answers are waited for until then: a failover that becomes necessary meanwhile must not wait longer. */
const LONGEST_PASS = seconds(10);
/** With less time than this until the next capture, nothing is begun. */
const SHORTEST_PASS = millis(500);

/** The memory after a capture: the same content under a new name needs no new answer. */
export function noteCapture(
  memory: FeasibilityMemory | undefined,
  capture: CaptureOutcome | undefined,
): FeasibilityMemory | undefined {
  if (memory === undefined || capture?.kind !== 'succeeded') return memory;
  const { manifest } = capture.point;
  return fingerprintOf(manifest) === memory.fingerprint ? { ...memory, point: manifest.name } : memory;
}

/** Whether asking should go on before the next idle look. */
export const isUnderWay = (memory: FeasibilityMemory | undefined, { capture }: Decision): boolean =>
  memory?.underWay !== undefined && capture.kind === 'wait';

/** One pass, if one is due. What goes wrong is an answer `not-rehearsed`; thrown is only the abort of `signal`. */
export async function review(
  world: ScenarioWorld,
  decision: Decision,
  memory: FeasibilityMemory | undefined,
  deps: ReviewDeps,
  signal: AbortSignal,
): Promise<FeasibilityMemory | undefined> {
  const { inForce, capture } = decision;
  const point = world.parsed.status.recoveryPoint?.name;
  if (inForce === undefined || point === undefined || capture.kind !== 'wait') return memory;
  if (capture.delay < SHORTEST_PASS) return memory;
  // The source may be about to be judged lost: a failover must not wait for this.
  const source = world.regions.get(inForce.source.region)?.verdict;
  if (source === 'Unreachable' || source === 'Failed') return memory;
  const wanted = { point, generation: decision.acceptedGeneration ?? 0 };
  if (!isDue(memory, wanted, deps.clock.tick())) return memory;
  const time = millis(Math.min(capture.delay, LONGEST_PASS));
  const ask = (limited: AbortSignal) => pass(world, inForce, wanted, memory, { deps, time }, limited);
  try {
    const answered = await within(time, deps, signal, ask);
    if (answered !== 'late') return answered;
    return unknown(memory, wanted, `${inForce.recovery.region} did not answer in time`, deps);
  } catch (error) {
    signal.throwIfAborted();
    const message = explain(error);
    const fields = { scenario: scenarioOf(world), cluster: inForce.recovery.region };
    deps.log.warn({ ...fields, error: describeError(error) }, 'feasibility is unknown');
    return unknown(memory, wanted, message, deps);
  }
}

interface Wanted {
  readonly point: string;
  readonly generation: number;
}

function isDue(memory: FeasibilityMemory | undefined, wanted: Wanted, now: Tick): boolean {
  if (memory === undefined) return true;
  const age = memory.answeredAt === undefined ? undefined : between(memory.answeredAt, now);
  if (age === undefined) return true;
  if (memory.answer.kind === 'not-rehearsed') return age >= RETRY;
  if (memory.generation !== wanted.generation) return true;
  return age >= (memory.point === wanted.point ? ASK_AGAIN : SETTLE);
}

/** @throws KubeError, StoreError, PointDamagedError */
async function pass(
  world: ScenarioWorld,
  spec: DRScenarioSpec,
  wanted: Wanted,
  memory: FeasibilityMemory | undefined,
  { deps, time }: { readonly deps: ReviewDeps; readonly time: Millis },
  signal: AbortSignal,
): Promise<FeasibilityMemory> {
  const engine = deps.engine(spec);
  // What was begun is finished, also when there is a newer point by now: else a busy source would never get an answer.
  const before = memory?.generation === wanted.generation ? memory.underWay : undefined;
  const opened = before?.opened ?? (await engine.open(wanted.point, signal));
  const fingerprint = fingerprintOf(opened.manifest);
  if (memory !== undefined && isStillAnswered(memory, wanted, fingerprint, deps.clock.tick()))
    return { ...memory, ...wanted };
  const { units, edges } = opened.manifest;
  const current = {
    generation: wanted.generation,
    point: before === undefined ? wanted.point : (memory?.point ?? wanted.point),
    fingerprint,
    graph: { units, edges },
    answer: memory?.answer ?? {
      kind: 'not-rehearsed' as const,
      message: 'the recovery cluster is being asked',
    },
    answeredAt: undefined,
    underWay: undefined,
  };
  const target = reach(world, spec, deps);
  if (target.kind === 'unreachable') return { ...current, ...answer(target.message, deps) };
  const budget = { clock: deps.clock, time: millis(Math.min(ASKING, time / 2)) };
  const identity = identityOf(world);
  const rehearsal = await engine.rehearse(
    opened,
    identity,
    target.cluster,
    before?.rehearsal,
    budget,
    signal,
  );
  if (rehearsal.done < rehearsal.total) return { ...current, underWay: { opened, rehearsal } };
  const room = await recoveryRoom(opened, rehearsal, target.cluster, signal);
  const rehearsed = {
    kind: 'rehearsed' as const,
    accepted: rehearsal.accepted,
    notRehearsed: [...rehearsal.notRehearsed].map(([why, objects]) => ({ why, objects })),
    unchecked: room.unchecked,
    findings: [...rehearsal.findings, ...room.findings],
  };
  return { ...current, answer: rehearsed, answeredAt: deps.clock.tick() };
}

/** A point captured by another process, or while this one did not look, may hold what was asked about already. */
function isStillAnswered(
  memory: FeasibilityMemory,
  { generation }: Wanted,
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

/** A region known to be away is not asked: its silence would cost a deadline each time. */
function reach(world: ScenarioWorld, { recovery: { region } }: DRScenarioSpec, deps: ReviewDeps): Reached {
  const view = world.regions.get(region);
  if (view?.verdict === 'Unreachable' || view?.verdict === 'Failed')
    return { kind: 'unreachable', message: `${region} is ${view.verdict}: ${view.message}` };
  const access = deps.clusters.region(region);
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
  wanted: Wanted,
  message: string,
  deps: ReviewDeps,
): FeasibilityMemory {
  const known = memory ?? { fingerprint: undefined, graph: undefined };
  return { ...known, ...wanted, fingerprint: undefined, ...answer(message, deps) };
}

function explain(error: unknown): string {
  const isExpected =
    error instanceof KubeError || error instanceof StoreError || error instanceof PointDamagedError;
  return isExpected ? error.message : `internal error, see the operator's log: ${describeError(error)}`;
}

function scenarioOf({ object }: ScenarioWorld): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}

function fingerprintOf({ objects }: PointManifest): string {
  const hash = createHash('sha256');
  for (const { key, digest } of objects) hash.update(`${key} ${digest}\n`);
  return hash.digest('hex');
}

/** Runs `work` until it ends, or for so long. @throws what `work` throws, and the signal's reason when it is aborted */
async function within<Result>(
  time: Millis,
  { clock }: ReviewDeps,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result | 'late'> {
  const late = new AbortController();
  const ended = new AbortController();
  // Sleeping is cut short when the work has ended, which is no failure.
  const timer = clock.sleep(time, ended.signal).then(
    () => late.abort(new Error('out of time')),
    () => undefined,
  );
  try {
    return await work(AbortSignal.any([signal, late.signal]));
  } catch (error) {
    if (late.signal.aborted && !signal.aborted) return 'late';
    throw error;
  } finally {
    ended.abort();
    await timer;
  }
}
