/**
 * An operator that is killed at any write to an API server while it has Velero
 * restore a point: the records and the Restores it makes, what it corrects of
 * the objects afterwards, and what it cleans up. Each time another operator,
 * which knows nothing of it, restores the same point.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ADD_ON_TIMEOUT_MS } from '../../../hack/harness/add-on.ts';
import { waitFor } from '../../../hack/harness/wait.ts';
import type { Lab, LabCluster } from '../../../hack/lab/types.ts';
import { fieldsAt, textAt } from '../../../src/api/fields.ts';
import { type KubeObject, objectKey } from '../../../src/api/object.ts';
import { isOurs } from '../../../src/api/ownership.ts';
import type { Engine, OpenPoint } from '../../../src/engines/engine.ts';
import { objectDigest } from '../../../src/engines/native/objects/digest.ts';
import { marks } from '../../../src/engines/velero/settings.ts';
import { apply, restoreAll } from '../engine/support.ts';
import { getLab } from '../lab.ts';
import { killedAtWrite, MOMENTS, type Moment, untilKilled } from '../support/killed-process.ts';
import { enginesOn, removeApplication, scenarioNamed, specFor, veleroWorld, type World } from './support.ts';

/** Each kill is two restores by Velero at least. */
const PATIENCE = 30 * 60_000;
const NEVER = Number.POSITIVE_INFINITY;
const NAMESPACE = `velero-restore-killed-${Date.now().toString(36)}`;
const RESTORED = 'deployment,replicaset,pod,configmap';
const scenario = scenarioNamed(NAMESPACE);
const { signal } = new AbortController();

let lab: Lab;
let world: World;
let point: OpenPoint;
/** Of the bucket, with the point alone. */
let keys: readonly string[];
/** Restores of others in the recovery region, by uid. */
let foreign: readonly string[];

beforeAll(async () => {
  lab = await getLab();
  await deploy(lab.source);
  world = await veleroWorld(lab);
  const { engine, regions, velero } = world;
  const result = await engine.capture(scenario, specFor(velero, [NAMESPACE]), regions, signal);
  if (result.kind !== 'captured') throw new Error(JSON.stringify(result));
  point = await engine.open(result.point.manifest.name, signal);
  keys = await keysOfPoint();
  // So that every restore that is to be killed finds the same: the namespace, and nothing in it.
  await restoreBy(engine, regions.recovery);
  await removeRestored();
  await apply(lab.recovery, ...restoresOfOthers());
  foreign = uidsOf(await restores(), () => true);
}, ADD_ON_TIMEOUT_MS);
afterAll(async () => {
  await Promise.all([lab.source, lab.recovery].map((cluster) => removeApplication(cluster, NAMESPACE)));
  for (const { metadata } of restoresOfOthers())
    await lab.recovery.kubectl(['-n', 'velero', 'delete', 'restores.velero.io', metadata.name]);
});

/** Settings, what needs them, and what that owns: two restores one after the other, and an owner to correct. */
async function deploy(cluster: LabCluster): Promise<void> {
  const at = (name: string) => ({ name, namespace: NAMESPACE });
  const labels = { app: 'web' };
  const container = {
    name: 'web',
    image: 'example.com/web:1',
    envFrom: [{ configMapRef: { name: 'settings' } }],
  };
  await apply(
    cluster,
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: at('settings'), data: { colour: 'green' } },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: at('web'),
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [container] } },
      },
    },
  );
  const uid = await cluster.kubectl([
    '-n',
    NAMESPACE,
    'get',
    'deployment/web',
    '-o',
    'jsonpath={.metadata.uid}',
  ]);
  const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid }];
  await apply(cluster, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { ...at('child'), ownerReferences },
  });
}

/** One that a person has made, and one of a scenario of the same name that was deleted since. */
function restoresOfOthers() {
  const former = marks({ ...scenario, uid: 'another' }, 'Wave');
  return Object.entries({ 'by-hand': {}, former }).map(([name, labels]) => ({
    apiVersion: 'velero.io/v1',
    kind: 'Restore',
    metadata: { name: `${NAMESPACE}-${name}`, namespace: 'velero', labels },
    spec: { backupName: point.manifest.name },
    status: { phase: 'Completed' },
  }));
}

async function listed(cluster: LabCluster, args: readonly string[]): Promise<readonly KubeObject[]> {
  const { items }: { items: readonly KubeObject[] } = JSON.parse(
    await cluster.kubectl([...args, '-o', 'json']),
  );
  return items;
}

const restores = () => listed(lab.recovery, ['-n', 'velero', 'get', 'restores.velero.io']);
const there = () => listed(lab.recovery, ['-n', NAMESPACE, 'get', RESTORED]);

const uidsOf = (objects: readonly KubeObject[], chosen: (uid: string) => boolean): readonly string[] =>
  objects
    .filter(({ metadata: { uid = '', deletionTimestamp } }) => chosen(uid) && deletionTimestamp === undefined)
    .map(({ metadata: { uid = '' } }) => uid)
    .toSorted();

