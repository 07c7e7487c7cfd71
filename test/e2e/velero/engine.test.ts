/** The Velero engine on two real Velero servers: points are made, proven, restored and removed by them. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ADD_ON_TIMEOUT_MS } from '../../../hack/harness/add-on.ts';
import { waitFor } from '../../../hack/harness/wait.ts';
import type { Lab } from '../../../hack/lab/types.ts';
import type { KubeObject } from '../../../src/api/object.ts';
import type { OpenPoint, PublishedPoint } from '../../../src/engines/engine.ts';
import { veleroEngine } from '../../../src/engines/velero/engine.ts';
import { settingsOf } from '../../../src/engines/velero/settings.ts';
import type { Cluster } from '../../../src/kube/cluster.ts';
import { apply, clock, restoreAll, silent } from '../engine/support.ts';
import { getLab } from '../lab.ts';
import {
  application,
  BUCKET,
  FOLDER,
  keeping,
  phaseOf,
  removeApplication,
  scenarioNamed,
  specFor,
  veleroNames,
  veleroWorld,
  type World,
} from './support.ts';

/** Unique, as an attached lab remembers earlier runs. */
const NAMESPACE = `velero-engine-${Date.now().toString(36)}`;
const scenario = scenarioNamed(NAMESPACE);
const { signal } = new AbortController();

let lab: Lab;
let world: World;
beforeAll(async () => {
  lab = await getLab();
  await apply(lab.source, ...application(NAMESPACE));
  // What is still coming up changes after it was captured.
  for (const name of ['db', 'web'])
    await lab.source.kubectl(['-n', NAMESPACE, 'rollout', 'status', `deployment/${name}`, '--timeout=120s']);
  world = await veleroWorld(lab);
}, ADD_ON_TIMEOUT_MS);
afterAll(async () => {
  await Promise.all([removeApplication(lab.source, NAMESPACE), removeApplication(lab.recovery, NAMESPACE)]);
});

/** What a test stopped and could not start again would fail those after it; starting what runs changes nothing. */
afterEach(async () => {
  await world.velero.s3.start();
  await Promise.all([world.velero.source.start(), world.velero.recovery.start()]);
});

async function captured(): Promise<PublishedPoint> {
  const { engine, regions, velero } = world;
  const result = await engine.capture(scenario, specFor(velero, [NAMESPACE]), regions, signal);
  if (result.kind !== 'captured') throw new Error(JSON.stringify(result));
  return result.point;
}

/** The same source for an operator that is killed when it has looked twice at the backup that it waits for. */
function killedWhileWaiting(source: Cluster): { readonly source: Cluster; readonly killed: AbortSignal } {
  const stop = new AbortController();
  let looks = 0;
  const get: Cluster['get'] = async (type, key, looking) => {
    const found = await source.get(type, key, looking);
    if (type.kind === 'Backup' && found !== undefined && (looks += 1) === 2) stop.abort(new Error('killed'));
    return found;
  };
  return { source: { ...source, get }, killed: stop.signal };
}

describe('a point made by Velero', () => {
  let point: PublishedPoint;
  let opened: OpenPoint;
  beforeAll(async () => {
    point = await captured();
    opened = await world.engine.open(point.manifest.name, signal);
  });

  test('holds exactly what a native point would', async () => {
    const { native, regions, velero } = world;
    const result = await native.capture(
      scenarioNamed(`${NAMESPACE}-native`),
      specFor(velero, [NAMESPACE]),
      regions,
      signal,
    );
    if (result.kind !== 'captured') throw new Error(JSON.stringify(result));

    const digests = ({ objects }: PublishedPoint['manifest']) =>
      objects.map(({ key, digest }) => `${key} ${digest}`).toSorted();
    expect(digests(point.manifest)).toEqual(digests(result.point.manifest));
    expect(point.manifest.units.map(({ id }) => id)).toEqual(result.point.manifest.units.map(({ id }) => id));
  });

  test('is proven against the source', async () => {
    const { engine, regions, velero } = world;

    expect(await engine.verify(point, specFor(velero, [NAMESPACE]), regions, signal)).toMatchObject({
      kind: 'verified',
      changedSince: 0,
    });
  });

  test('is known to Velero in the recovery region before its own synchronisation', async () => {
    expect(await phaseOf(lab.recovery, 'backup', point.manifest.name)).toBe('Completed');
  });

  test('is restored by Velero, marked as ours, with its owners, and nothing is left of the restore', async () => {
    const { engine, regions, store } = world;

    await restoreAll(engine, opened, scenario, regions.recovery, signal);

    const { items }: { items: readonly KubeObject[] } = JSON.parse(
      await lab.recovery.kubectl(['-n', NAMESPACE, 'get', 'cm,secret,sa,svc,deploy', '-o', 'json']),
    );
    const restored = items
      .filter(({ metadata }) => metadata.labels?.['velero.io/restore-name'] !== undefined)
      .map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    expect(restored.toSorted()).toEqual([
      'ConfigMap/settings',
      'Deployment/db',
      'Deployment/web',
      'Secret/password',
      'Service/db',
      'ServiceAccount/reader',
    ]);
    const labels = ['-o', 'jsonpath={.metadata.labels.antipode\\.dev/scenario}'];
    const mark = await lab.recovery.kubectl(['-n', NAMESPACE, 'get', 'deployment/web', ...labels]);
    expect(mark).toBe(`dr.${NAMESPACE}`);
    await lab.recovery.kubectl(['-n', NAMESPACE, 'rollout', 'status', 'deployment/web', '--timeout=120s']);
    await waitFor({ what: 'nothing to be left of the restores', seconds: 120 }, async () => {
      const ours = (name: string) => name.startsWith(point.manifest.name);
      expect((await veleroNames(lab.recovery, 'restores')).filter(ours)).toEqual([]);
      expect((await veleroNames(lab.recovery, 'backups')).filter(ours)).toEqual([point.manifest.name]);
      expect(await store.list(`velero/backups/${point.manifest.name}-`, signal)).toEqual([]);
      return true;
    });
  });

  test('restored once more changes nothing and asks nothing of Velero', async () => {
    const { engine, regions, velero } = world;
    const versions = [
      '-n',
      NAMESPACE,
      'get',
      'cm,secret,sa,svc',
      '-o',
      'jsonpath={.items[*].metadata.resourceVersion}',
    ];
    const before = await lab.recovery.kubectl(versions);

    await velero.recovery.stop();
    await restoreAll(engine, opened, scenario, regions.recovery, signal);
    await velero.recovery.start();

    expect(await lab.recovery.kubectl(versions)).toBe(before);
  });
});

