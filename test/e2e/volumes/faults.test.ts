/** Storage that is slow, says no, or loses what it had: no point is made or counted of it, and the earlier one stays. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ADD_ON_TIMEOUT_MS } from '../../../hack/harness/add-on.ts';
import { waitFor } from '../../../hack/harness/wait.ts';
import { getLab } from '../lab.ts';
import {
  capture,
  claims,
  handlesOf,
  madeFor,
  scenarioOf,
  signal,
  specOf,
  type VolumesWorld,
  verifiedPoint,
  volumesWorld,
} from './support.ts';

/** A snapshot has to be cut, or the storage to say no, in this time. */
const QUICK = { volumes: { snapshotTimeout: '15s' } };

let world: VolumesWorld;
beforeAll(async () => {
  world = await volumesWorld(await getLab(), { backend: 'shared' });
}, ADD_ON_TIMEOUT_MS);
afterEach(() => {
  world.csi.source.setFaults({});
  world.csi.recovery.setFaults({});
});
afterAll(() => world?.end());

test('case 10, a snapshot that is never ready to use ends the capture with its claim named, leaves nothing behind, and the earlier point is there', async () => {
  const namespace = await world.namespace();
  await claims(world, namespace, ['db']);
  const earlier = await verifiedPoint(world, specOf(world, namespace));
  world.csi.source.setFaults({ readyAfter: 'never' });

  const result = await capture(world, world.engine, specOf(world, namespace, QUICK));

  expect(result).toEqual({
    kind: 'incomplete',
    messages: [
      `PersistentVolumeClaim/${namespace}/db: its snapshot was cut, but is not ready to use after 15s`,
    ],
  });
  await untilOnly(namespace, earlier.manifest.name);
  const points = await world.engine.points(scenarioOf(namespace), signal);
  expect(points.map(({ name }) => name)).toEqual([earlier.manifest.name]);
});

test('an error of the storage is told in its own words', async () => {
  const namespace = await world.namespace();
  await claims(world, namespace, ['db']);
  const message = 'the pool is full';
  world.csi.source.setFaults({
    error: { calls: ['CreateSnapshot'], code: 'RESOURCE_EXHAUSTED', message },
  });

  const result = await capture(world, world.engine, specOf(world, namespace, QUICK));

  expect(result).toMatchObject({ kind: 'incomplete', messages: [expect.stringContaining(message)] });
  // The snapshot controller lets go of one that was asked for only when the storage has answered.
  world.csi.source.setFaults({});
  await untilOnly(namespace, undefined);
});

test('a slow snapshot is of the moment it was cut, and so is the point', async () => {
  const namespace = await world.namespace();
  await claims(world, namespace, ['db']);
  world.csi.source.setFaults({ slow: { calls: ['CreateSnapshot'], milliseconds: 2500 } });

  const { manifest } = await verifiedPoint(world, specOf(world, namespace));

  expect(manifest.capturedAt).toBe(manifest.volumes?.[0]?.instant);
  expect(Date.parse(manifest.finishedAt) - Date.parse(manifest.capturedAt)).toBeGreaterThanOrEqual(2500);
});

test('a handle that vanished is found when the point is verified, with the claim and what the region says', async () => {
  const namespace = await world.namespace();
  await claims(world, namespace, ['db']);
  const spec = specOf(world, namespace);
  const point = await verifiedPoint(world, spec);
  for (const handle of handlesOf(point)) world.csi.source.vanish(handle);

  const verified = await world.engine.verify(point, spec, world, signal);

  expect(verified).toEqual({
    kind: 'mismatch',
    differences: [
      expect.stringMatching(
        new RegExp(`^PersistentVolumeClaim/${namespace}/db: .* does not read its snapshot: .*can not find`),
      ),
    ],
  });
});

test('a point is not verified while the recovery region cannot be asked, and is once it can', async () => {
  const namespace = await world.namespace();
  await claims(world, namespace, ['db']);
  const spec = specOf(world, namespace);
  const point = await verifiedPoint(world, spec);
  const { source, recovery, engine } = world;

  const alone = await engine.verify(point, spec, { source, recovery: undefined }, signal);
  const both = await engine.verify(point, spec, { source, recovery }, signal);

  expect(alone).toMatchObject({
    kind: 'mismatch',
    differences: [expect.stringContaining('cannot be reached')],
  });
  expect(both).toMatchObject({ kind: 'verified' });
});

async function untilOnly(namespace: string, point: string | undefined): Promise<void> {
  await waitFor({ what: 'what was made to be gone', seconds: 120 }, async () => {
    const left = await madeFor(world.lab.source, 'volumesnapshots', scenarioOf(namespace));
    const others = left.filter((name) => point === undefined || !name.includes(point));
    if (others.length > 0) throw new Error(others.join());
    return true;
  });
}
