import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DRScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import { instant, minutes } from '../../../domain/time.ts';
import { KubeError, type KubeErrorCode } from '../../../kube/errors.ts';
import { anObject } from '../../../testing/objects.ts';
import { manifestKey } from '../../native/points/layout.ts';
import { shop, specWith, type VeleroWorld, veleroWorld } from '../testing/world.ts';

let world: VeleroWorld;
beforeEach(async () => {
  world = await veleroWorld();
});
afterEach(() => world.remove());

async function captured(spec?: DRScenarioSpec) {
  const result = await world.capture(spec);
  if (result.kind !== 'captured') throw new Error(JSON.stringify(result));
  return result.point.manifest;
}

const backups = () => world.source.objects.filter(({ kind }) => kind === 'Backup').length;

describe('an API of the source that nobody can see any more', () => {
  const failed = [{ group: 'shop.test', version: 'v1', message: 'its server does not answer' }];

  test('stops the capture when an earlier point holds a kind of it, before anything is asked of Velero', async () => {
    const earlier = await captured();
    expect(earlier.objects.map(({ key }) => key)).toContain('Widget.shop.test/shop/gadget');
    world.source.failed = failed;

    const refused = world.capture();

    await expect(refused).rejects.toMatchObject({ name: 'KubeError', code: 'Unavailable' });
    await expect(refused).rejects.toThrow(/cannot list Widget\.shop\.test.*resources\.excludeKinds/s);
    expect(backups()).toBe(1);
  });

  test('is told of in a point whose selection never held any of it', async () => {
    world.source.failed = failed;

    const { warnings } = await captured();

    expect(warnings).toEqual([expect.stringContaining('shop.test/v1')]);
  });

  test('is not missed when the selection leaves its kinds out', async () => {
    await captured();
    world.source.failed = failed;

    const without = specWith({}, { excludeKinds: ['Widget.shop.test'] });

    expect((await captured(without)).objects.map(({ key }) => key)).toContain('ConfigMap/shop/settings');
  });
});

describe('a recovery region', () => {
  const refuseAll = (code: KubeErrorCode) => {
    const error = new KubeError(code, `eu-north: ${code}`, { cluster: 'eu-north' });
    world.recovery.refusal = { error };
  };

  test.each<KubeErrorCode>(['Unreachable', 'Unavailable', 'UntrustedCertificate'])(
    'that does not answer (%s) holds up no point, and the point says so',
    async (code) => {
      refuseAll(code);

      const { warnings } = await captured();

      expect(warnings).toEqual([
        `whether Velero in eu-north can restore this point is not known: eu-north: ${code}`,
      ]);
    },
  );

  test('whose Velero may not be looked at stops the capture: nobody could restore the point', async () => {
    refuseAll('Forbidden');

    await expect(world.capture()).rejects.toMatchObject({ code: 'Forbidden', cluster: 'eu-north' });
    expect(backups()).toBe(0);
  });

  test('that answers is given the record of the backup', async () => {
    await captured();

    expect(world.recovery.objects).toContainEqual(
      expect.objectContaining({ kind: 'Backup', status: { phase: 'Completed' } }),
    );
  });
});

describe('what is asked for by name of the data of volumes', () => {
  const claim = anObject('PersistentVolumeClaim', 'shop/data', { spec: { volumeName: 'pv-1' } });
  const byName = specWith({ volumes: { strategy: 'SnapshotHandle' } });

  test('is missed when Velero took no snapshot, with the claim', async () => {
    world.source.objects.push(claim);

    expect(await world.capture(byName)).toEqual({
      kind: 'incomplete',
      messages: [
        expect.stringMatching(
          /^PersistentVolumeClaim\/shop\/data is to be copied by SnapshotHandle: Velero took no snapshot/,
        ),
      ],
    });
  });

  test('is not missed of a claim that has no volume yet', async () => {
    world.source.objects.push({ ...claim, spec: {} });

    expect((await captured(byName)).volumesWithoutData).toEqual(['PersistentVolumeClaim/shop/data']);
  });

  test('the snapshot class is told to Velero with its driver', async () => {
    const driver = 'ebs.csi.example.com';
    const fast = { apiVersion: 'snapshot.storage.k8s.io/v1', driver };
    world.source.objects.push(anObject('VolumeSnapshotClass', 'fast', fast));

    await captured(specWith({ volumes: { snapshotClass: 'fast' } }));

    const backup = world.source.objects.find(({ kind }) => kind === 'Backup');
    expect(backup?.metadata.annotations).toMatchObject({
      [`velero.io/csi-volumesnapshot-class_${driver}`]: 'fast',
    });
  });

  test('a snapshot class that the source does not have is said, before a backup is asked for', async () => {
    expect(await world.capture(specWith({ volumes: { snapshotClass: 'fast' } }))).toEqual({
      kind: 'incomplete',
      messages: [expect.stringContaining('eu-west has no VolumeSnapshotClass fast')],
    });
    expect(backups()).toBe(0);
  });
});