describe('a storage location that is ReadOnly in the recovery region', () => {
  const setAccess = (accessMode: 'ReadOnly' | 'ReadWrite') =>
    lab.recovery.kubectl([
      '-n',
      'velero',
      'patch',
      'backupstoragelocation/default',
      '--type=merge',
      '-p',
      JSON.stringify({ spec: { accessMode } }),
    ]);
  afterAll(() => setAccess('ReadWrite'));

  test('serves for making points and for restoring them, and nothing is left of the restore', async () => {
    const { engine, regions } = world;
    await setAccess('ReadOnly');
    const { manifest } = await captured();
    const point = await engine.open(manifest.name, signal);
    await lab.recovery.kubectl(['-n', NAMESPACE, 'delete', 'configmap/settings', '--ignore-not-found']);

    expect(await engine.preflight(point, scenario, regions.recovery, signal)).toEqual([]);
    await restoreAll(engine, point, scenario, regions.recovery, signal);

    const by = ['-o', 'jsonpath={.metadata.labels.velero\\.io/restore-name}'];
    expect(await lab.recovery.kubectl(['-n', NAMESPACE, 'get', 'configmap/settings', ...by])).toContain(
      manifest.name,
    );
    await waitFor({ what: 'the restores to be removed', seconds: 120 }, async () =>
      (await veleroNames(lab.recovery, 'restores')).some((name) => name.startsWith(manifest.name))
        ? undefined
        : true,
    );
  });
});

