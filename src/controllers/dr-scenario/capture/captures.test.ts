import { expect, it } from 'vitest';
import type { Length } from '../../../domain/protection/earliest-deadline.ts';
import { instant, type Millis, millis, minutes, tick } from '../../../domain/time.ts';
import { orAborted } from '../../../kube/deadline.ts';
import { keyFromText } from '../../../kube/reconciler.ts';
import { aWorld, shopSpec } from '../testing/world.ts';
import { type CaptureWish, createCaptures } from './captures.ts';

const signal = new AbortController().signal;
const key = (name: string) => keyFromText(`dr/${name}`);

function running() {
  const gates = new Map<string, () => void>();
  const started: string[] = [];
  const woken: string[] = [];
  const queued: string[] = [];
  let passed = 0;
  const captures = createCaptures({
    captures: { add: (name) => void queued.push(name) },
    scenarios: { add: (name) => void woken.push(name) },
    clock: { now: () => instant(0), tick: () => tick(passed) },
    run: async ({ spec }, stop) => {
      const name = spec.resources.namespaces[0] ?? '';
      started.push(name);
      await orAborted(new Promise<void>((resolve) => gates.set(name, resolve)), stop);
      const startedAt = tick(0);
      return {
        capture: { kind: 'failed', reason: 'CaptureFailed', message: name, startedAt, took: millis(1) },
        announcements: [],
      };
    },
  });
  return {
    captures,
    started,
    woken,
    queued,
    pass: (time: Millis) => void (passed += time),
    request: (name: string, deadline: number, region = 'eu-west', length: Length = 'short') =>
      captures.request(key(name), { ...wish(name, deadline, region), length }),
    begin: (name: string) => captures.reconcile(key(name), signal),
    end: (name: string) => gates.get(name)?.(),
    acknowledge: (name: string, told = captures.outcome(key(name))) => {
      if (told !== undefined) captures.acknowledge(key(name), told);
    },
  };
}

function wish(name: string, deadline: number, region: string): CaptureWish {
  const spec = { ...shopSpec, source: { region }, resources: { namespaces: [name] } };
  return { world: aWorld(), spec, generation: 2, deadline: tick(deadline), length: 'short' };
}

it('runs what was asked for, and gives the outcome until it is acknowledged', async () => {
  const { captures, request, begin, end, acknowledge, woken } = running();
  request('a', 1);
  expect(captures.state(key('a'))).toEqual({ kind: 'waiting', ahead: 0 });

  const run = begin('a');
  expect(captures.state(key('a'))).toEqual({ kind: 'running', since: 0 });
  end('a');
  await run;

  expect(woken).toEqual(['dr/a', 'dr/a']);
  expect(captures.outcome(key('a'))).toMatchObject({ capture: { message: 'a' } });
  expect(captures.outcome(key('a'))).toMatchObject({ capture: { message: 'a' } });
  acknowledge('a');
  expect(captures.outcome(key('a'))).toBeUndefined();
  expect(captures.state(key('a'))).toEqual({ kind: 'idle' });
});

it('keeps an outcome that came after the one that is acknowledged', async () => {
  const { captures, request, begin, end, acknowledge } = running();
  const captured = async () => {
    request('a', 1);
    const run = begin('a');
    end('a');
    await run;
    return captures.outcome(key('a'));
  };
  const [told, next] = [await captured(), await captured()];

  acknowledge('a', told);

  expect(next).not.toBe(told);
  expect(captures.outcome(key('a'))).toBe(next);
});

it('lets the earliest deadlines of a region go first, and the others when a place is free', async () => {
  const { captures, request, begin, end, started, queued } = running();
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  names.forEach((name, index) => request(name, 10 - index));

  const runs = names.map(begin);
  expect(started).toEqual(['c', 'd', 'e', 'f']);
  expect(captures.state(key('b'))).toEqual({ kind: 'waiting', ahead: 4 });
  expect(captures.state(key('a'))).toEqual({ kind: 'waiting', ahead: 5 });

  queued.length = 0;
  end('f');
  await runs[5];
  expect(queued).toEqual(['dr/a', 'dr/b']);
  const more = [begin('a'), begin('b')];
  expect(started).toEqual(['c', 'd', 'e', 'f', 'b']);

  end('b');
  await more[1];
});

it('never makes a region wait for another', () => {
  const { request, begin, started } = running();
  for (const name of ['a', 'b', 'c', 'd', 'e']) request(name, 1, 'dead');
  request('alive', 100, 'eu-west');

  for (const name of ['a', 'b', 'c', 'd', 'e', 'alive']) void begin(name);

  expect(started).toEqual(['a', 'b', 'c', 'd', 'alive']);
});

it('gives the places of captures that turn out to last to others of their region', () => {
  const { request, begin, started, pass } = running();
  for (const name of ['a', 'b', 'c', 'd']) request(name, 1, 'eu-west', 'unknown');
  request('e', 2);
  for (const name of ['a', 'b', 'c', 'd', 'e']) void begin(name);
  expect(started).toEqual(['a', 'b', 'c', 'd']);

  pass(minutes(2));
  void begin('e');

  expect(started).toEqual(['a', 'b', 'c', 'd', 'e']);
});

it('breaks off a capture that is withdrawn, tells nothing of it, and takes the next wish', async () => {
  const { captures, request, begin, started } = running();
  request('a', 1);
  const run = begin('a');

  captures.withdraw(key('a'));

  expect(await run).toEqual({ kind: 'done' });
  expect(captures.outcome(key('a'))).toBeUndefined();
  expect(captures.state(key('a'))).toEqual({ kind: 'idle' });
  request('a', 1);
  void begin('a');
  expect(started).toEqual(['a', 'a']);
});

it('forgets a wish that is taken back before it began', async () => {
  const { captures, request, begin, started } = running();
  request('a', 1);

  captures.withdraw(key('a'));
  await begin('a');

  expect(started).toEqual([]);
});