describe('data that the newest point has', () => {
  const name = 'PersistentVolumeClaim/shop/data';
  const claim = anObject('PersistentVolumeClaim', 'shop/data', { spec: { volumeName: 'pv-1' } });
  const entry = { pvcNamespace: 'shop', pvcName: 'data' };
  const csiSnapshotInfo = { snapshotHandle: 'snap-1', driver: 'csi.example.com', vscName: 'vsc-1' };
  /** What Velero writes of the volume of the claim. Default: nothing */
  const say = (info?: object) => {
    const infos = info === undefined ? [] : [{ ...entry, ...info }];
    world.source.files = { 'volumeinfo.json.gz': JSON.stringify(infos) };
  };

  beforeEach(async () => {
    world.source.objects.push(claim);
    say({ csiSnapshotInfo });
    const { volumes } = await captured();
    if (volumes?.[0]?.strategy !== 'SnapshotHandle') throw new Error('the first point is to have the data');
    await world.clock.advance(minutes(5));
  });

  test.each([
    ['says nothing of it any more', () => say(), /took no snapshot.*EnableCSI/],
    ['skips it by a resource policy', () => say({ skipped: true, skippedReason: 'by policy' }), /by policy/],
  ])('is never left out because Velero %s: there is no new point', async (_, begin, reason) => {
    begin();

    const result = await world.capture();

    expect(result).toEqual({ kind: 'incomplete', messages: [expect.stringMatching(reason)] });
    expect(result).toEqual({
      kind: 'incomplete',
      messages: [expect.stringMatching(new RegExp(`^${name}: .*strategy: Exclude`))],
    });
    expect(await world.engine().points(shop, new AbortController().signal)).toHaveLength(1);
  });

  test('is left out when the user excludes the data of all claims, and from then on', async () => {
    say();

    expect((await captured(specWith({ volumes: { strategy: 'Exclude' } }))).volumesWithoutData).toEqual([
      name,
    ]);
    await world.clock.advance(minutes(5));
    expect((await captured()).volumesWithoutData).toEqual([name]);
  });

  test('is not missed of a claim that was made anew and has no volume yet', async () => {
    say();
    world.source.objects.splice(world.source.objects.indexOf(claim), 1, { ...claim, spec: {} });

    expect((await captured()).volumesWithoutData).toEqual([name]);
  });

  test('is not missed for another recovery region: it is not there', async () => {
    say();

    const south = { ...specWith(), recovery: { region: 'eu-south' } };

    expect((await captured(south)).volumesWithoutData).toEqual([name]);
  });
});

describe('a backup that ends badly', () => {
  const logOf = (...messages: readonly string[]) =>
    messages.map((msg) => `time="2026-01-02T03:04:05Z" level=error msg="${msg}"\n`).join('');

  test('is told with the reason of Velero and the last errors of its log', async () => {
    world.source.status = { phase: 'Failed', failureReason: 'error uploading the backup' };
    world.source.files = { 'logs.gz': logOf('no space left in the bucket') };

    expect(await world.capture()).toEqual({
      kind: 'incomplete',
      messages: [
        expect.stringMatching(
          /failed: error uploading the backup; the last errors of its log: no space left in the bucket$/,
        ),
      ],
    });
  });

  test('with all of the point in it is a point, which warns of the first errors', async () => {
    const errors = {
      namespaces: { other: [' resource: /secrets name: /key message: /Error backing up item'] },
    };
    world.source.status = { phase: 'PartiallyFailed', errors: 7 };
    world.source.files = { 'results.gz': JSON.stringify({ errors }) };

    const { warnings } = await captured();

    expect(warnings).toEqual([
      expect.stringMatching(
        /is PartiallyFailed with 7 errors; nothing of the point is missing from it: Error backing up item$/,
      ),
    ]);
  });

  test('with something missing names it, and tells what else the log says', async () => {
    const claim = anObject('PersistentVolumeClaim', 'shop/data', { spec: { volumeName: 'pv-1' } });
    world.source.objects.push(claim);
    const failed = { pvcNamespace: 'shop', pvcName: 'data', result: 'failed' };
    world.source.status = { phase: 'PartiallyFailed', errors: 1 };
    world.source.files = {
      'volumeinfo.json.gz': JSON.stringify([failed]),
      'logs.gz': logOf('no snapshot class for driver x'),
    };

    expect(await world.capture()).toEqual({
      kind: 'incomplete',
      messages: [
        'PersistentVolumeClaim/shop/data: Velero failed to copy its data; the last errors of its log: no snapshot class for driver x',
      ],
    });
  });
});

test('a point that is made after a clock was found to be ahead counts as the newer one', async () => {
  const ahead = minutes(30);
  world.clock.setWall(instant(world.clock.now() + ahead));
  const first = await captured();
  world.clock.setWall(instant(world.clock.now() - ahead));

  const second = await captured();

  expect([first.sequence, second.sequence]).toEqual([1, 2]);
  const { signal } = new AbortController();
  const points = await world.engine().points(shop, signal);
  expect(points.map(({ name }) => name)).toEqual([second.name, first.name]);
});

test('a backup that was asked for after a clock was found to be ahead is gone on with, and no other asked for', async () => {
  const ahead = minutes(30);
  world.clock.setWall(instant(world.clock.now() + ahead));
  await captured();
  world.clock.setWall(instant(world.clock.now() - ahead));
  const { name } = await captured();
  // The operator ended before it published.
  const { signal } = new AbortController();
  await world.store.remove(manifestKey(name), signal);
  const { objects } = world.source;
  for (const [index, object] of objects.entries()) {
    const creationTimestamp = new Date(Date.UTC(2027, 0, 15, 8, index)).toISOString();
    objects[index] = { ...object, metadata: { ...object.metadata, creationTimestamp } };
  }

  expect((await captured()).name).toBe(name);
  expect(backups()).toBe(2);
});
