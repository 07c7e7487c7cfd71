/** A mirror whose watches are told what to have heard: what it may call current, and what it must ask for. */
import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../../api/object.ts';
import { millis, minutes, seconds } from '../../../domain/time.ts';
import type { Cluster, Informer, InformerOptions, ResourceType } from '../../../kube/cluster.ts';
import { KubeError } from '../../../kube/errors.ts';
import { manualClock } from '../../../testing/manual-clock.ts';
import { partialCluster } from '../../../testing/region.ts';
import { silent } from '../../../testing/silent-log.ts';
import { createMirror } from './mirror.ts';
import { areUnchanged, mirrorSight, partKey } from './mirror-sight.ts';

const signal = new AbortController().signal;
const verbs = ['list', 'watch', 'get', 'create'];
const secrets: ResourceType = {
  group: '',
  version: 'v1',
  resource: 'secrets',
  kind: 'Secret',
  namespaced: true,
  verbs,
};
const part = { type: secrets, namespace: 'shop', name: undefined };
const secret = (name: string, resourceVersion: string, namespace = 'shop'): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace, uid: name, resourceVersion },
});

/** A source at a version, its Secrets, and a watch of them that hears only what it is given. */
function source() {
  const clock = manualClock();
  const state = {
    version: 100,
    secrets: [secret('a', '90'), secret('b', '95')] as readonly KubeObject[],
    heard: { position: '100' as string | undefined, secrets: [] as readonly KubeObject[] },
    refusal: undefined as KubeError | undefined,
    asked: [] as string[],
    started: [] as InformerOptions[],
    stopped: 0,
    isAway: false,
  };
  const informer: Informer = {
    list: () => state.heard.secrets,
    get: ({ name }) => state.heard.secrets.find(({ metadata }) => metadata.name === name),
    position: () => state.heard.position,
    refusal: () => state.refusal,
    synced: async () => undefined,
    staleness: () => millis(0),
  };
  const answer = <T>(what: string, value: () => T): Promise<T> => {
    if (state.isAway)
      return Promise.reject(new KubeError('Unreachable', 'no answer', { cluster: 'eu-west' }));
    state.asked.push(what);
    return Promise.resolve(value());
  };
  const cluster: Cluster = partialCluster('eu-west', {
    discover: () => Promise.resolve([secrets]),
    raw: () => answer('mark', () => JSON.stringify({ metadata: { resourceVersion: String(state.version) } })),
    list: () => answer('list', () => ({ items: state.secrets, resourceVersion: String(state.version) })),
    informer: (_type, options, stop) => {
      state.started.push(options);
      stop.addEventListener('abort', () => (state.stopped += 1));
      return informer;
    },
  });
  const mirror = createMirror(cluster, { clock, log: silent });
  const lease = (namespace = 'shop') => {
    const wanted = { ...part, namespace };
    mirror.lease(`dr/${namespace}`, new Map([[partKey(wanted), wanted]]), minutes(60));
  };
  const hear = (position: string | undefined): void => {
    state.heard = { position, secrets: position === undefined ? state.heard.secrets : state.secrets };
  };
  /** What a look sees, as of how many seconds ago, and what it asked for. */
  const look = async (freshness = seconds(60)) => {
    state.asked.length = 0;
    const began = clock.tick();
    const sight = await mirrorSight(mirror, { freshness, clock }, signal);
    const { items } = await sight.list(secrets, 'shop', signal);
    return { sight, items, age: (began - sight.asOf()) / 1000, asked: [...state.asked] };
  };
  /** A mirror that is filled and trusted, marked just now. */
  const filled = async (): Promise<void> => {
    lease();
    await mirror.tend(signal);
    hear('100');
    await mirror.tend(signal);
  };
  return { clock, state, mirror, lease, hear, look, filled };
}

