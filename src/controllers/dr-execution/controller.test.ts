/** Whole executions, driven by the loop as in the operator, through what takes its time. */
import { afterEach, describe, expect, test } from 'vitest';
import type { KubeObject } from '../../api/object.ts';
import type { DRExecutionStatus, StepStatus } from '../../api/v1alpha1/dr-execution.ts';
import { drScenarioSpec } from '../../api/v1alpha1/dr-scenario.ts';
import { announcement } from '../../dns/external-dns.ts';
import { manifestOf } from '../../domain/execution/testing/manifest.ts';
import { type Clock, type Millis, minutes, seconds } from '../../domain/time.ts';
import { type Engine, type KeptPoint, PointDamagedError } from '../../engines/engine.ts';
import { orAborted } from '../../kube/deadline.ts';
import { StoreError } from '../../store/store.ts';
import { anObject } from '../../testing/objects.ts';
import { type Driven, driven } from './testing/driven.ts';
import { engineOf, openPoint, scenarioSpec, worldOf } from './testing/world.ts';

let operator: Driven | undefined;
afterEach(() => operator?.stop());

const failedOverBySelf = drScenarioSpec.parse({
  ...scenarioSpec,
  dns: { records: [] },
  failover: { mode: 'Automatic' },
});
const withoutNames = drScenarioSpec.parse({ ...scenarioSpec, dns: { records: [] } });
const counted = (steps: readonly StepStatus[] = []) => {
  const counts: Record<string, number> = {};
  for (const { kind, phase } of steps) counts[`${kind} ${phase}`] = (counts[`${kind} ${phase}`] ?? 0) + 1;
  return counts;
};

/** An engine whose store takes its time to give a point, and how often it was asked for one. */
function slowStore(clock: Clock, takes: Millis) {
  const asked = { opens: 0 };
  const engine: Engine = {
    ...engineOf({}),
    open: async (_name, signal) => {
      asked.opens += 1;
      await clock.sleep(takes, signal);
      return openPoint();
    },
  };
  return { engine, asked };
}

describe('a recovery point that takes longer to read than a pass may last', () => {
  const restarted = worldOf([
    { id: 'prepare', kind: 'Prepare', phase: 'Running' },
    { id: 'report', kind: 'Report', phase: 'Pending' },
  ]).execution.status;
  const reading = (takes: Millis, status?: DRExecutionStatus) => {
    let asked = { opens: 0 };
    operator = driven({
      acceptedSpec: withoutNames,
      ...(status === undefined ? {} : { status }),
      deps: (clock) => {
        const store = slowStore(clock, takes);
        ({ asked } = store);
        return { engine: () => store.engine };
      },
    });
    return { operator, asked };
  };

  test('is said to be read while it is, and is read once for the whole execution', async () => {
    const { operator: execution, asked } = reading(seconds(150));

    expect(await execution.during(seconds(10))).toMatchObject({
      phase: 'Pending',
      message: 'reading recovery point point-1',
      conditions: [{ type: 'Admitted', status: 'Unknown', reason: 'ReadingRecoveryPoint' }],
    });
    expect(await execution.during(minutes(3))).toMatchObject({ phase: 'Succeeded' });
    expect(asked.opens).toBe(1);
  });

  test('costs the steps of an execution that is resumed none of their time', async () => {
    const { operator: execution, asked } = reading(minutes(8), restarted);

    expect(await execution.during(minutes(1))).toMatchObject({
      phase: 'Running',
      message: 'preparing (reading recovery point point-1)',
    });
    expect(await execution.during(minutes(8))).toMatchObject({ phase: 'Succeeded' });
    expect(asked.opens).toBe(1);
  });

  test('is given up on when it never comes', async () => {
    const never = minutes(100_000);
    const begun = await reading(never).operator.during(minutes(35));
    await operator?.stop();
    const resumed = await reading(never, restarted).operator.during(minutes(35));

    expect(begun).toMatchObject({
      phase: 'Refused',
      message: expect.stringContaining('recovery point point-1 was not read within 30m'),
    });
    expect(resumed).toMatchObject({
      phase: 'Failed',
      message: expect.stringContaining('recovery point point-1 was not read within 30m'),
    });
  });

  test('that was named as a backup of Velero is imported beside the passes too', async () => {
    let imports = 0;
    operator = driven({
      acceptedSpec: withoutNames,
      recoveryPoint: 'nightly',
      deps: (clock) => ({
        engine: () => engineOf({}),
        importBackup: async (_name, _scenario, _spec, signal) => {
          imports += 1;
          await clock.sleep(seconds(150), signal);
          const manifest = manifestOf({ name: 'nightly' });
          return { kind: 'imported', point: { manifest, digest: 'sha256:right' } };
        },
      }),
    });

    expect(await operator.during(seconds(10))).toMatchObject({
      phase: 'Pending',
      message: 'reading recovery point nightly',
    });
    expect(await operator.during(minutes(3))).toMatchObject({ phase: 'Succeeded' });
    expect(imports).toBe(1);
  });
});

