/**
 * Writes Kubernetes Events in the background, one at a time. The same thing said
 * again within the hour raises the count of the Event that is there; an object
 * that has much to say is held to a rate; whatever cannot be written is dropped,
 * logged and counted, because nothing may wait for an Event.
 */
import { createHash } from 'node:crypto';
import type { KubeObject } from '../api/object.ts';
import {
  type Clock,
  between as elapsedBetween,
  minutes,
  seconds,
  type Tick,
  toRfc3339,
  toSeconds,
} from '../domain/time.ts';
import type { Cluster, ResourceType } from './cluster.ts';
import { KubeError } from './errors.ts';
import type { EventRecorder } from './events.ts';
import { describeError, type Log } from './log.ts';

const EVENTS: ResourceType = {
  group: '',
  version: 'v1',
  resource: 'events',
  kind: 'Event',
  namespaced: true,
  verbs: ['create', 'patch'],
};
/** Events of cluster-scoped objects live here, where kubectl describe looks for them. */
const NAMESPACE_OF_CLUSTER_SCOPED = 'default';
/** The same again within this time raises a count. */
const SAME_WITHIN = minutes(60);
/** New Events of one object: so many at once, then one each refill, as client-go. */
const BURST = 25;
const REFILL = seconds(30);
/** Events waiting to be written; more are dropped. */
const MAX_WAITING = 500;
/** Objects and Events remembered; the oldest are forgotten. */
const MAX_REMEMBERED = 4096;
/** The API's limit on a message is 1024 bytes. */
const LONGEST_MESSAGE = 1024;

export interface EventRecorderDeps {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly log: Log;
  /** Name of this replica, shown as the Event's reporting instance. */
  readonly identity: string;
  /** Counts an Event that could not be written. */
  readonly onFailed: () => void;
}

interface Said {
  readonly key: string;
  readonly regarding: KubeObject;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

interface Written {
  readonly name: string;
  readonly namespace: string;
  readonly since: Tick;
  count: number;
}

interface Recorder {
  readonly deps: EventRecorderDeps;
  readonly written: Map<string, Written>;
  readonly budgets: Map<string, { tokens: number; at: Tick }>;
}

/** Writes until `signal` aborts. */
export function createEventRecorder(deps: EventRecorderDeps, signal: AbortSignal): EventRecorder {
  const recorder: Recorder = { deps, written: new Map(), budgets: new Map() };
  const waiting: Said[] = [];
  let writing = false;
  const drop = (said: Said, error: string): void => {
    deps.onFailed();
    const { kind, metadata } = said.regarding;
    deps.log.warn({ kind, name: metadata.name, reason: said.reason, error }, 'an Event was not written');
  };
  const writeAll = async (): Promise<void> => {
    for (let said = waiting.shift(); said !== undefined; said = waiting.shift()) {
      if (signal.aborted) return;
      try {
        await write(recorder, said, signal);
      } catch (error) {
        if (!signal.aborted) drop(said, describeError(error));
      }
    }
  };
  return {
    record: (regarding, type, reason, message) => {
      const text = cut(message);
      const said = { key: keyOf(regarding, type, reason, text), regarding, type, reason, message: text };
      if (waiting.length >= MAX_WAITING) drop(said, 'too many Events are waiting');
      else if (!isRepeated(recorder, said) && !withinBudget(recorder, regarding)) drop(said, 'rate limited');
      else waiting.push(said);
      if (writing) return;
      writing = true;
      writeAll()
        .catch((error: unknown) => deps.log.error({ error: describeError(error) }, 'writing Events failed'))
        .finally(() => {
          writing = false;
        });
    },
  };
}

async function write(recorder: Recorder, said: Said, signal: AbortSignal): Promise<void> {
  const { cluster, clock } = recorder.deps;
  const before = isRepeated(recorder, said) ? recorder.written.get(said.key) : undefined;
  if (before !== undefined) {
    before.count += 1;
    const patch = { count: before.count, lastTimestamp: wholeSeconds(clock) };
    try {
      await cluster.mergePatch(EVENTS, before, patch, signal);
      return;
    } catch (error) {
      // Events expire on the server after an hour or less: say it anew.
      if (!(error instanceof KubeError && error.code === 'NotFound')) throw error;
    }
  }
  const event = eventOf(recorder.deps, said);
  const { name, namespace = NAMESPACE_OF_CLUSTER_SCOPED } = event.metadata;
  await cluster.create(event, signal);
  remember(recorder.written, said.key, { name, namespace, since: clock.tick(), count: 1 });
}

function eventOf({ clock, identity }: EventRecorderDeps, said: Said): KubeObject {
  const { regarding, type, reason, message } = said;
  const { name, namespace, uid, resourceVersion } = regarding.metadata;
  const now = wholeSeconds(clock);
  const suffix = createHash('sha256').update(`${said.key} ${clock.now()}`).digest('hex').slice(0, 16);
  const place = namespace ?? NAMESPACE_OF_CLUSTER_SCOPED;
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { namespace: place, name: `${name.slice(0, 230)}.${suffix}` },
    involvedObject: {
      apiVersion: regarding.apiVersion,
      kind: regarding.kind,
      name,
      namespace,
      uid,
      resourceVersion,
    },
    type,
    reason,
    message,
    count: 1,
    firstTimestamp: now,
    lastTimestamp: now,
    source: { component: 'antipode' },
    reportingComponent: 'antipode',
    reportingInstance: identity,
  };
}

function isRepeated({ written, deps: { clock } }: Recorder, { key }: Said): boolean {
  const before = written.get(key);
  return before !== undefined && elapsedBetween(before.since, clock.tick()) < SAME_WITHIN;
}

/** A bucket per object, so that one noisy object does not silence the others. */
function withinBudget({ budgets, deps: { clock } }: Recorder, regarding: KubeObject): boolean {
  const key = regarding.metadata.uid ?? `${regarding.kind}/${regarding.metadata.name}`;
  const now = clock.tick();
  const before = budgets.get(key) ?? { tokens: BURST, at: now };
  const refilled = toSeconds(elapsedBetween(before.at, now)) / toSeconds(REFILL);
  const tokens = Math.min(BURST, before.tokens + refilled);
  const allowed = tokens >= 1;
  remember(budgets, key, { tokens: allowed ? tokens - 1 : tokens, at: now });
  return allowed;
}

/** Keeps the map small by forgetting what was not used for longest. */
function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= MAX_REMEMBERED) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}

function keyOf(regarding: KubeObject, type: string, reason: string, message: string): string {
  const { namespace, name, uid } = regarding.metadata;
  return [regarding.kind, namespace ?? '', name, uid ?? '', type, reason, message].join('\n');
}

function cut(message: string): string {
  const bytes = Buffer.from(message);
  if (bytes.length <= LONGEST_MESSAGE) return message;
  // A character cut in half decodes to the replacement character, which goes.
  return `${bytes
    .subarray(0, LONGEST_MESSAGE - 3)
    .toString('utf8')
    .replace(/\uFFFD+$/u, '')}…`;
}

/** The API's Time has whole seconds. */
function wholeSeconds(clock: Clock): string {
  return toRfc3339(clock.now()).replace(/\.\d+Z$/, 'Z');
}
