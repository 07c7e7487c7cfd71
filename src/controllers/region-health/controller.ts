/**
 * Watches one region: looks at it every interval, decides, publishes, and says
 * so when something changed. A dead or black-holed region costs one round its
 * deadline and nobody else anything: each round ends all the calls it began.
 */
import type { KubeObject } from '../../api/object.ts';
import type { RegionHealthStatus, Verdict, ZoneState } from '../../api/v1alpha1/region-health.ts';
import type { Sighting } from '../../domain/health/isolation.ts';
import { between, type Clock, type Millis, millis, seconds, type Tick } from '../../domain/time.ts';
import type { Cluster, ClusterAccess, Clusters } from '../../kube/cluster.ts';
import type { EventRecorder } from '../../kube/events.ts';
import type { Log } from '../../kube/log.ts';
import { after, done, type Key, type Next, type Reconcile } from '../../kube/reconciler.ts';
import type { Prober } from '../../probes/prober.ts';
import { publishStatus } from '../resources.ts';
import { type Decision, decide, PUBLISH_AT_LEAST_EVERY } from './decide.ts';
import { look, readSubject, type Sights, type Subject, type ValidSubject } from './gather.ts';
import { currentMemory, type RegionMemory, type Round } from './memory.ts';
import { newsBetween } from './news.ts';
import { type NodeWatch, watchNodes } from './node-watch.ts';
import { invalidStatus, statusOf, tellsTheSame } from './status.ts';

/** For metrics. `region` is the RegionHealth's name. */
export interface RegionObserver {
  region(region: string, verdict: Verdict): void;
  zone(region: string, zone: string, state: ZoneState): void;
  /** Forgets the region and its zones. */
  forgetRegion(region: string): void;
}

export interface RegionHealthDeps {
  readonly objective: Cluster;
  readonly clusters: Pick<Clusters, 'region'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: EventRecorder;
  readonly probes: Prober;
  readonly observer: RegionObserver;
  /** This observer's name in `status.observations`. */
  readonly observerName: string;
  /** Aborts when this replica stops or no longer leads; ends the watches on nodes. */
  readonly lifetime: AbortSignal;
}

/** What this process keeps of the regions, by name of the RegionHealth. */
interface Watched {
  readonly memories: Map<string, RegionMemory>;
  readonly rounds: Map<string, Round>;
  readonly watches: Map<string, NodeWatch>;
  /** Shared by all regions: what tells a lost region from a lost observer. */
  readonly sightings: Map<string, Sighting>;
}

/** When to look again for the cluster of a region that was only just created. */
const NOT_KNOWN_YET = seconds(1);
/** Between two rounds of one region there is always this pause. */
const LEAST_PAUSE = millis(100);

export function regionHealthReconciler(deps: RegionHealthDeps): Reconcile {
  const watched: Watched = {
    memories: new Map(),
    rounds: new Map(),
    watches: new Map(),
    sightings: new Map(),
  };
  return async (key, signal) => {
    const subject = await readSubject(key, deps.objective, signal);
    if (subject.kind !== 'valid') {
      forget(key.name, watched);
      return unobserved(key, subject, deps, signal);
    }
    const access = deps.clusters.region(key.name);
    // The object was read just now: whoever follows these objects will know it in a moment.
    if (access.kind === 'unavailable' && access.reason === 'RegionNotFound') return after(NOT_KNOWN_YET);
    const early = tooEarly(subject, access, watched.rounds.get(key.name), deps.clock);
    if (early !== undefined) return after(early);
    return observe(subject, access, watched, deps, signal);
  };
}

function forget(name: string, { memories, rounds, watches, sightings }: Watched): void {
  watches.get(name)?.stop();
  for (const map of [memories, rounds, watches, sightings]) map.delete(name);
}

async function unobserved(
  { name }: Key,
  subject: Exclude<Subject, ValidSubject>,
  deps: RegionHealthDeps,
  signal: AbortSignal,
): Promise<Next> {
  deps.observer.forgetRegion(name);
  if (subject.kind === 'gone') return done;
  const { object, status: before, generation, message } = subject;
  const status = invalidStatus(before, generation, message, deps.clock.now());
  if (tellsTheSame(before, status)) return done;
  await publishStatus(deps.objective, object, status, signal);
  for (const { type, reason, message: text } of newsBetween(before, status))
    deps.events.record(object, type, reason, text);
  return done;
}