test('a point of a store that the scenario had before is read in that one', async () => {
  const store = { s3: { bucket: 'former', region: 'eu-north-1', forcePathStyle: false } };
  const time = '2026-01-01T00:00:00.000Z';
  const point = { name: 'point-1', capturedAt: time, verifiedAt: time, digest: 'sha256:right' };
  const read = new Set<string>();
  operator = driven({
    acceptedSpec: withoutNames,
    points: [{ ...point, objects: 1, bytes: 1, store }],
    deps: () => ({
      engine: ({ replication }) => {
        read.add(JSON.stringify(replication.store));
        return engineOf({});
      },
    }),
  });

  expect(await operator.during(minutes(1))).toMatchObject({ phase: 'Succeeded', plan: { store } });
  expect([...read].map((text) => JSON.parse(text))).toEqual([store]);
});

describe('of a scenario that was made anew, while the store has its points', () => {
  const time = '2026-01-01T00:00:00.000Z';
  const stored: KeptPoint = {
    name: 'point-1',
    capturedAt: time,
    objects: 1,
    bytes: 1,
    digest: 'sha256:right',
    claimsWithData: 0,
    scenario: { namespace: 'dr', name: 'shop', uid: 'lost' },
    sourceRegion: 'eu-west',
    objective: 'uid-lost',
    foreign: true,
  };
  const { claimsWithData: _, scenario: __, sourceRegion: ___, objective: ____, ...listed } = stored;
  const restoring = (told: Parameters<typeof driven>[0], its: Parameters<typeof engineOf>[0] = {}) => {
    const engine = engineOf({ points: [stored], ...its });
    operator = driven({ acceptedSpec: withoutNames, deps: () => ({ engine: () => engine }), ...told });
    return operator.during(minutes(1));
  };

  test('the newest is restored once it was read back whole, with a warning in the report', async () => {
    const status = await restoring({ points: [] });

    expect(status).toMatchObject({ phase: 'Succeeded', plan: { recoveryPoint: 'point-1' } });
    expect(status.report?.warnings).toContainEqual(
      expect.stringMatching(
        /point-1 was read back whole.* NOT compared .* another objective cluster, uid-lost/,
      ),
    );
  });

  test('one that is listed and was never verified is restored by its name', async () => {
    const status = await restoring({ points: [listed], recoveryPoint: 'point-1' });

    expect(status).toMatchObject({ phase: 'Succeeded', plan: { pointUnproven: expect.any(String) } });
  });

  test('none is restored that cannot be read back whole', async () => {
    const open = () => Promise.reject(new PointDamagedError('recovery point point-1: its archive is gone'));

    expect(await restoring({ points: [] }, { open })).toMatchObject({
      phase: 'Refused',
      message: expect.stringContaining('RecoveryPointDamaged'),
    });
  });

  test('none is restored whose manifest says that its data is in another region', async () => {
    const volume = {
      claim: 'PersistentVolumeClaim/shop/db',
      strategy: 'SnapshotHandle' as const,
      reason: '',
    };
    const manifest = manifestOf({ volumes: [volume], recoveryRegion: 'eu-south' });
    const point = { ...openPoint(), manifest };

    expect(await restoring({ points: [] }, { point })).toMatchObject({
      phase: 'Refused',
      message: expect.stringMatching(
        /NoVerifiedRecoveryPoint.*data of its volumes in eu-south, not in eu-north/,
      ),
    });
  });

  test('none is restored by an automatic failover, which waits', async () => {
    const automatic = { automatic: true, acceptedSpec: failedOverBySelf, points: [listed] };

    expect(await restoring(automatic)).toMatchObject({
      phase: 'Pending',
      conditions: [{ reason: 'NoVerifiedRecoveryPoint' }],
      message: expect.stringMatching(/only such as were not compared .*a person can take one/),
    });
  });

  test('a store that does not answer is waited for', async () => {
    let isAway = true;
    operator = driven({
      acceptedSpec: withoutNames,
      points: [],
      deps: () => ({
        engine: () => ({
          ...engineOf({}),
          points: async () => {
            if (isAway) throw new StoreError('StoreUnavailable', 'bucket points does not answer');
            return [stored];
          },
        }),
      }),
    });

    expect(await operator.during(minutes(1))).toMatchObject({
      phase: 'Pending',
      message: 'bucket points does not answer',
    });
    isAway = false;
    expect(await operator.during(minutes(1))).toMatchObject({ phase: 'Succeeded' });
  });

  test('without any point in the store there is nothing to restore', async () => {
    expect(await restoring({ points: [] }, { points: [] })).toMatchObject({
      phase: 'Refused',
      message: expect.stringContaining('there is nothing to fail over to'),
    });
  });
});