async function keysOfPoint(): Promise<readonly string[]> {
  const all = await world.store.list('', signal);
  return all.filter((key) => key.includes(point.manifest.name));
}

const restoreBy = (engine: Engine, recovery: World['regions']['recovery']) =>
  restoreAll(engine, point, scenario, recovery, signal);

const removeRestored = () =>
  lab.recovery.kubectl(['-n', NAMESPACE, 'delete', 'deployment,configmap', '--all', '--cascade=foreground']);

async function expectWhole(what: string): Promise<void> {
  const found = await waitFor({ what: `${what}: all to be there`, seconds: 120, every: 100 }, async () => {
    const objects = await there();
    const kinds = objects.map(({ kind, metadata: { name } }) =>
      kind === 'ConfigMap' ? `${kind}/${name}` : kind,
    );
    expect(kinds.toSorted(), what).toEqual([
      'ConfigMap/child',
      'ConfigMap/kube-root-ca.crt',
      'ConfigMap/settings',
      'Deployment',
      'Pod',
      'ReplicaSet',
    ]);
    const pod = objects.find(({ kind }) => kind === 'Pod');
    return textAt(pod, 'status', 'phase') === 'Running' ? objects : undefined;
  });
  const byKey = new Map(found.map((object) => [objectKey(object), object]));
  for (const name of ['ConfigMap/NS/child', 'ConfigMap/NS/settings', 'Deployment.apps/NS/web']) {
    const key = name.replace('NS', NAMESPACE);
    const [object, captured] = [byKey.get(key), point.object(key)];
    if (object === undefined || captured === undefined) throw new Error(`${what}: ${key} is not there`);
    expect(objectDigest(object), `${what}: ${key}`).toBe(objectDigest(captured));
    expect(isOurs(object, scenario), `${what}: ${key}`).toBe(true);
  }
  const owner = byKey.get(`Deployment.apps/${NAMESPACE}/web`)?.metadata.uid;
  const child = byKey.get(`ConfigMap/${NAMESPACE}/child`)?.metadata.ownerReferences;
  expect(child, what).toMatchObject([{ name: 'web', uid: owner }]);
}

/** Neither in the recovery region nor in the bucket; Velero removes a Restore a moment after it was told to. */
const untilNothingIsLeft = (what: string) =>
  waitFor({ what: `${what}: nothing to be left`, seconds: 120, every: 200 }, async () => {
    const left = (await restores()).filter(({ metadata: { uid = '' } }) => !foreign.includes(uid));
    expect(left.map(({ metadata }) => metadata.name)).toEqual([]);
    const records = await listed(lab.recovery, ['-n', 'velero', 'get', 'backups.velero.io']);
    const ours = records.filter(
      (record) =>
        textAt(fieldsAt(record, 'metadata', 'labels'), 'antipode.dev/scenario') === `dr.${NAMESPACE}`,
    );
    expect(ours.map(({ metadata }) => metadata.name)).toEqual([point.manifest.name]);
    expect(await keysOfPoint()).toEqual(keys);
    return true;
  });

async function killAt(n: number, moment: Moment): Promise<string | undefined> {
  const { velero, store, regions } = world;
  const process = killedAtWrite(n, moment);
  const recovery = process.cluster(regions.recovery);
  const dying = enginesOn(velero, process.store(store), { ...regions, recovery });
  await untilKilled(process, restoreBy(dying.engine, recovery));
  const what = `${moment}: ${process.writes[n - 1] ?? 'nothing'}`;

  await restoreBy(enginesOn(velero, store, regions).engine, regions.recovery);
  await expectWhole(what);
  await untilNothingIsLeft(what);

  const idle = killedAtWrite(NEVER, moment);
  const target = idle.cluster(regions.recovery);
  await restoreBy(enginesOn(velero, store, { ...regions, recovery: target }).engine, target);
  expect(idle.writes, `${what}: written though all was there`).toEqual([]);
  await removeRestored();
  return process.isKilled() ? (process.writes[n - 1] ?? '') : undefined;
}

test.each(MOMENTS)(
  'an operator that is killed at any write while Velero restores for it leaves what another one completes: nothing twice, nothing of others touched, nothing left over (%s)',
  async (moment) => {
    const killedAt: string[] = [];
    for (let n = 1; ; n += 1) {
      const write = await killAt(n, moment);
      if (write === undefined) break;
      killedAt.push(write.split('/')[0] ?? '');
    }
    expect(new Set(killedAt)).toEqual(
      new Set(['create Backup', 'create Restore', 'delete Backup', 'delete Restore', 'apply ConfigMap']),
    );
    expect(uidsOf(await restores(), (uid) => foreign.includes(uid))).toEqual(foreign);
  },
  PATIENCE,
);
