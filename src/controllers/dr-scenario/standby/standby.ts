/**
 * One look at the standby of a scenario: brought to the newest recovery point
 * when that is another or some time has passed, or taken away when it is wanted
 * no more. When looks happen is the business of standbys.ts, what is said of
 * them that of standby-view.ts.
 */
import type { KubeObject } from '../../../api/object.ts';
import type { DRScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import { currentAsOf } from '../../../domain/protection/point-age.ts';
import { between, type Instant, minutes, seconds, type Tick } from '../../../domain/time.ts';
import { PointDamagedError, type ScenarioIdentity } from '../../../engines/engine.ts';
import type { ClusterLimits } from '../../../engines/native/restore/cluster-limits.ts';
import { endStandby, type Removal } from '../../../engines/native/standby/remove.ts';
import type { StandbyReport } from '../../../engines/native/standby/report.ts';
import { keepStandby } from '../../../engines/native/standby/standby.ts';
import { InvalidTransformsError, transformedPoint } from '../../../engines/transformed-point.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { KubeError } from '../../../kube/errors.ts';
import type { EventRecorder } from '../../../kube/events.ts';
import { describeError, type Log } from '../../../kube/log.ts';
import { StoreError } from '../../../store/store.ts';
import type { CaptureOutcome } from '../capture/outcome.ts';
import type { Decision } from '../decide.ts';
import type { ActDeps } from '../deps.ts';
import { specToRead } from '../points/former-store.ts';
import { identityOf, type ScenarioWorld } from '../world.ts';

interface Wanted {
  readonly scenario: ScenarioIdentity;
  /** The scenario itself, for Events. */
  readonly object: KubeObject;
  /** The recovery region it is about. */
  readonly region: string;
  /** Why the region is known to be away, which makes asking pointless; undefined when it is not. */
  readonly away: string | undefined;
}

export type StandbyWish =
  | (Wanted & {
      readonly kind: 'keep';
      /** With the store that the point is in. */
      readonly spec: DRScenarioSpec;
      readonly generation: number;
      readonly point: string;
      /** The instant at which the source was seen to be as the point has it. */
      readonly asOf: Instant | undefined;
    })
  | (Wanted & { readonly kind: 'end' });

export type StandbyAnswer =
  | { readonly kind: 'kept'; readonly point: string; readonly report: StandbyReport }
  | { readonly kind: 'ended'; readonly removal: Removal }
  | { readonly kind: 'unknown'; readonly message: string };

/** What this process remembers of the last look. Lost with it, and then all is looked at once more. */
export interface StandbyMemory {
  readonly answer: StandbyAnswer;
  readonly wish: StandbyWish;
  readonly at: Instant;
  readonly tick: Tick;
  /** Kinds that there may be something of; undefined until every kind was looked at. */
  readonly kinds: ReadonlySet<string> | undefined;
}

export interface StandbyDeps extends Pick<ActDeps, 'clusters' | 'engine' | 'clock'> {
  readonly limits: ClusterLimits;
  readonly log: Log;
  readonly events: EventRecorder;
  /** Throws when this replica no longer leads. */
  readonly assertLeading: () => void;
}

/** What somebody changes in the standby is put right within this time, also while nothing is captured. */
const LOOK_AGAIN = minutes(1);
/** And after a capture that found nothing new, when the last look is older than this. */
const LOOK_AFTER_CAPTURE = seconds(15);
/** After a look that did not end well. */
const RETRY = seconds(15);
/** Between two looks in any case: the source is captured as often as its RPO asks. */
const REST = seconds(5);

/** @returns undefined when nothing is to be done: no standby is wanted, or the recovery cluster is needed for more */
export function standbyWishOf(
  world: ScenarioWorld,
  { inForce, capture, acceptedGeneration }: Decision,
  captured: CaptureOutcome | undefined,
): StandbyWish | undefined {
  if (inForce === undefined || capture.kind === 'held') return undefined;
  // The source may be about to be judged lost: a failover must find the recovery cluster at rest.
  if (world.regions.get(inForce.source.region)?.verdict === 'Unreachable') return undefined;
  const { status } = world.parsed;
  const { standby } = status;
  const wants = isWanted(inForce);
  const wanted = (region: string): Wanted => ({
    scenario: identityOf(world),
    object: world.object,
    region,
    away: awayOf(world, region),
  });
  if (standby !== undefined && (!wants || standby.region !== inForce.recovery.region))
    return { kind: 'end', ...wanted(standby.region) };
  const { recoveryPoint } = status;
  const made = captured?.kind === 'succeeded' ? captured.point.manifest.name : undefined;
  const point = made ?? recoveryPoint?.name;
  if (!wants || point === undefined) return undefined;
  const asOf = recoveryPoint === undefined ? undefined : currentAsOf(recoveryPoint);
  const spec = made === undefined ? specToRead(recoveryPoint ?? {}, status, inForce) : inForce;
  const common = { spec, generation: acceptedGeneration ?? 0, point, asOf };
  return { kind: 'keep', ...wanted(inForce.recovery.region), ...common };
}

/** Velero never changes what is there already, so it could not put a standby to work. */
export const isWanted = ({ replication }: DRScenarioSpec): boolean =>
  replication.standby === 'Warm' && replication.engine === 'native';

function awayOf(world: ScenarioWorld, region: string): string | undefined {
  const facts = world.regions.get(region);
  const isAway = facts?.verdict === 'Unreachable' || facts?.verdict === 'Failed';
  return isAway ? `${region} is ${facts.verdict}: ${facts.message}` : undefined;
}

/**
 * One look, if one is due; else `memory` itself. What goes wrong is an answer
 * `unknown`; thrown is only the abort of `signal`, and the loss of the lease.
 */
export async function look(
  wish: StandbyWish,
  memory: StandbyMemory | undefined,
  deps: StandbyDeps,
  signal: AbortSignal,
): Promise<StandbyMemory> {
  if (memory !== undefined && !isDue(memory, wish, deps.clock.tick())) return memory;
  deps.assertLeading();
  const kinds = memory?.wish.region === wish.region ? memory.kinds : undefined;
  const answer = await answerTo(wish, kinds, deps, signal).catch((error: unknown): StandbyAnswer => {
    signal.throwIfAborted();
    const { namespace, name } = wish.scenario;
    const fields = { scenario: `${namespace}/${name}`, cluster: wish.region };
    deps.log.warn({ ...fields, error: describeError(error) }, 'the standby could not be looked after');
    return { kind: 'unknown', message: explain(error) };
  });
  if (answer.kind === 'kept') tell(wish, answer.report, deps);
  const known = answer.kind === 'kept' ? answer.report.kinds : kinds;
  return { answer, wish, at: deps.clock.now(), tick: deps.clock.tick(), kinds: known };
}

function isDue({ answer, wish: before, tick }: StandbyMemory, wish: StandbyWish, now: Tick): boolean {
  const age = between(tick, now);
  if (before.kind !== wish.kind || before.region !== wish.region) return true;
  if (wish.kind === 'keep' && before.kind === 'keep') {
    if (before.generation !== wish.generation) return true;
    if (before.point !== wish.point && answer.kind === 'kept') return age >= REST;
    if (before.asOf !== wish.asOf && isGood(answer)) return age >= LOOK_AFTER_CAPTURE;
  }
  return age >= (isGood(answer) ? LOOK_AGAIN : RETRY);
}

function isGood(answer: StandbyAnswer): boolean {
  if (answer.kind === 'unknown') return false;
  if (answer.kind === 'ended') return answer.removal.problems.length === 0;
  const { differences, collisions } = answer.report;
  return differences.length === 0 && collisions.length === 0;
}

/** @throws KubeError, StoreError, PointDamagedError, InvalidTransformsError */
async function answerTo(
  wish: StandbyWish,
  kinds: ReadonlySet<string> | undefined,
  deps: StandbyDeps,
  signal: AbortSignal,
): Promise<StandbyAnswer> {
  const reached = reach(wish, deps);
  if (reached.kind === 'unreachable') return { kind: 'unknown', message: reached.message };
  const target = deps.limits.paced(reached.cluster);
  const { scenario } = wish;
  if (wish.kind === 'end') return { kind: 'ended', removal: await endStandby(target, scenario, signal) };
  const { spec, point: name } = wish;
  const opened = await deps.engine(spec).open(name, signal);
  const point = transformedPoint(opened, spec.replication.transforms);
  const report = await keepStandby({ point, scenario, target, log: deps.log, kinds }, signal);
  return { kind: 'kept', point: name, report };
}

type Reached =
  | { readonly kind: 'reached'; readonly cluster: Cluster }
  | { readonly kind: 'unreachable'; readonly message: string };

function reach({ region, away }: StandbyWish, { clusters }: StandbyDeps): Reached {
  if (away !== undefined) return { kind: 'unreachable', message: away };
  const access = clusters.region(region);
  return access.kind === 'available'
    ? { kind: 'reached', cluster: access.cluster }
    : { kind: 'unreachable', message: `${region} cannot be reached: ${access.message}` };
}

function tell({ object, region, scenario }: StandbyWish, report: StandbyReport, deps: StandbyDeps): void {
  const fields = { scenario: `${scenario.namespace}/${scenario.name}`, cluster: region };
  for (const repaired of report.repaired) {
    const message = `${repaired.object} was changed in ${region} (${repaired.message}) and was put right`;
    deps.events.record(object, 'Warning', 'StandbyRepaired', message);
    deps.log.warn(fields, message);
  }
  if (report.pruned.length > 0)
    deps.log.info(
      { ...fields, objects: report.pruned.slice(0, 16) },
      'removed what is no longer wished from the standby',
    );
}

function explain(error: unknown): string {
  const isExpected =
    error instanceof KubeError ||
    error instanceof StoreError ||
    error instanceof PointDamagedError ||
    error instanceof InvalidTransformsError;
  return isExpected ? error.message : `internal error, see the operator's log: ${describeError(error)}`;
}