/** Our own status writes wake us too; they are no reason to look again before it is time. */
function tooEarly(
  subject: ValidSubject,
  access: ClusterAccess,
  round: Round | undefined,
  clock: Clock,
): Millis | undefined {
  if (round === undefined || round.generation !== subject.generation) return undefined;
  if (round.access !== identityOf(access)) return undefined;
  const left = millis(round.pause - between(round.lookedAt, clock.tick()));
  return left > 0 ? left : undefined;
}

/** Changes when there is something else to ask. */
function identityOf(access: ClusterAccess): unknown {
  return access.kind === 'available' ? access.cluster : access.message;
}

async function observe(
  subject: ValidSubject,
  access: ClusterAccess,
  watched: Watched,
  deps: RegionHealthDeps,
  signal: AbortSignal,
): Promise<Next> {
  const { clock, observerName } = deps;
  const { name, uid } = subject.object.metadata;
  const known = watched.memories.get(name);
  const memory = currentMemory(known, uid, subject.spec.region, subject.status, observerName);
  const watch = watchOf(name, access, watched.watches, deps.lifetime);
  const sights = await look(subject, access, watch, deps, signal);
  const decision = decide(subject, sights, memory, watched.sightings.values(), observerName);
  watched.memories.set(name, decision.memory);
  if (decision.sighting === undefined) watched.sightings.delete(name);
  else watched.sightings.set(name, decision.sighting);
  const round: Round = {
    lookedAt: sights.at,
    pause: decision.next,
    generation: subject.generation,
    access: identityOf(access),
    publishedAt: watched.rounds.get(name)?.publishedAt,
  };
  // Before publishing: if that fails, the retry must not look again before it is time.
  watched.rounds.set(name, round);
  const publishedAt = await publish(subject, sights, decision, round.publishedAt, deps, signal);
  watched.rounds.set(name, { ...round, publishedAt });
  return after(millis(Math.max(LEAST_PAUSE, round.pause - between(sights.at, clock.tick()))));
}

function watchOf(
  name: string,
  access: ClusterAccess,
  watches: Map<string, NodeWatch>,
  lifetime: AbortSignal,
): NodeWatch | undefined {
  const existing = watches.get(name);
  if (access.kind === 'available' && existing?.cluster === access.cluster) return existing;
  existing?.stop();
  watches.delete(name);
  if (access.kind === 'unavailable') return undefined;
  const watch = watchNodes(access.cluster, lifetime);
  watches.set(name, watch);
  return watch;
}

/** @returns when the status was last published */
async function publish(
  subject: ValidSubject,
  sights: Sights,
  decision: Decision,
  publishedAt: Tick | undefined,
  deps: RegionHealthDeps,
  signal: AbortSignal,
): Promise<Tick | undefined> {
  const { clock, objective } = deps;
  const { object, status: before } = subject;
  const status = statusOf(subject, sights, decision, clock.now());
  const recent = publishedAt !== undefined && between(publishedAt, clock.tick()) < PUBLISH_AT_LEAST_EVERY;
  if (recent && tellsTheSame(before, status)) return publishedAt;
  await publishStatus(objective, object, status, signal);
  report(object, before, status, deps);
  return clock.tick();
}

function report(
  object: KubeObject,
  before: RegionHealthStatus,
  status: RegionHealthStatus,
  { observer, events, log }: RegionHealthDeps,
): void {
  const { name } = object.metadata;
  const zones = status.zones ?? [];
  const left = (before.zones ?? []).some((zone) => !zones.some((one) => one.name === zone.name));
  if (left) observer.forgetRegion(name);
  observer.region(name, status.verdict ?? 'Unknown');
  for (const zone of zones) observer.zone(name, zone.name, zone.state);
  for (const { type, reason, message } of newsBetween(before, status)) {
    events.record(object, type, reason, message);
    log[type === 'Normal' ? 'info' : 'warn']({ region: name, reason }, message);
  }
}
