import fc from 'fast-check';
import { expect, test } from 'vitest';
import { instant, type Millis, millis, seconds } from '../domain/time.ts';
import { type ManualClock, manualClock } from '../testing/manual-clock.ts';
import { orAborted } from './deadline.ts';
import {
  DEFAULT_ELECTION_TIMING,
  type ElectionEnd,
  type Leadership,
  runAsLeader,
} from './leader-election.ts';
import type { LeaseLock, LeaseRecord, ObservedLease } from './lease.ts';
import { recordingLog } from './testing/recording-log.ts';

type Link = 'up' | 'refusing' | 'hanging' | 'losing-answers';

/** The record all candidates share; each reaches it over a link of its own. */
function sharedLease() {
  let stored: ObservedLease | undefined;
  let version = 0;
  const links = new Map<string, Link>();
  const over = async <T>(identity: string, signal: AbortSignal, work: () => T): Promise<T> => {
    const link = links.get(identity) ?? 'up';
    if (link === 'refusing') throw new Error('refused');
    if (link === 'hanging') return orAborted(new Promise<never>(() => undefined), signal);
    const answer = work();
    if (link === 'losing-answers') throw new Error('connection reset');
    return answer;
  };
  const write = (record: LeaseRecord, expected: string | undefined): ObservedLease | undefined => {
    if (stored?.version !== expected) return undefined;
    version += 1;
    stored = { record, version: String(version) };
    return stored;
  };
  const lockFor = (identity: string): LeaseLock => ({
    name: 'test/lease',
    read: (signal) => over(identity, signal, () => stored),
    write: (record, expected, signal) => over(identity, signal, () => write(record, expected)),
  });
  return {
    lockFor,
    links,
    current: () => stored?.record,
    remove: () => {
      stored = undefined;
    },
  };
}

interface Candidate {
  readonly identity: string;
  readonly stop: AbortController;
  readonly ended: Promise<ElectionEnd>;
  leadership: Leadership | undefined;
}

/** `stopsIn`: how long its work goes on after it was told to stop. */
function candidate(
  identity: string,
  lease: ReturnType<typeof sharedLease>,
  clock: ManualClock,
  stopsIn: Millis = millis(0),
): Candidate {
  const stop = new AbortController();
  const lead = async (leadership: Leadership): Promise<void> => {
    self.leadership = leadership;
    await orAborted(new Promise<never>(() => undefined), leadership.signal).catch(() => undefined);
    await clock.sleep(stopsIn, new AbortController().signal);
    self.leadership = undefined;
  };
  const deps = {
    lock: lease.lockFor(identity),
    identity,
    clock,
    random: () => 0.5,
    log: recordingLog(),
    timing: DEFAULT_ELECTION_TIMING,
  };
  const self: Candidate = {
    identity,
    stop,
    leadership: undefined,
    ended: Promise.resolve().then(() => runAsLeader(deps, lead, stop.signal)),
  };
  return self;
}
const leads = ({ leadership }: Candidate): boolean => leadership?.isLeading() === true;

test('of two candidates one leads, and the other takes over at once when it stops', async () => {
  const [clock, lease] = [manualClock(), sharedLease()];
  const a = candidate('a', lease, clock);
  await clock.advance(seconds(1));
  const b = candidate('b', lease, clock);
  await clock.advance(seconds(60));
  expect([leads(a), leads(b)]).toEqual([true, false]);
  a.stop.abort();
  await clock.advance(seconds(3));
  expect(await a.ended).toBe('stopped');
  expect([leads(a), leads(b)]).toEqual([false, true]);
  expect(lease.current()?.transitions).toBe(1);
});

test('a leader whose link hangs stops before the other may take over', async () => {
  const [clock, lease] = [manualClock(), sharedLease()];
  const a = candidate('a', lease, clock);
  await clock.advance(seconds(5));
  const b = candidate('b', lease, clock);
  await clock.advance(seconds(5));
  lease.links.set('a', 'hanging');
  await clock.advance(seconds(10));
  expect([leads(a), leads(b)]).toEqual([false, false]);
  expect(await a.ended).toBe('lost');
  await clock.advance(seconds(10));
  expect(leads(b)).toBe(true);
});

test('a renewal whose answer is lost is no loss of leadership', async () => {
  const [clock, lease] = [manualClock(), sharedLease()];
  const a = candidate('a', lease, clock);
  await clock.advance(seconds(5));
  lease.links.set('a', 'losing-answers');
  await clock.advance(seconds(4));
  lease.links.set('a', 'up');
  await clock.advance(seconds(120));
  expect(leads(a)).toBe(true);
});

test('the lease is kept while work is still stopping, and given back only then', async () => {
  const [clock, lease] = [manualClock(), sharedLease()];
  const a = candidate('a', lease, clock, seconds(40));
  await clock.advance(seconds(5));
  a.stop.abort();
  await clock.advance(seconds(30));
  expect(lease.current()?.holder).toBe('a');
  await clock.advance(seconds(11));
  expect(await a.ended).toBe('stopped');
  expect(lease.current()?.holder).toBe('');
});

