/**
 * What is lost when the source is lost at any instant. Twenty databases write
 * while the real operator protects each by a scenario of its own; their region is
 * really killed at a random instant, and the operator fails over by itself. Every
 * row older than the recovery point is then there, byte for byte, and what is
 * reported lost is what was lost, to within a second.
 *
 * A kill, a failover and a restart of the region take most of a minute, so five
 * databases share each: their captures follow one another, and the kill meets
 * each at another point of its cycle. `ANTIPODE_TEST_KILLS=20 npm run test:timed` takes a longer look.
 */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ADD_ON_TIMEOUT_MS } from '../../../hack/harness/add-on.ts';
import { aClaim, applyTo, untilBound } from '../../../hack/harness/csi-claims.ts';
import { untilExecuted } from '../../../hack/harness/executions.ts';
import { waitFor } from '../../../hack/harness/wait.ts';
import type { Writer } from '../../../hack/harness/writer.ts';
import { lossOf } from '../../../hack/harness/writer-rows.ts';
import type { Lab, LabCluster } from '../../../hack/lab/types.ts';
import { type Fields, fieldsAt } from '../../../src/api/fields.ts';
import type { DRExecutionStatus } from '../../../src/api/v1alpha1/dr-execution.ts';
import { getLab } from '../lab.ts';
import {
  type Antipode,
  aNamespace,
  apply,
  aRegionHealth,
  aScenario,
  conditionIn,
  FAILED_FOR,
  installOn,
  untilScenario,
} from '../support/antipode.ts';
import { countOf, randomFrom, seedOf } from './random.ts';
import { rowsThere, type VolumesWorld, volumesWorld } from './support.ts';

/** More for a longer look: twenty take a quarter of an hour. */
const KILLS = countOf(process.env, 4);
const DATABASES = 5;
const WITHIN_MS = 1000;
const ROWS_PER_SECOND = 25;
/** The kill comes with any of so many rows: they take longer than from one capture to the next. */
const SPAN = 8 * ROWS_PER_SECOND;

const seed = seedOf(process.env);
const random = randomFrom(seed);
const kills = Array.from({ length: KILLS }, (_, kill) => ({ kill, row: Math.floor(random() * SPAN) }));
/** Of the scenarios, in the objective. */
const DR = `random-${seed.toString(36)}`;

interface Database {
  readonly namespace: string;
  readonly writer: Writer;
}

let lab: Lab;
let world: VolumesWorld;
let antipode: Antipode;
beforeAll(async () => {
  console.log(`the instants are those of ANTIPODE_TEST_SEED=${seed}`);
  lab = await getLab();
  world = await volumesWorld(lab, { backend: 'shared' });
  antipode = await installOn(lab, { regionValues: ['volumes.snapshots=true'] });
  await apply(lab.objective, [aNamespace(DR), watchedClosely(lab.source)]);
}, ADD_ON_TIMEOUT_MS);
afterEach(async () => {
  await lab.objective.kubectl(['-n', DR, 'delete', 'drx,drs', '--all', '--wait=false']);
  await lab.source.start();
  await world.csi.source.start();
  await untilHealthy();
});
afterAll(async () => {
  await antipode?.remove();
  await world?.end();
});

test.each(kills)(
  `${DATABASES} databases whose region is killed, time $kill, $row rows after all are protected`,
  { timeout: 600_000 },
  async ({ row }) => {
    const databases = await Promise.all(Array.from({ length: DATABASES }, aDatabase));
    await apply(
      lab.objective,
      databases.map(({ namespace }) =>
        aScenario(lab, {
          namespace: DR,
          name: namespace,
          namespaces: [namespace],
          spec: { failover: { mode: 'Automatic' } },
        }),
      ),
    );
    await Promise.all(databases.map(untilProtected));
    await databases[0]?.writer.reached(databases[0].writer.acknowledged.length + row);

    await Promise.all([
      ...databases.map(({ writer }) => writer.stop()),
      lab.source.kill(),
      world.csi.source.kill(),
    ]);
    const killedBy = Date.now();
    await Promise.all(databases.map((each) => expectLoss(each, killedBy)));
  },
);

