import { describe, expect, it } from 'vitest';
import { anObject } from '../testing/objects.ts';
import { harmless } from './harmless.ts';
import { fakeCluster } from './testing/clusters.ts';

const { signal } = new AbortController();
const object = anObject('Secret', 'shop/a');
const [SECRETS] = await fakeCluster('any', [object]).cluster.discover(signal);
const types = SECRETS === undefined ? [] : [SECRETS];

describe('a harmless cluster', () => {
  it.each(types)('reads and dry-runs', async (type) => {
    const fake = fakeCluster('objective', [object]);
    const cluster = harmless(fake.cluster);

    expect(await cluster.get(type, { namespace: 'shop', name: 'a' }, signal)).toBe(object);
    await cluster.apply(object, { fieldManager: 'x', dryRun: true }, signal);

    expect(fake.dryRuns).toEqual([object]);
  });

  it.each(types)('refuses whatever would change something, before it is sent', async (type) => {
    const fake = fakeCluster('objective', [object]);
    const cluster = harmless(fake.cluster);
    const key = { namespace: 'shop', name: 'a' };

    const attempts = [
      cluster.apply(object, { fieldManager: 'x' }, signal),
      cluster.create(object, signal),
      cluster.replace(object, signal),
      cluster.mergePatch(type, key, {}, signal),
      cluster.remove(type, key, signal),
    ];

    for (const attempt of attempts) await expect(attempt).rejects.toThrow('never writes to objective');
    expect(fake.writes).toEqual([]);
  });
});