test('effects are refused when the machine was suspended, although the monotonic clock stood still', async () => {
  const [clock, lease] = [manualClock(), sharedLease()];
  const a = candidate('a', lease, clock);
  await clock.advance(seconds(5));
  a.leadership?.assertLeading();
  clock.setWall(instant(clock.now() + 60_000));
  expect(() => a.leadership?.assertLeading()).toThrow(expect.objectContaining({ code: 'NotLeading' }));
});

test('a lease deleted under its leader is not taken before the leader had time to stop', async () => {
  const [clock, lease] = [manualClock(), sharedLease()];
  const a = candidate('a', lease, clock);
  await clock.advance(seconds(5));
  const b = candidate('b', lease, clock);
  await clock.advance(seconds(5));
  lease.links.set('a', 'hanging');
  lease.remove();
  await clock.advance(seconds(9));
  expect([leads(a), leads(b)].filter(Boolean).length).toBeLessThan(2);
  await clock.advance(seconds(10));
  expect([leads(a), leads(b)]).toEqual([false, true]);
});

const DEFECT = 'the work of the leader ended by an error when it was told to end';

/** A candidate whose work is `lead`, and what came of it. */
function aTermOf(lead: (leadership: Leadership) => Promise<void>) {
  const [clock, lease, log, stop] = [manualClock(), sharedLease(), recordingLog(), new AbortController()];
  const deps = { lock: lease.lockFor('a'), identity: 'a', clock, random: () => 0.5, log };
  let end: unknown;
  runAsLeader({ ...deps, timing: DEFAULT_ELECTION_TIMING }, lead, stop.signal).then(
    (how) => {
      end = how;
    },
    (error: unknown) => {
      end = error;
    },
  );
  return { clock, lease, log, stop, end: () => end };
}

test('work that does not end is waited for as long as a lease lasts after it was lost, and no longer', async () => {
  const { clock, lease, end } = aTermOf(() => new Promise(() => undefined));
  await clock.advance(seconds(5));
  lease.links.set('a', 'hanging');
  await clock.advance(seconds(10 + 13));
  expect(end()).toBeUndefined();
  await clock.advance(seconds(2));
  expect(end()).toMatchObject({
    code: 'WorkNotEnded',
    message: 'what was begun as leader has not ended 15s after the lease was lost',
  });
  expect(clock.sleeping()).toBe(0);
});

test.each([
  ['stops', 'stopped'],
  ['loses the lease', 'lost'],
])('work that throws because its leader %s has ended, and not failed', async (what, expected) => {
  const waiting = (signal: AbortSignal) => orAborted(new Promise<never>(() => undefined), signal);
  const { clock, lease, log, stop, end } = aTermOf(({ signal }) => waiting(signal));
  await clock.advance(seconds(5));
  if (what === 'stops') stop.abort();
  else lease.links.set('a', 'hanging');
  await clock.advance(seconds(20));
  expect(end()).toBe(expected);
  expect(log.lines.map(({ message }) => message)).not.toContain(DEFECT);
});

test('an error of work that was told to end is logged, and another is thrown', async () => {
  const told = aTermOf(({ signal }) =>
    orAborted(new Promise<never>(() => undefined), signal).catch(() => {
      throw new TypeError('no such thing');
    }),
  );
  await told.clock.advance(seconds(5));
  told.stop.abort();
  await told.clock.advance(seconds(5));
  expect(told.end()).toBe('stopped');
  expect(told.log.lines).toContainEqual({
    level: 'warn',
    fields: { error: 'TypeError: no such thing' },
    message: DEFECT,
  });
  const untold = aTermOf(() => Promise.reject(new TypeError('no such thing')));
  await untold.clock.advance(seconds(5));
  expect(untold.end()).toBeInstanceOf(TypeError);
});

test('whatever the links do and whenever candidates stop, two never lead at a time', async () => {
  const links: Link[] = ['up', 'up', 'refusing', 'hanging', 'losing-answers'];
  const step = fc.record({
    who: fc.constantFrom('a', 'b', 'c'),
    link: fc.constantFrom(...links),
    wait: fc.integer({ min: 100, max: 20_000 }),
    stop: fc.integer({ min: 0, max: 9 }).map((draw) => draw === 0),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      const [clock, lease] = [manualClock(), sharedLease()];
      // Work goes on for up to the five seconds between renewDeadline and leaseDuration.
      const candidates = new Map(
        ['a', 'b', 'c'].map((id) => [id, candidate(id, lease, clock, millis(4900))]),
      );
      let generation = 0;
      for (const { who, link, wait, stop } of steps) {
        lease.links.set(who, link);
        if (stop) {
          candidates.get(who)?.stop.abort();
          generation += 1;
          const id = `${who}${generation}`;
          candidates.set(id, candidate(id, lease, clock, millis(4900)));
        }
        for (let passed = 0; passed < wait; passed += 1000) {
          await clock.advance(seconds(1));
          const working = [...candidates.values()].filter(({ leadership }) => leadership !== undefined);
          expect(working.length).toBeLessThan(2);
        }
      }
      for (const { stop } of candidates.values()) stop.abort();
      await clock.advance(seconds(60));
    }),
    { numRuns: 15 },
  );
});