describe('an automatic failover', () => {
  const automatic = { automatic: true, acceptedSpec: failedOverBySelf };

  test('that finds the recovery region away for a moment waits for it, and says so', async () => {
    operator = driven({ ...automatic, deps: () => ({ engine: () => engineOf({}) }) });
    operator.verdicts.set('eu-north', 'Unreachable');

    expect(await operator.during(minutes(1))).toMatchObject({
      phase: 'Pending',
      message: expect.stringContaining('the recovery region eu-north is Unreachable'),
      conditions: [{ type: 'Admitted', status: 'Unknown', reason: 'RecoveryRegionUnhealthy' }],
    });
    operator.verdicts.set('eu-north', 'Healthy');
    expect(await operator.during(minutes(1))).toMatchObject({ phase: 'Succeeded' });
  });

  test('that finds its point damaged for a moment reads it again', async () => {
    let isDamaged = true;
    const opening = (clock: Clock) => async () => {
      await clock.sleep(seconds(8), new AbortController().signal);
      if (isDamaged) throw new PointDamagedError('recovery point point-1: it is not there');
      return openPoint();
    };
    operator = driven({
      ...automatic,
      deps: (clock) => ({ engine: () => engineOf({ open: opening(clock) }) }),
    });

    const damaged = {
      phase: 'Pending',
      message: 'recovery point point-1: it is not there',
      conditions: [{ reason: 'RecoveryPointDamaged' }],
    };
    expect(await operator.during(seconds(20))).toMatchObject(damaged);
    const { length } = operator.writes;
    expect(await operator.during(minutes(2))).toMatchObject(damaged);
    expect(operator.writes).toHaveLength(length);
    isDamaged = false;
    expect(await operator.during(minutes(1))).toMatchObject({ phase: 'Succeeded' });
  });

  test('ends once the source has recovered, and waits for nothing else then', async () => {
    operator = driven({ ...automatic, deps: () => ({ engine: () => engineOf({}) }) });
    operator.verdicts.set('eu-north', 'Unreachable');
    await operator.during(minutes(1));
    operator.verdicts.set('eu-west', 'Healthy');

    expect(await operator.during(minutes(1))).toMatchObject({
      phase: 'Refused',
      message: expect.stringContaining('refused (SourceNotFailed)'),
    });
  });

  test('waits for one by hand, and restores nothing over what that has recovered', async () => {
    const byHand = worldOf([]).execution.status;
    const others = new Map<string, DRExecutionStatus>([['by-hand', byHand]]);
    operator = driven({ ...automatic, others, deps: () => ({ engine: () => engineOf({}) }) });

    expect(await operator.during(minutes(1))).toMatchObject({
      phase: 'Pending',
      message: 'DRExecution by-hand is running on shop: wait for it to end',
    });
    others.set('by-hand', { ...byHand, phase: 'Succeeded', finishedAt: '2026-01-01T00:02:00.000Z' });
    expect(await operator.during(minutes(1))).toMatchObject({
      phase: 'Refused',
      message: expect.stringContaining('shop already runs in eu-north'),
    });
  });

  test('by hand is refused for a damaged point at once', async () => {
    const open = () => Promise.reject(new PointDamagedError('it is not there'));
    operator = driven({ deps: () => ({ engine: () => engineOf({ open }) }) });
    expect(await operator.during(seconds(1))).toMatchObject({ phase: 'Refused' });
  });
});

