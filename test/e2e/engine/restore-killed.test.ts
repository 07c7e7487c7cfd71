/**
 * An operator that is killed at any write of a restore, one after the other:
 * the write was never sent, or it was and the answer is lost. Another operator,
 * which knows nothing of it, restores the same point then.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Lab } from '../../../hack/lab/types.ts';
import { textAt } from '../../../src/api/fields.ts';
import { groupOf, type KubeObject } from '../../../src/api/object.ts';
import { isOurs } from '../../../src/api/ownership.ts';
import type { OpenPoint } from '../../../src/engines/engine.ts';
import { nativeEngine } from '../../../src/engines/native/engine.ts';
import { objectDigest } from '../../../src/engines/native/objects/digest.ts';
import type { Cluster } from '../../../src/kube/cluster.ts';
import type { Store } from '../../../src/store/store.ts';
import { directoryStore } from '../../../src/store/testing/directory-store.ts';
import { getLab } from '../lab.ts';
import { killedAtWrite, MOMENTS, type Moment, untilKilled } from '../support/killed-process.ts';
import { type Awkward, awkward } from './awkward.ts';
import { clock, connect, pointOf, restoreAll, restoreUnits, silent } from './support.ts';

/** Each kill is an application, two points and three restores of its own, and there are dozens. */
const PATIENCE = 30 * 60_000;
const NEVER = Number.POSITIVE_INFINITY;
const run = Date.now().toString(36);
const signal = new AbortController().signal;

let lab: Lab;
let source: Cluster;
let target: Cluster;
let directory: string;
let store: Store;
const made: Awkward[] = [];

beforeAll(async () => {
  lab = await getLab();
  [source, target] = await Promise.all([connect(lab.source), connect(lab.recovery)]);
  directory = await mkdtemp(join(tmpdir(), 'antipode-e2e-'));
  store = directoryStore(directory);
});

afterAll(async () => {
  for (const application of made) await application.remove(source, target, signal);
  await Promise.all([source.close(), target.close()]);
  await rm(directory, { recursive: true, force: true });
});

const engineOn = (its: Store) => nativeEngine({ store: its, clock, log: silent });

interface Setting {
  readonly application: Awkward;
  /** What is to be restored over an older one, which the target has already. */
  readonly point: OpenPoint;
  /** Of the target before: those that the point says nothing of, and those it can change in place. */
  readonly before: ReadonlyMap<string, KubeObject>;
}

async function setUp(name: string): Promise<Setting> {
  const application = awkward(name);
  made.push(application);
  const { scenario, spec } = application;
  const engine = engineOn(store);
  await application.older(source, signal);
  const older = await pointOf(engine, scenario, spec, source, signal);
  await restoreAll(engine, older, scenario, target, signal);
  await application.foreign(target, signal);
  await application.newer(source, signal);
  const point = await pointOf(engine, scenario, spec, source, signal);
  return { application, point, before: await application.listed(target, signal) };
}

/** As an execution does it: unit after unit, trying again what is blocked; those that it got through are told to `progress`. */
async function restoreWith(
  { application, point }: Setting,
  cluster: Cluster,
  itsStore: Store,
  progress: { units: number },
): Promise<void> {
  const engine = engineOn(itsStore);
  const opened = await engine.open(point.manifest.name, signal);
  for (const unit of opened.manifest.units.slice(progress.units)) {
    const { scenario } = application;
    const restoring = { engine, point: opened, scenario, target: cluster, conflicts: 'Recreate' as const };
    await restoreUnits([unit], restoring, signal);
    progress.units += 1;
  }
}

async function live(cluster: Cluster, object: KubeObject): Promise<KubeObject> {
  const type = await cluster.typeFor(object, signal);
  const { namespace, name } = object.metadata;
  const key = type?.namespaced === true && namespace !== undefined ? { namespace, name } : { name };
  const found = type && (await cluster.get(type, key, signal));
  if (found === undefined) throw new Error(`${cluster.name} has no ${object.kind} ${name}`);
  return found;
}

