import { expect, test } from 'vitest';
import { seconds } from '../../../domain/time.ts';
import { onAbort } from '../../../kube/deadline.ts';
import { KubeError, type KubeErrorCode } from '../../../kube/errors.ts';
import { manualClock } from '../../../testing/manual-clock.ts';
import { memoryCluster } from '../../../testing/memory-cluster.ts';
import { anObject } from '../../../testing/objects.ts';
import { partialCluster } from '../../../testing/region.ts';
import { type Maker, marksOf } from '../kinds.ts';
import { pointsOfFormer } from './former.ts';

const SNAPSHOTS = 'snapshot.storage.k8s.io';
const signal = new AbortController().signal;
const clock = manualClock();
const maker: Maker = {
  owner: { namespace: 'dr', name: 'shop', uid: 'now', objective: 'cluster-1' },
  store: 'a store',
};
const former: Maker = { ...maker, owner: { ...maker.owner, uid: 'former' } };
const elsewhere: Maker = { ...former, owner: { ...former.owner, objective: 'cluster-2' } };

const region = (name: string, kind: string, ...made: readonly (readonly [Maker, string])[]) => {
  const cluster = memoryCluster(name, { [SNAPSHOTS]: ['VolumeSnapshot', 'VolumeSnapshotContent'] });
  for (const [of, point] of made)
    cluster.put(
      anObject(kind, kind === 'VolumeSnapshot' ? `shop/${point}` : point, {
        apiVersion: `${SNAPSHOTS}/v1`,
        metadata: { ...marksOf(of, 'point', point) },
      }),
    );
  return cluster.cluster;
};
const failing = (name: string, code: KubeErrorCode) =>
  partialCluster(name, {
    discover: async () => {
      throw new KubeError(code, `${name}: ${code}`, { cluster: name });
    },
  });
const source = region('eu-west', 'VolumeSnapshotContent', [former, 'p1'], [maker, 'p3'], [elsewhere, 'p4']);
const recovery = region('eu-north', 'VolumeSnapshot', [former, 'p2'], [former, 'p1']);

test('snapshots in both regions tell of the points of a former scenario, not of its own nor of other clusters', async () => {
  expect(await pointsOfFormer(maker, { source, recovery }, clock, signal)).toEqual(['p1', 'p2']);
});

test('a recovery region that is not there or does not answer holds up nothing', async () => {
  expect(await pointsOfFormer(maker, { source, recovery: undefined }, clock, signal)).toEqual(['p1']);
  const down = failing('eu-north', 'Unreachable');
  expect(await pointsOfFormer(maker, { source, recovery: down }, clock, signal)).toEqual(['p1']);
});

test('a recovery region that is cut off without a word holds up nothing for longer than a moment', async () => {
  const dumb = partialCluster('eu-north', {
    discover: (waiting) => new Promise((_, reject) => onAbort(waiting, () => reject(waiting.reason))),
  });
  const asked = pointsOfFormer(maker, { source, recovery: dumb }, clock, signal);
  await clock.advance(seconds(6));
  expect(await asked).toEqual(['p1']);
});

test('a source that does not answer is told, one that lets nobody list snapshots has none to be removed', async () => {
  const asked = (code: KubeErrorCode) =>
    pointsOfFormer(maker, { source: failing('eu-west', code), recovery: undefined }, clock, signal);
  await expect(asked('Unreachable')).rejects.toMatchObject({ code: 'Unreachable' });
  expect(await asked('Forbidden')).toEqual([]);
});