describe('what stands in the way', () => {
  test('an object that Velero was told to leave out is missed by name', async () => {
    const { engine, regions, velero } = world;
    const label = 'velero.io/exclude-from-backup';
    await lab.source.kubectl(['-n', NAMESPACE, 'label', 'configmap/settings', `${label}=true`]);

    const result = await engine.capture(scenario, specFor(velero, [NAMESPACE]), regions, signal);

    await lab.source.kubectl(['-n', NAMESPACE, 'label', 'configmap/settings', `${label}-`]);
    if (result.kind !== 'incomplete') throw new Error(JSON.stringify(result));
    expect(result.messages).toEqual([
      expect.stringContaining(`ConfigMap/${NAMESPACE}/settings is not in Velero backup`),
    ]);
    expect(result.messages[0]).toContain(label);
  });

  test('a storage location elsewhere is said with both places', async () => {
    const { native, store, regions, velero } = world;
    const settings = settingsOf(specFor(velero, [NAMESPACE]));
    if (settings === undefined) throw new Error('no settings');
    const clusters = { region: () => ({ kind: 'available' as const, cluster: regions.source }) };
    const elsewhere = veleroEngine(
      { native, store, clusters, clock, log: silent },
      { ...settings, prefix: 'other/velero' },
    );

    const result = await elsewhere.capture(scenario, specFor(velero, [NAMESPACE]), regions, signal);

    if (result.kind !== 'incomplete') throw new Error(JSON.stringify(result));
    expect(result.messages[0]).toContain(`bucket ${BUCKET} with prefix ${FOLDER}/velero`);
    expect(result.messages[0]).toContain(`bucket ${BUCKET} with prefix other/velero`);
  });

  test('a backup asked for while no server runs is not asked for twice, and is a point when the server is back', async () => {
    const { engine, regions, velero } = world;
    await velero.source.stop();
    const before = new Set(await veleroNames(lab.source, 'backups'));
    const fresh = async () => (await veleroNames(lab.source, 'backups')).filter((name) => !before.has(name));
    for (let run = 0; run < 2; run += 1) {
      const { source, killed } = killedWhileWaiting(regions.source);
      await expect(
        engine.capture(scenario, specFor(velero, [NAMESPACE]), { ...regions, source }, killed),
      ).rejects.toThrow(/killed|stopped/);
    }
    expect(await fresh()).toHaveLength(1);
    await velero.source.start();

    const point = await captured();

    expect(await fresh()).toEqual([point.manifest.name]);
  });

  test('a server killed in the middle of a backup makes that capture fail with its word, and the next succeed', async () => {
    const { engine, regions, velero } = world;
    const before = new Set(await veleroNames(lab.source, 'backups'));
    // It does not end before it is seen: the server halts until the backup is there, and then waits for its bucket.
    const server = await lab.program('velero-source').start();
    const bucket = await lab.program('s3').start();
    let capture: ReturnType<typeof engine.capture>;
    process.kill(server.pid, 'SIGSTOP');
    try {
      capture = engine.capture(scenario, specFor(velero, [NAMESPACE]), regions, signal);
      const name = await waitFor({ what: 'a backup to be asked for', seconds: 120 }, async () =>
        (await veleroNames(lab.source, 'backups')).find((one) => !before.has(one)),
      );
      process.kill(bucket.pid, 'SIGSTOP');
      process.kill(server.pid, 'SIGCONT');
      await waitFor({ what: 'a backup in progress', seconds: 120 }, async () =>
        (await phaseOf(lab.source, 'backup', name)) === 'InProgress' ? true : undefined,
      );
    } finally {
      // Also where a server was halted and the test has failed.
      await velero.source.kill();
      process.kill(bucket.pid, 'SIGCONT');
      await velero.source.start();
    }

    const result = await capture;

    if (result.kind !== 'incomplete') throw new Error(JSON.stringify(result));
    expect(result.messages[0]).toMatch(/failed: .*InProgress/);
    expect((await captured()).manifest.objects.length).toBeGreaterThan(8);
  });

  test('a bucket that Velero cannot reach is said as such, before a backup is asked for', async () => {
    const { engine, regions, velero } = world;
    const before = new Set(await veleroNames(lab.source, 'backups'));
    await velero.s3.stop();
    const location = [
      '-n',
      'velero',
      'get',
      'backupstoragelocation/default',
      '-o',
      'jsonpath={.status.phase}',
    ];
    await waitFor({ what: 'the location to be Unavailable', seconds: 120 }, async () =>
      (await lab.source.kubectl(location)) === 'Unavailable' ? true : undefined,
    );

    const result = await engine.capture(scenario, specFor(velero, [NAMESPACE]), regions, signal);

    await velero.s3.start();
    for (const cluster of [lab.source, lab.recovery])
      await waitFor({ what: 'the location to be Available', seconds: 120 }, async () =>
        (await cluster.kubectl(location)) === 'Available' ? true : undefined,
      );
    if (result.kind !== 'incomplete') throw new Error(JSON.stringify(result));
    expect(result.messages[0]).toContain(
      `BackupStorageLocation velero/default in ${lab.source.name} is Unavailable`,
    );
    // Some of those before may have been on their way out.
    expect((await veleroNames(lab.source, 'backups')).filter((name) => !before.has(name))).toEqual([]);
  });
});

describe('retention', () => {
  test('has Velero delete its backups, and leaves those of others', async () => {
    const { engine, velero, store } = world;
    await velero.source.cli([
      'backup',
      'create',
      `${NAMESPACE}-others`,
      '--include-namespaces',
      NAMESPACE,
      '--wait',
    ]);
    const newest = await captured();

    await engine.prune(scenario, keeping(1), signal);

    await waitFor({ what: 'all but the newest backup to be deleted', seconds: 120 }, async () => {
      const ours = (await veleroNames(lab.source, 'backups')).filter((name) =>
        name.startsWith(`dr-${NAMESPACE}-2`),
      );
      return ours.length === 1 ? true : undefined;
    });
    expect((await engine.points(scenario, signal)).map(({ name }) => name)).toEqual([newest.manifest.name]);
    expect(await phaseOf(lab.source, 'backup', `${NAMESPACE}-others`)).toBe('Completed');
    const files = await store.list('velero/backups/', signal);
    const folders = new Set(files.map((key) => key.split('/')[2]));
    expect(folders).toContain(newest.manifest.name);
    expect(folders).toContain(`${NAMESPACE}-others`);
    expect([...folders].filter((name) => name?.startsWith(`dr-${NAMESPACE}-2`))).toHaveLength(1);
    expect((await engine.open(newest.manifest.name, signal)).manifest.name).toBe(newest.manifest.name);
  });
});