async function expectWhole({ application, point, before }: Setting, what: string): Promise<void> {
  const { scenario, namespace } = application;
  for (const { key } of point.manifest.objects) {
    const captured = point.object(key);
    if (captured === undefined) throw new Error(`${key} is not in the point`);
    const found = await live(target, captured);
    expect.soft(found.metadata.deletionTimestamp, `${what}: ${key}`).toBeUndefined();
    if (key.endsWith('/default')) continue;
    expect.soft(objectDigest(found), `${what}: ${key}`).toBe(objectDigest(captured));
    expect.soft(isOurs(found, scenario), `${what}: ${key}`).toBe(true);
    const owners = captured.metadata.ownerReferences ?? [];
    const expected = await Promise.all(
      owners.map(async (owner) => {
        const { kind, name, apiVersion } = owner;
        const metadata = groupOf(apiVersion) === '' && kind === 'Namespace' ? { name } : { name, namespace };
        return { kind, name, uid: (await live(target, { apiVersion, kind, metadata })).metadata.uid };
      }),
    );
    expect.soft(found.metadata.ownerReferences ?? [], `${what}: ${key}`).toMatchObject(expected);
  }
  const after = await application.listed(target, signal);
  for (const name of application.mustStay)
    expect.soft(after.get(name)?.metadata.uid, `${what}: ${name}`).toBe(before.get(name)?.metadata.uid);
  for (const name of application.foreigners)
    expect
      .soft(after.get(name)?.metadata.resourceVersion, `${what}: ${name}`)
      .toBe(before.get(name)?.metadata.resourceVersion);
  // Nothing is there twice: neither of the point's, nor of what controllers make of it.
  const captured = new Set(point.manifest.objects.map(({ key }) => key));
  const others = [...after.keys()].filter((key) => !captured.has(key));
  expect.soft(others.toSorted(), what).toEqual(application.others.toSorted());
}

/** What the old ones ran goes a moment after them, and what every namespace has comes a moment after it. */
const settled = ({ application }: Setting) =>
  vi.waitFor(
    async () => {
      for (const kind of ['ReplicaSet.apps', 'Pod'] as const) {
        const found = await application.ofKind(target, kind, signal);
        expect(found.map(({ metadata }) => metadata.labels?.['app'])).toEqual(['new']);
      }
      const [set] = await application.ofKind(target, 'ReplicaSet.apps', signal);
      const [deployment] = await application.ofKind(target, 'Deployment.apps', signal);
      expect(set?.metadata.ownerReferences?.[0]?.uid).toBe(deployment?.metadata.uid);
      const [pod] = await application.ofKind(target, 'Pod', signal);
      expect(textAt(pod, 'status', 'phase')).toBe('Running');
      const there = [...(await application.listed(target, signal)).keys()];
      expect(there).toEqual(expect.arrayContaining([...application.others]));
    },
    { timeout: 120_000, interval: 100 },
  );

async function killAt(n: number, moment: Moment): Promise<readonly string[] | 'survived'> {
  const setting = await setUp(`killed-${moment === 'never sent' ? 'b' : 'a'}${n}-${run}`);
  const process = killedAtWrite(n, moment);
  const progress = { units: 0 };
  const dying = restoreWith(setting, process.cluster(target), process.store(store), progress);
  await untilKilled(process, dying);
  const what = `${moment} ${process.writes[n - 1] ?? 'nothing'}`;

  // The next operator goes on with the unit that the journal says is not done.
  await restoreWith(setting, target, store, progress);
  await settled(setting);
  await expectWhole(setting, what);

  const idle = killedAtWrite(NEVER, moment);
  await restoreWith(setting, idle.cluster(target), store, { units: 0 });
  expect(idle.writes, `${what}: written though all was there`).toEqual([]);
  await setting.application.remove(source, target, signal);
  return process.isKilled() ? process.writes : 'survived';
}

describe('an operator that is killed at any write of a restore', () => {
  test.each(MOMENTS)(
    'leaves what another one completes: nothing twice, nothing foreign touched, every owner right (%s)',
    async (moment) => {
      const kinds = new Set<string>();
      let kills = 0;
      for (let n = 1; ; n += 1) {
        const writes = await killAt(n, moment);
        if (writes === 'survived') break;
        kills += 1;
        for (const write of writes) kinds.add(write.split(' ')[0] ?? '');
      }
      expect([...kinds].toSorted()).toEqual(['apply', 'create', 'delete', 'patch']);
      expect(kills).toBeGreaterThan(20);
    },
    PATIENCE,
  );
});