describe('a name that cannot be moved as it is announced', () => {
  const desired = {
    hostname: 'shop.example.com',
    ttl: 30,
    targets: [{ type: 'CNAME' as const, value: 'shop-1.elb.example.com' }],
  };
  const service = announcement({ namespace: 'dr', name: 'shop' }, desired, 'eu-west');
  const failingOver = (services: readonly KubeObject[]) =>
    driven({
      services,
      deps: () => ({
        engine: () => engineOf({}),
        announcer: { announce: async () => ({ kind: 'refused', message: 'types differ' }) },
      }),
    });

  test('is told of before anything is done, and keeps nothing from being restored', async () => {
    operator = failingOver([service]);
    await operator.during(minutes(1));

    const warning = expect.stringMatching(
      /not every name can be moved: shop\.example\.com would change from CNAME .* to A/,
    );
    expect(operator.writes.find(({ phase }) => phase === 'Running')).toMatchObject({
      message: warning,
      conditions: [
        { type: 'Admitted', status: 'True', message: warning },
        { type: 'Complete', message: 'restoring recovery point point-1 in eu-north' },
      ],
    });
    expect(operator.writes.at(-1)).toMatchObject({
      phase: 'Failed',
      steps: [{ phase: 'Succeeded' }, { id: 'dns/shop.example.com', phase: 'Failed' }, { phase: 'Skipped' }],
    });
  });

  test('is not told of where nothing is announced yet', async () => {
    operator = failingOver([]);
    await operator.during(minutes(1));

    expect(operator.writes.find(({ phase }) => phase === 'Running')).toMatchObject({
      message: 'restoring recovery point point-1 in eu-north',
    });
  });
});

describe('a unit whose restore does not come to an end', () => {
  const hanging: Engine = {
    ...engineOf({ point: openPoint(['ConfigMap/shop/fine', 'ConfigMap/shop/hangs']) }),
    restore: (_point, [key = ''], _scenario, _target, _options, signal) =>
      key === 'ConfigMap/shop/fine'
        ? Promise.resolve([{ kind: 'applied', object: anObject('ConfigMap', 'shop/fine') }])
        : orAborted(new Promise(() => {}), signal),
  };

  test('fails when its time is up, and does not take the others with it', async () => {
    operator = driven({ acceptedSpec: withoutNames, deps: () => ({ engine: () => hanging }) });

    const after2m = await operator.during(minutes(2));
    const { phase, steps } = await operator.during(minutes(6));

    expect(counted(after2m.steps)).toMatchObject({ 'Restore Succeeded': 1, 'Restore Running': 1 });
    expect(phase).toBe('Failed');
    expect(steps?.find(({ id }) => id === 'restore/ConfigMap/shop/hangs')).toMatchObject({
      phase: 'Failed',
      message: expect.stringMatching(/^gave up after 5m: eu-north did not get it done within 1m15s/),
    });
  });
});

describe('many units at once', () => {
  const units = Array.from({ length: 120 }, (_, index) => `ConfigMap/shop/c${index}`);
  const running = worldOf([
    { id: 'prepare', kind: 'Prepare', phase: 'Succeeded' },
    ...units.map(
      (unit): StepStatus => ({
        id: `restore/${unit}`,
        kind: 'Restore',
        phase: 'Running',
        needs: ['prepare'],
      }),
    ),
    { id: 'report', kind: 'Report', phase: 'Pending' },
  ]);
  const { status, plan } = { ...running.execution, plan: { ...running.plan, stepTimeout: '1m' } };
  const applying = (clock: Clock, takes: Millis): Engine => ({
    ...engineOf({ point: openPoint(units) }),
    restore: async (_point, [key = ''], _scenario, _target, _options, signal) => {
      await clock.sleep(takes, signal);
      return [{ kind: 'applied', object: anObject('ConfigMap', key.slice('ConfigMap/'.length)) }];
    },
  });

  test('that wait for one another to get a place have each their whole time', async () => {
    operator = driven({
      acceptedSpec: withoutNames,
      status: { ...status, plan },
      deps: (clock) => ({ engine: () => applying(clock, seconds(40)) }),
    });

    const { phase, steps } = await operator.during(minutes(5));

    expect(counted(steps)).toEqual({
      'Prepare Succeeded': 1,
      'Restore Succeeded': units.length,
      'Report Succeeded': 1,
    });
    expect(phase).toBe('Succeeded');
  });
});
