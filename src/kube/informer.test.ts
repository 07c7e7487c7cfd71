import { expect, test } from 'vitest';
import { type Millis, millis, minutes, seconds } from '../domain/time.ts';
import { manualClock } from '../testing/manual-clock.ts';
import { silent } from '../testing/silent-log.ts';
import type { ResourceType } from './cluster.ts';
import { KubeError } from './errors.ts';
import { startInformer } from './informer.ts';
import { DEFAULT_INFORMER_TIMING } from './informer-state.ts';
import { unobservedClient } from './observers.ts';
import type { Transport } from './transport.ts';

const never = new AbortController().signal;
const PODS: ResourceType = {
  group: '',
  version: 'v1',
  resource: 'pods',
  kind: 'Pod',
  namespaced: true,
  verbs: ['list', 'watch'],
};

const busy = (): KubeError => new KubeError('Unavailable', 'the server is busy', { cluster: 'west' });

/** Pauses between the end of one request and the start of the next, in milliseconds. */
async function pausesOf(server: {
  /** Time a list takes; it fails. Undefined: it is there at once. */
  readonly failingList?: Millis;
  /** Time until a watch is refused. */
  readonly refusingWatch?: Millis;
  /** Time until a watch that was opened breaks. */
  readonly breakingWatch?: Millis;
}): Promise<number[]> {
  const clock = manualClock();
  const pauses: number[] = [];
  let endedAt: number | undefined;
  const begin = (): void => {
    if (endedAt !== undefined) pauses.push(Math.round(clock.tick() - endedAt));
  };
  const failAfter = async (time: Millis, signal: AbortSignal): Promise<never> => {
    await clock.sleep(time, signal);
    endedAt = clock.tick();
    throw busy();
  };
  const list = async (signal: AbortSignal) => {
    begin();
    if (server.failingList !== undefined) return failAfter(server.failingList, signal);
    endedAt = undefined;
    return { items: [], resourceVersion: '1' };
  };
  const stream = async (_: unknown, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> => {
    begin();
    if (server.refusingWatch !== undefined) return failAfter(server.refusingWatch, signal);
    return (async function* () {
      await failAfter(server.breakingWatch ?? minutes(60), signal);
      yield new Uint8Array();
    })();
  };
  const unexpected = (): never => {
    throw new Error('an informer lists and watches');
  };
  const transport: Transport = {
    cluster: 'west',
    host: 'west.test:6443',
    call: unexpected,
    stream,
    refusals: () => 0,
    upgrade: unexpected,
    renew: unexpected,
    close: unexpected,
  };
  const stop = new AbortController();
  const deps = { transport, clock, random: () => 1, log: silent, observer: unobservedClient, list };
  startInformer(
    { ...deps, timing: DEFAULT_INFORMER_TIMING },
    PODS,
    {},
    { signal: stop.signal, closed: never },
  );
  await clock.advance(minutes(5));
  stop.abort();
  return pauses.slice(0, 6);
}

const GROWING = [500, 1000, 2000, 4000, 8000, 15_000];

test.each([millis(1), seconds(1), seconds(12)])(
  'lists that fail are further and further apart, also when each fails only after %i ms',
  async (failingList) => {
    expect(await pausesOf({ failingList })).toEqual(GROWING);
  },
);

test.each([millis(1), seconds(12)])(
  'watches that are refused are further and further apart, also when each is refused only after %i ms',
  async (refusingWatch) => {
    expect(await pausesOf({ refusingWatch })).toEqual(GROWING);
  },
);

test('a watch that lasted begins the delays anew when it breaks', async () => {
  expect(await pausesOf({ breakingWatch: seconds(12) })).toEqual([500, 500, 500, 500, 500, 500]);
  expect(await pausesOf({ breakingWatch: seconds(2) })).toEqual(GROWING);
});
