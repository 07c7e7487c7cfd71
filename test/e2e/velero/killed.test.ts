/**
 * An operator that is killed at any write to an API server while it has Velero
 * make a point, gives the other region its record, and has older points deleted.
 * Each time another operator, which knows nothing of it, goes on.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ADD_ON_TIMEOUT_MS } from '../../../hack/harness/add-on.ts';
import { waitFor } from '../../../hack/harness/wait.ts';
import type { Lab, LabCluster } from '../../../hack/lab/types.ts';
import { type Clock, instant, minutes } from '../../../src/domain/time.ts';
import type { Engine } from '../../../src/engines/engine.ts';
import { apply, clock } from '../engine/support.ts';
import { getLab } from '../lab.ts';
import { killedAtWrite, MOMENTS, type Moment, untilKilled } from '../support/killed-process.ts';
import {
  application,
  enginesOn,
  keeping,
  removeApplication,
  scenarioNamed,
  specFor,
  veleroWorld,
  type World,
} from './support.ts';

/** Each kill is two backups and two deletions of their own. */
const PATIENCE = 30 * 60_000;
const RUN = Date.now().toString(36);
const NAMESPACE = `velero-killed-${RUN}`;
const { signal } = new AbortController();
/** Later than any capture lasts: whatever is unfinished then belongs to nobody. */
const LATER: Clock = { ...clock, now: () => instant(clock.now() + minutes(180)) };

let lab: Lab;
let world: World;
beforeAll(async () => {
  lab = await getLab();
  await apply(lab.source, ...application(NAMESPACE));
  world = await veleroWorld(lab);
}, ADD_ON_TIMEOUT_MS);
afterAll(() => removeApplication(lab.source, NAMESPACE));

type Scenario = ReturnType<typeof scenarioNamed>;

/** Everything an operator does in one cycle; the name of the point it made. */
async function cycle(engine: Engine, regions: World['regions'], scenario: Scenario): Promise<string> {
  const spec = specFor(world.velero, [NAMESPACE]);
  const result = await engine.capture(scenario, spec, regions, signal);
  if (result.kind !== 'captured') throw new Error(JSON.stringify(result));
  const proof = await engine.verify(result.point, spec, regions, signal);
  if (proof.kind !== 'verified') throw new Error(JSON.stringify(proof));
  const { name } = result.point.manifest;
  await engine.prune(scenario, { ...keeping(1), verified: new Set([name]) }, signal);
  await engine.collectGarbage(scenario, regions.recovery, new Set(), signal);
  return name;
}

async function backupsOf(cluster: LabCluster, stem: string): Promise<readonly string[]> {
  const names = ['-n', 'velero', 'get', 'backups.velero.io', '-o', 'jsonpath={.items[*].metadata.name}'];
  return (await cluster.kubectl(names)).split(' ').filter((name) => name.startsWith(stem));
}

/** What no point needs is gone from both clusters and the bucket, once Velero has done what it was asked to. */
async function untilNothingIsLeft(scenario: Scenario, newest: string, what: string): Promise<void> {
  const later = enginesOn(world.velero, world.store, world.regions, LATER).engine;
  const stem = `${scenario.namespace}-${scenario.name}`;
  await waitFor({ what: `${what}: nothing to be left`, seconds: 240, every: 1000 }, async () => {
    await later.prune(scenario, { ...keeping(1), verified: new Set([newest]) }, signal);
    expect(await later.collectGarbage(scenario, world.regions.recovery, new Set(), signal)).toBeUndefined();
    expect(await backupsOf(lab.source, stem), 'in the source').toEqual([newest]);
    expect(await backupsOf(lab.recovery, stem), 'in the recovery region').toEqual([newest]);
    const keys = (await world.store.list('', signal)).filter((key) => key.includes(stem));
    expect(keys.filter((key) => !key.includes(newest))).toEqual([]);
    return true;
  });
}

async function killAt(n: number, moment: Moment, scenario: Scenario): Promise<string | undefined> {
  const [former] = await world.engine.points(scenario, signal);
  const process = killedAtWrite(n, moment);
  const regions = {
    source: process.cluster(world.regions.source),
    recovery: process.cluster(world.regions.recovery),
  };
  const dying = enginesOn(world.velero, process.store(world.store), regions);
  await untilKilled(process, cycle(dying.engine, regions, scenario));
  const what = `${moment}: ${process.writes[n - 1] ?? 'nothing'}`;

  const { engine } = enginesOn(world.velero, world.store, world.regions);
  const seen = (await engine.points(scenario, signal)).map(({ name }) => name);
  for (const name of seen) await engine.open(name, signal);
  // The former may have been replaced by then, but only by a newer one that is whole, as those seen are.
  const [newest = ''] = seen;
  expect(newest >= (former?.name ?? 'none'), `${what}: ${newest} instead of ${former?.name}`).toBe(true);

  const next = await cycle(engine, world.regions, scenario);
  expect((await engine.points(scenario, signal))[0]?.name, what).toBe(next);
  await untilNothingIsLeft(scenario, next, what);
  return process.isKilled() ? (process.writes[n - 1] ?? '') : undefined;
}

test.each(MOMENTS)(
  'an operator that is killed at any write while Velero works for it shows no point in part, loses none, and leaves nothing that the next run does not remove (%s)',
  async (moment) => {
    const scenario = scenarioNamed(`${NAMESPACE}-${moment === 'never sent' ? 'b' : 'a'}`);
    await cycle(world.engine, world.regions, scenario);
    const killedAt: string[] = [];
    for (let n = 1; ; n += 1) {
      const write = await killAt(n, moment, scenario);
      if (write === undefined) break;
      killedAt.push(write.split('/')[0] ?? '');
    }
    expect(new Set(killedAt)).toEqual(
      new Set(['create Backup', 'create DeleteBackupRequest', 'delete Backup']),
    );
  },
  PATIENCE,
);
