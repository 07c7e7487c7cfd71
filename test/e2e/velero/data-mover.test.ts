/** Data of claims through a data mover that Velero directs: each region has storage of its own, so only the mover can bring it. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ADD_ON_TIMEOUT_MS } from '../../../hack/harness/add-on.ts';
import { ensureCsi, type LabCsi } from '../../../hack/harness/csi.ts';
import { aClaim, untilBound } from '../../../hack/harness/csi-claims.ts';
import { DATA_MOVER, type DataMover, startDataMover } from '../../../hack/harness/data-mover.ts';
import { waitFor } from '../../../hack/harness/wait.ts';
import { readRows, startWriter, type Writer } from '../../../hack/harness/writer.ts';
import { lossOf } from '../../../hack/harness/writer-rows.ts';
import type { Lab } from '../../../hack/lab/types.ts';
import type { Clock, Tick } from '../../../src/domain/time.ts';
import type { ApplyOutcome, CaptureResult, OpenPoint, PublishedPoint } from '../../../src/engines/engine.ts';
import { transformedPoint } from '../../../src/engines/transformed-point.ts';
import { apply, clock, restoreAll } from '../engine/support.ts';
import { getLab } from '../lab.ts';
import {
  application,
  enginesOn,
  removeApplication,
  scenarioNamed,
  specFor,
  veleroWorld,
  type World,
} from './support.ts';

/** Unique, as an attached lab remembers earlier runs. */
const RUN = Date.now().toString(36);
const SHOP = `mover-shop-${RUN}`;
const UNLUCKY = `mover-unlucky-${RUN}`;
/** What it is called in the recovery region. */
const LUCKY = `mover-lucky-${RUN}`;
/** A fifth of the time passes until it is said what is waited for. */
const HASTY: Clock = { ...clock, tick: () => (performance.now() * 5) as Tick };
const keyOf = (namespace: string) => `PersistentVolumeClaim/${namespace}/data`;
const { signal } = new AbortController();

let lab: Lab;
let csi: LabCsi;
let world: World;
let mover: DataMover;
let writer: Writer | undefined;
beforeAll(async () => {
  lab = await getLab();
  csi = await ensureCsi(lab, { backend: 'separate', progress: (line) => console.log(`lab: ${line}`) });
  for (const namespace of [SHOP, UNLUCKY])
    await apply(lab.source, ...application(namespace), aClaim({ namespace, name: 'data' }));
  for (const namespace of [SHOP, UNLUCKY]) await untilBound(lab.source, { namespace, name: 'data' });
  world = await veleroWorld(lab, ['EnableCSI']);
  const { source, recovery } = world.regions;
  mover = startDataMover({
    source: { cluster: source, backend: csi.source.backend },
    recovery: { cluster: recovery, backend: csi.recovery.backend },
    vault: join(lab.directory, 'data-mover'),
  });
}, ADD_ON_TIMEOUT_MS);
afterEach(() => mover.setFaults({}));
afterAll(async () => {
  await writer?.stop();
  await mover?.stop();
  await lab.source.start();
  for (const namespace of [SHOP, UNLUCKY]) {
    await removeApplication(lab.source, namespace);
    await removeApplication(lab.recovery, namespace);
  }
  await removeApplication(lab.recovery, LUCKY);
});

const specOf = (namespace: string) =>
  specFor(world.velero, [namespace], { velero: { snapshotMoveData: true, dataMover: DATA_MOVER } });

function capture(namespace: string): Promise<CaptureResult> {
  const { engine, regions } = world;
  return engine.capture(scenarioNamed(namespace), specOf(namespace), regions, signal);
}

async function pointOf(namespace: string): Promise<PublishedPoint> {
  const result = await capture(namespace);
  if (result.kind !== 'captured') throw new Error(JSON.stringify(result));
  return result.point;
}

const restoreOf = (point: OpenPoint, namespace: string) =>
  restoreAll(world.engine, point, scenarioNamed(namespace), world.regions.recovery, signal);

async function evidenceOf(point: OpenPoint, namespace: string) {
  const key = keyOf(namespace);
  return (await world.engine.prove(point, [key], world.regions.recovery, signal)).get(key);
}

test('a mover that fails makes the capture fail by the claim and the mover’s words, and there is no point', async () => {
  mover.setFaults({ uploads: { kind: 'fails', message: 'the bucket is full' } });

  const result = await capture(UNLUCKY);

  if (result.kind !== 'incomplete') throw new Error(JSON.stringify(result));
  expect(result.messages).toEqual([`${keyOf(UNLUCKY)}: Velero failed to copy its data: the bucket is full`]);
  expect(await world.engine.points(scenarioNamed(UNLUCKY), signal)).toEqual([]);
});

