import { expect, it } from 'vitest';
import { minutes } from '../../../domain/time.ts';
import type { Clusters } from '../../../kube/cluster.ts';
import { keyFromText } from '../../../kube/reconciler.ts';
import { manualClock } from '../../../testing/manual-clock.ts';
import { partialCluster } from '../../../testing/region.ts';
import { shopSpec } from '../testing/world.ts';
import { createGarbage } from './garbage.ts';

const signal = new AbortController().signal;
const key = keyFromText('dr/shop');
const scenario = { namespace: 'dr', name: 'shop', uid: 'uid-1' };

/** @param answers of a region, by its name: the problem, or that it is cleared. Default: cleared */
function collecting(answers: Readonly<Record<string, string>> = {}, away: readonly string[] = []) {
  const clock = manualClock();
  const asked: string[] = [];
  const told: unknown[] = [];
  const region: Clusters['region'] = (name) =>
    away.includes(name)
      ? { kind: 'unavailable', reason: 'RegionNotFound', message: 'not declared' }
      : { kind: 'available', cluster: partialCluster(name, {}) };
  const ignore = () => undefined;
  const garbage = createGarbage({
    garbage: { add: ignore },
    engine: () => ({
      collectGarbage: async (_, { name }) => {
        asked.push(name);
        return answers[name];
      },
    }),
    clusters: { region },
    clock,
    log: { debug: ignore, info: ignore, warn: (fields) => void told.push(fields), error: ignore },
  });
  const after = async (point: string): Promise<readonly string[]> => {
    garbage.ask(key, { scenario, spec: shopSpec, point, listed: new Set([point]) });
    await garbage.reconcile(key, signal);
    return asked.splice(0);
  };
  return { after, told, clock };
}

it('clears both regions once for each new point, and from time to time', async () => {
  const { after, clock, told } = collecting();
  expect(await after('a')).toEqual(['eu-west', 'eu-north']);
  expect(await after('a')).toEqual([]);
  expect(await after('b')).toEqual(['eu-west', 'eu-north']);
  await clock.advance(minutes(10));
  expect(await after('b')).toEqual(['eu-west', 'eu-north']);
  expect(told).toEqual([]);
});

it('tries again after each capture while a region says why something is left', async () => {
  const { after, told } = collecting({ 'eu-north': 'no connection in time' });
  expect(await after('a')).toEqual(['eu-west', 'eu-north']);
  expect(await after('a')).toEqual(['eu-west', 'eu-north']);
  const problem = { scenario: 'dr/shop', cluster: 'eu-north', problem: 'no connection in time' };
  expect(told).toEqual([problem, problem]);
});

it('tries again after each capture while a region is not available', async () => {
  const { after } = collecting({}, ['eu-north']);
  expect(await after('a')).toEqual(['eu-west']);
  expect(await after('a')).toEqual(['eu-west']);
});