describe('a look', () => {
  test('asks for a list before anything is watched', async () => {
    const { look, state } = source();
    const seen = await look();
    expect(seen).toMatchObject({ age: 0, asked: ['list'] });
    expect(seen.items).toBe(state.secrets);
  });

  test('asks for nothing while the watch is known to have come as far as a young mark', async () => {
    const { look, filled, state, clock } = source();
    await filled();
    await clock.advance(seconds(30));
    expect(await look()).toMatchObject({ age: 30, asked: [], items: state.secrets });
  });

  test('asks again when the watch has been silent for longer than allowed, and finds what it missed', async () => {
    const { look, filled, state, clock, mirror } = source();
    await filled();
    state.secrets = [secret('a', '90'), secret('b', '120')];
    state.version = 120;
    await clock.advance(seconds(61));
    await mirror.tend(signal);
    const seen = await look();
    expect(seen).toMatchObject({ age: 0, asked: ['list'] });
    expect(seen.items.map(({ metadata }) => metadata.resourceVersion)).toEqual(['90', '120']);
  });

  test('takes a list that is the same for proof, for as long as nothing more is heard', async () => {
    const { look, filled, state, clock, mirror, hear } = source();
    await filled();
    state.version = 130;
    await clock.advance(seconds(61));
    await mirror.tend(signal);
    expect((await look()).asked).toEqual(['list']);
    await clock.advance(seconds(20));
    expect(await look()).toMatchObject({ age: 20, asked: [] });
    // Something of before the list arrives late: it may belong to an older state.
    state.secrets = [...state.secrets, secret('c', '125')];
    hear('125');
    expect((await look()).asked).toEqual(['list']);
  });

  test('never takes an event that arrives for proof of the present', async () => {
    const { look, filled, state, clock, mirror, hear } = source();
    await filled();
    state.version = 200;
    await clock.advance(seconds(120));
    await mirror.tend(signal);
    hear('150');
    expect((await look()).asked).toEqual(['list']);
    hear('200');
    expect(await look()).toMatchObject({ age: 0, asked: [] });
  });

  test('fails when the source is away and what is cached has grown old', async () => {
    const { look, filled, state, clock, mirror } = source();
    await filled();
    state.isAway = true;
    await clock.advance(seconds(61));
    await mirror.tend(signal);
    await expect(look()).rejects.toThrow('no answer');
  });

  test('asks while the watch is in doubt about where it is', async () => {
    const { look, filled, hear } = source();
    await filled();
    hear(undefined);
    expect((await look()).asked).toEqual(['list']);
  });

  test('asks for everything when nothing may be older than the question', async () => {
    const { look, filled, clock } = source();
    await filled();
    await clock.advance(millis(1));
    expect(await look(millis(0))).toMatchObject({ age: 0, asked: ['list'] });
  });
});

describe('a kind', () => {
  test('of another server is never trusted to be current by its versions', async () => {
    const { look, lease, mirror, hear } = source();
    lease();
    await mirror.tend(signal);
    hear('7');
    await mirror.tend(signal);
    hear('900');
    await mirror.tend(signal);
    expect((await look()).asked).toEqual(['list']);
  });

  test('that may not be watched is listed each time, and named', async () => {
    const { look, filled, state, mirror } = source();
    await filled();
    state.refusal = new KubeError('Forbidden', 'cannot watch', { cluster: 'eu-west', status: 403 });
    await mirror.tend(signal);
    expect(mirror.unwatched()).toEqual(['Secret']);
    expect((await look()).asked).toEqual(['list']);
    expect(state.stopped).toBe(1);
  });

  test('of another namespace is watched anew with both, the old watch serving until the new one is filled', async () => {
    const { look, filled, lease, mirror, state, hear } = source();
    await filled();
    lease('mail');
    hear(undefined);
    await mirror.tend(signal);
    const [, both] = state.started;
    expect([both?.keep?.(secret('x', '1', 'mail')), both?.keep?.(secret('x', '1', 'other'))]).toEqual([
      true,
      false,
    ]);
    expect(state.stopped).toBe(0);
    hear('100');
    await mirror.tend(signal);
    expect(state.stopped).toBe(1);
    expect((await look()).asked).toEqual([]);
  });

  test('is let go when nobody reads it any more', async () => {
    const { filled, mirror, state, clock } = source();
    await filled();
    await clock.advance(minutes(61));
    await mirror.tend(signal);
    expect(state.stopped).toBe(1);
    expect(mirror.isWanted()).toBe(false);
  });

  test('is read anew when the versions of its source went back', async () => {
    const { filled, mirror, state } = source();
    await filled();
    state.version = 50;
    await mirror.tend(signal);
    expect([state.stopped, state.started.length]).toEqual([1, 2]);
  });
});

describe('what was read before', () => {
  test('is the same when every object has its version, in whatever order', async () => {
    const { look, state } = source();
    const { sight } = await look();
    state.secrets = state.secrets.toReversed();
    expect(await areUnchanged(sight.reads(), (await look()).sight, signal)).toBe(true);
  });

  test.each([
    ['changed', [secret('a', '90'), secret('b', '101')]],
    ['gone', [secret('a', '90')]],
    ['new', [secret('a', '90'), secret('b', '95'), secret('c', '101')]],
  ])('is not the same when an object is %s', async (_what, now) => {
    const { look, state } = source();
    const { sight } = await look();
    state.secrets = now;
    expect(await areUnchanged(sight.reads(), (await look()).sight, signal)).toBe(false);
  });
});