test('a claim that no mover fills is told with what the mover says until it is deleted, and is filled then, also in a namespace of another name', async () => {
  await writeFile(join(await csi.source.volumePath(UNLUCKY, 'data'), 'rows'), 'kept');
  const { manifest } = await pointOf(UNLUCKY);
  const point = transformedPoint(await world.engine.open(manifest.name, signal), [
    { name: 'places', namespaces: [{ from: UNLUCKY, to: LUCKY }] },
  ]);

  mover.setFaults({ downloads: { kind: 'silent' } });
  const { engine: hasty } = enginesOn(world.velero, world.store, world.regions, HASTY);
  const waiting = await obstacleSaying(
    `${keyOf(LUCKY)} is not taken up by the data mover ${DATA_MOVER}`,
    point,
    hasty,
  );
  mover.setFaults({ downloads: { kind: 'fails', message: 'the bucket is gone' } });
  const failed = await obstacleSaying('the bucket is gone', point);
  mover.setFaults({});
  const again = await obstacleSaying('the bucket is gone', point);
  const evidence = await evidenceOf(point, LUCKY);
  await lab.recovery.kubectl(['-n', LUCKY, 'delete', 'pvc/data', '--timeout=120s']);
  await restoreOf(point, UNLUCKY);

  expect(waiting.kind).toBe('blocked');
  expect(failed).toMatchObject({ kind: 'blocked', key: keyOf(LUCKY) });
  expect(failed.message).toContain(
    'its data was not brought back: the bucket is gone. Delete it, with what uses it, and it is made anew',
  );
  expect(again).toEqual(failed);
  expect(evidence).toMatchObject({ kind: 'refuted', message: expect.stringContaining('the bucket is gone') });
  expect(await evidenceOf(point, LUCKY)).toEqual({ kind: 'proven' });
  expect(await readFile(join(await csi.recovery.volumePath(LUCKY, 'data'), 'rows'), 'utf8')).toBe('kept');
});

test('every row that was durable before the point is in the other region after the first is lost', async () => {
  writer = await startWriter(await csi.source.volumePath(SHOP, 'data'), { rowsPerSecond: 50 });
  await writer.reached(20);
  const published = await pointOf(SHOP);
  const { manifest } = published;
  const verified = await world.engine.verify(published, specOf(SHOP), world.regions, signal);
  await writer.stop();
  await Promise.all([lab.source.kill(), csi.source.kill(), mover.loseSource()]);

  const point = await world.engine.open(manifest.name, signal);
  await restoreOf(point, SHOP);

  expect(verified.kind).toBe('verified');
  expect(manifest.volumesWithoutData).toEqual([]);
  expect(manifest.volumes).toEqual([
    {
      claim: keyOf(SHOP),
      strategy: 'VeleroDataMover',
      reason: `the data mover ${DATA_MOVER} copied its snapshot`,
    },
  ]);
  expect(await evidenceOf(point, SHOP)).toEqual({ kind: 'proven' });
  const found = await readRows(await csi.recovery.volumePath(SHOP, 'data'));
  const instant = Date.parse(manifest.capturedAt);
  const older = writer.acknowledged.filter(({ acknowledgedAt }) => acknowledgedAt < instant);
  expect(older.length).toBeGreaterThanOrEqual(20);
  expect(found).toMatchObject({ corrupt: [], firstMissing: undefined });
  expect(lossOf(older, found)).toEqual({ rows: 0, milliseconds: 0, differs: false });
  expect(lossOf(writer.acknowledged, found).differs).toBe(false);
});

/** Tries the units of a point in their order until something that stands in the way is said so. */
function obstacleSaying(text: string, point: OpenPoint, engine = world.engine): Promise<Obstacle> {
  const { regions } = world;
  const { units } = point.manifest;
  return waitFor({ what: `an obstacle that says: ${text}`, seconds: 120 }, async () => {
    for (const { objects } of units) {
      const scenario = scenarioNamed(UNLUCKY);
      const options = { conflicts: 'Report' } as const;
      const outcomes = await engine.restore(point, objects, scenario, regions.recovery, options, signal);
      const obstacle = outcomes.find((outcome) => outcome.kind !== 'applied');
      if (obstacle !== undefined) return obstacle.message.includes(text) ? obstacle : undefined;
    }
    throw new Error('nothing stood in the way');
  });
}

type Obstacle = Exclude<ApplyOutcome, { kind: 'applied' }>;
