import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Millis, millis, minutes, seconds, tick } from '../time.ts';
import { nothingRemembered } from './capture-memory.ts';
import {
  type CaptureRequest,
  chooseCaptures,
  claimOf,
  type Length,
  lengthOf,
  type RunningCapture,
} from './earliest-deadline.ts';

const request = (
  key: string,
  region: string,
  deadline: number,
  length: Length = 'short',
): CaptureRequest => ({
  key,
  region,
  deadline: tick(deadline),
  length,
});
const runningIn = (...regions: readonly string[]): readonly RunningCapture[] =>
  regions.map((region) => ({ region, length: 'short', lasted: millis(0) }));

describe('the choice of captures to start', () => {
  it('starts the one whose point expires first', () => {
    const choice = chooseCaptures([request('late', 'west', 200), request('soon', 'west', 100)], [], 1);

    expect(choice).toEqual({ start: ['soon'], ahead: new Map([['late', 1]]) });
  });

  it('counts what runs already', () => {
    const choice = chooseCaptures([request('a', 'west', 1)], runningIn('west', 'west', 'north'), 2);

    expect(choice).toEqual({ start: [], ahead: new Map([['a', 2]]) });
  });

  it('lets no region wait for another that is full', () => {
    const stuck = Array.from({ length: 50 }, (_, index) => request(`dead-${index}`, 'dead', index));
    const choice = chooseCaptures([...stuck, request('alive', 'west', 1000)], runningIn('dead', 'dead'), 2);

    expect(choice.start).toEqual(['alive']);
  });

  it('keeps places of their own for captures that last, and lets those that turn out to last free theirs', () => {
    const waiting = [
      request('long', 'west', 1, 'long'),
      request('new', 'west', 2, 'unknown'),
      request('short', 'west', 3),
    ];
    const lasting = (lasted: Millis, length: Length): RunningCapture => ({ region: 'west', length, lasted });
    const chosen = (...running: readonly RunningCapture[]) => chooseCaptures(waiting, running, 1).start;

    expect(chosen()).toEqual(['long', 'new']);
    expect(chosen(lasting(seconds(1), 'long'))).toEqual(['new']);
    expect(chosen(lasting(seconds(1), 'unknown'))).toEqual(['long']);
    expect(chosen(lasting(minutes(2), 'unknown'))).toEqual(['new']);
    // However many turn out to last, there is room for what is known to be short.
    expect(chosen(lasting(minutes(2), 'unknown'), lasting(minutes(2), 'unknown'))).toEqual(['short']);
  });

  const anyRequests = fc
    .uniqueArray(
      fc.record({ key: fc.string(), region: fc.constantFrom('a', 'b', 'c'), deadline: fc.nat(20) }),
      { selector: ({ key }) => key },
    )
    .map((all) => all.map(({ key, region, deadline }) => request(key, region, deadline)));

  it('keeps every region within its limit, busy as long as something waits for it, and starts nobody before an earlier deadline', () => {
    fc.assert(
      fc.property(
        anyRequests,
        fc.array(fc.constantFrom('a', 'b', 'c')),
        fc.integer({ min: 1, max: 4 }),
        (requests, running, limit) => {
          const { start, ahead } = chooseCaptures(requests, runningIn(...running), limit);
          expect([...start, ...ahead.keys()].toSorted()).toEqual(requests.map(({ key }) => key).toSorted());
          for (const region of ['a', 'b', 'c']) {
            const mine = requests.filter((one) => one.region === region);
            const started = mine.filter(({ key }) => start.includes(key));
            const waiting = mine.filter(({ key }) => ahead.has(key));
            const under = running.filter((one) => one === region).length + started.length;
            const latest = Math.max(...started.map(({ deadline }) => deadline));
            const law = {
              withinLimit: started.length === 0 || under <= limit,
              busy: waiting.length === 0 || under >= limit,
              inOrder: waiting.every(({ deadline }) => deadline >= latest),
            };
            expect(law).toEqual({ withinLimit: true, busy: true, inOrder: true });
          }
        },
      ),
    );
  });
});

describe('the length of a capture', () => {
  it.each([
    ['is not known before anything was measured', undefined, [], 'unknown'],
    ['is that of the last attempt, even of one that failed', minutes(5), [], 'long'],
    [
      'is that of earlier copies, however quickly the last look found nothing to copy',
      millis(18),
      [minutes(60)],
      'long',
    ],
    ['is short when both were', seconds(5), [seconds(5)], 'short'],
  ] as const)('%s', (_, took, durations, expected) => {
    expect(lengthOf(took, durations)).toBe(expected);
  });
});

describe('the claim of a scenario', () => {
  const last = { startedAt: tick(0), endedAt: tick(minutes(5)), took: minutes(5) };
  const claim = (consecutiveFailures: number, expires = minutes(-30)) =>
    claimOf({ ...nothingRemembered, last, consecutiveFailures }, minutes(1), tick(expires));

  it('is the end of its RPO, also for the retry that the schedule has planned for', () => {
    expect(claim(0)).toBe(minutes(-30));
    expect(claim(1, minutes(6))).toBe(minutes(6));
  });

  it('gives way with each failure, and stands still while it waits', () => {
    expect(claim(1)).toBe(minutes(5));
    expect(claim(2)).toBe(minutes(6));
    expect(claim(3)).toBe(minutes(8));
    expect(claim(30)).toBe(minutes(36));
  });
});
