/**
 * Runs the captures of all scenarios beside the scenarios' own reconciles, so
 * that a capture of minutes never delays a failover, and the scenario whose
 * point expires first goes first. A scenario's reconcile leaves its wish here
 * and takes the outcome when there is one; everything else is the queue's.
 *
 *     request ──► waiting ──(a place in its region)──► running ──► outcome ──(published)──► idle
 *                    └──────────── withdraw ──────────────┘
 */
import {
  type CaptureRequest,
  chooseCaptures,
  type Length,
} from '../../../domain/protection/earliest-deadline.ts';
import { between, type Clock, type Instant, type Tick } from '../../../domain/time.ts';
import { follow } from '../../../kube/deadline.ts';
import { done, type Key, keyText, type Reconcile } from '../../../kube/reconciler.ts';
import type { WorkQueue } from '../../../kube/work-queue.ts';
import type { Subject } from './capture.ts';
import type { CaptureEnd } from './run-capture.ts';

/** Captures of one source region at once that ask its API server: what a small one bears besides its own work. */
const PER_REGION = 4;

/** What is to be captured, as the scenario saw it last. */
export interface CaptureWish extends Subject {
  /** By when it is to be verified. */
  readonly deadline: Tick;
  /** How long it is expected to be. */
  readonly length: Length;
}

export type CaptureState =
  | { readonly kind: 'idle' }
  /** `ahead`: captures of the same source region that go first. */
  | { readonly kind: 'waiting'; readonly ahead: number }
  | { readonly kind: 'running'; readonly since: Instant };

export interface Captures {
  /** Asks for a capture, or renews what was asked while it waits; nothing while one runs. */
  request(key: Key, wish: CaptureWish): void;
  /** Takes the wish back, and breaks off what runs: an execution goes before any capture. */
  withdraw(key: Key): void;
  state(key: Key): CaptureState;
  /** The outcome of the last capture, until it is acknowledged. */
  outcome(key: Key): CaptureEnd | undefined;
  /**
   * To be called when an outcome is in status: a point that is not told of there would be lost. One that came
   * while the status was written is not in it, and stays.
   */
  acknowledge(key: Key, told: CaptureEnd): void;
  /** For the loop of the queue `captures`. */
  readonly reconcile: Reconcile;
}

export interface CapturesDeps {
  readonly captures: Pick<WorkQueue, 'add'>;
  /** Told of a scenario when its capture starts and ends. */
  readonly scenarios: Pick<WorkQueue, 'add'>;
  /** Rejects only when it is aborted. */
  readonly run: (wish: CaptureWish, signal: AbortSignal) => Promise<CaptureEnd>;
  readonly clock: Pick<Clock, 'now' | 'tick'>;
}

interface Slot {
  wish: CaptureWish;
  running: { readonly stop: AbortController; readonly since: Instant; readonly startedAt: Tick } | undefined;
}

export function createCaptures(deps: CapturesDeps): Captures {
  const slots = new Map<string, Slot>();
  const outcomes = new Map<string, CaptureEnd>();
  const choice = () => {
    const all = [...slots].map(([key, { wish, running }]) => ({ key, wish, running }));
    const waiting = all.filter(({ running }) => running === undefined).map(requestOf);
    const now = deps.clock.tick();
    const underWay = all.flatMap(({ wish, running }) =>
      running === undefined
        ? []
        : { region: regionOf(wish), length: wish.length, lasted: between(running.startedAt, now) },
    );
    return chooseCaptures(waiting, underWay, PER_REGION);
  };
  const lookAgain = (region: string): void => {
    for (const [key, { wish, running }] of slots)
      if (running === undefined && regionOf(wish) === region) deps.captures.add(key);
  };
  return {
    request(key, wish) {
      const name = keyText(key);
      const slot = slots.get(name);
      if (slot === undefined) slots.set(name, { wish, running: undefined });
      else if (slot.running === undefined) slot.wish = wish;
      deps.captures.add(name);
    },
    withdraw(key) {
      const name = keyText(key);
      const slot = slots.get(name);
      outcomes.delete(name);
      if (slot?.running === undefined) slots.delete(name);
      else slot.running.stop.abort(new Error('the capture was withdrawn'));
    },
    state(key) {
      const slot = slots.get(keyText(key));
      if (slot === undefined) return { kind: 'idle' };
      if (slot.running !== undefined) return { kind: 'running', since: slot.running.since };
      return { kind: 'waiting', ahead: choice().ahead.get(keyText(key)) ?? 0 };
    },
    outcome: (key) => outcomes.get(keyText(key)),
    acknowledge(key, told) {
      if (outcomes.get(keyText(key)) === told) outcomes.delete(keyText(key));
    },
    async reconcile(key, signal) {
      const name = keyText(key);
      const slot = slots.get(name);
      if (slot === undefined || slot.running !== undefined || !choice().start.includes(name)) return done;
      const stop = new AbortController();
      const unfollow = follow(signal, stop);
      slot.running = { stop, since: deps.clock.now(), startedAt: deps.clock.tick() };
      deps.scenarios.add(name);
      try {
        outcomes.set(name, await deps.run(slot.wish, stop.signal));
      } catch (error) {
        // Withdrawn: there is nothing to tell.
        if (!stop.signal.aborted || signal.aborted) throw error;
      } finally {
        unfollow();
        slots.delete(name);
        deps.scenarios.add(name);
        lookAgain(regionOf(slot.wish));
      }
      return done;
    },
  };
}

const regionOf = ({ spec }: CaptureWish): string => spec.source.region;

function requestOf({ key, wish }: { readonly key: string; readonly wish: CaptureWish }): CaptureRequest {
  return { key, region: regionOf(wish), deadline: wish.deadline, length: wish.length };
}