/** Loss is counted up to the first look that found the region failing: the one that the loss falls into may have to end first. */
function watchedClosely(cluster: LabCluster): Fields {
  const region = aRegionHealth(cluster);
  return { ...region, spec: { ...fieldsAt(region, 'spec'), interval: '500ms', probeTimeout: '500ms' } };
}

/** A database with its claim, as the operator is to restore it, and what writes to it. */
async function aDatabase(): Promise<Database> {
  const namespace = await world.namespace();
  const labels = { app: 'db' };
  const containers = [{ name: 'db', image: 'db', volumeMounts: [{ name: 'data', mountPath: '/data' }] }];
  const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'db' } }];
  await applyTo(lab.source, [
    aClaim({ namespace, name: 'db' }),
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { namespace, name: 'db' },
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers, volumes } },
      },
    },
  ]);
  await untilBound(lab.source, { namespace, name: 'db' });
  const path = await world.csi.source.volumePath(namespace, 'db');
  return { namespace, writer: await world.write(path, ROWS_PER_SECOND) };
}

async function untilProtected({ namespace }: Database): Promise<void> {
  await untilScenario(
    lab,
    antipode,
    { namespace: DR, name: namespace },
    'Protected with its data',
    (status) => {
      const data = conditionIn(status, 'VolumeDataProtected');
      const armed = conditionIn(status, 'AutomaticFailover');
      return status['phase'] === 'Protected' && data?.status === 'True' && armed?.status === 'True';
    },
    240,
  );
}

/**
 * @param killedBy milliseconds since 1970. The region is lost not before the kill began, when the database ended, and not after it was done; what is
 * there was cut after the last row of it and before the first that is lost. What is true lies between.
 */
async function expectLoss({ namespace, writer }: Database, killedBy: number): Promise<void> {
  const { plan, report } = await recovered(namespace);
  const found = await rowsThere(world, namespace, 'db');
  const instant = Date.parse(plan?.pointCapturedAt ?? '');
  const older = writer.acknowledged.filter(({ acknowledgedAt }) => acknowledgedAt < instant);
  expect(older.length).toBeGreaterThan(0);
  expect(found).toMatchObject({ corrupt: [], firstMissing: undefined });
  expect(lossOf(older, found)).toEqual({ rows: 0, milliseconds: 0, differs: false });
  expect(lossOf(writer.acknowledged, found).differs).toBe(false);

  const lost = writer.acknowledged.filter(({ number }) => number > (found.last?.number ?? 0));
  const least = (lost.at(-1)?.writtenAt ?? 0) - (lost[0]?.writtenAt ?? 0);
  const most = killedBy - (found.lastRowAt ?? Number.NaN);
  const reported = report?.achievedRpoMillis ?? Number.NaN;
  console.log(`${namespace}: ${lost.length} rows lost, of ${least} to ${most} ms; reported ${reported} ms`);
  expect(reported).toBeGreaterThanOrEqual(least);
  expect(reported).toBeLessThanOrEqual(most + WITHIN_MS);
}

async function recovered(namespace: string): Promise<DRExecutionStatus> {
  const key = { namespace: DR, scenario: namespace };
  const { status } = await untilExecuted(lab.objective, key, FAILED_FOR + 300).catch(
    async (error: unknown) => {
      const there = ['-n', namespace, 'get', 'pvc,volumesnapshot,volumesnapshotcontent,deploy', '-o', 'yaml'];
      console.log(
        await lab.objective.kubectl(['-n', DR, 'get', 'drs,drx', '-o', 'yaml']),
        await lab.recovery.kubectl(there),
        await antipode.log(),
      );
      throw error;
    },
  );
  expect(status.phase, status.message).toBe('Succeeded');
  expect(status.report?.warnings.join()).not.toContain('The data of');
  return status;
}

/** Only then may its failure be judged again. */
async function untilHealthy(): Promise<void> {
  const { name } = lab.source;
  await waitFor({ what: `${name} to be judged well again`, seconds: 120 }, async () => {
    const verdict = await lab.objective.kubectl(['get', 'rh', name, '-o', 'jsonpath={.status.verdict}']);
    return verdict === 'Healthy' ? true : undefined;
  });
}
