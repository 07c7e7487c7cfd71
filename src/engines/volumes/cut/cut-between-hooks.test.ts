import { describe, expect, test } from 'vitest';
import { textAt } from '../../../api/fields.ts';
import { drScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import { seconds } from '../../../domain/time.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { KubeError } from '../../../kube/errors.ts';
import { manualClock } from '../../../testing/manual-clock.ts';
import { type MemoryCluster, memoryCluster } from '../../../testing/memory-cluster.ts';
import { anObject } from '../../../testing/objects.ts';
import { silent } from '../../../testing/silent-log.ts';
import { hooks, never, pod } from '../../hooks/testing/region.ts';
import { cutBetweenHooks } from './cut-between-hooks.ts';
import { createTrials } from './trials.ts';

const SNAPSHOTS = 'snapshot.storage.k8s.io';
const VOLSYNC = 'volsync.backube';
const ORIGIN = `ReplicationSource.${VOLSYNC}/shop/antipode-db`;
const DESTINATION = `ReplicationDestination.${VOLSYNC}/shop/antipode-db`;
const LISTENING = { rsyncTLS: { address: '192.0.2.1', keySecret: 'key' } };
const CUT = { boundVolumeSnapshotContentName: 'content', creationTime: '2026-01-01T00:00:00Z' };

const claim = anObject('PersistentVolumeClaim', 'shop/db', {
  spec: { volumeName: 'pv-db' },
  status: { phase: 'Bound' },
});
const around = hooks(
  { name: 'freeze', command: ['freeze'] },
  { name: 'thaw', when: 'AfterCapture', command: ['thaw'] },
);

type Acts = (key: string, cluster: MemoryCluster) => void;

/** As a snapshot controller and its sidecar do. */
const cutAtOnce: Acts = (key, cluster) => {
  if (!key.startsWith('VolumeSnapshot.')) return;
  const content = { snapshotHandle: 'handle', creationTime: 1_767_225_600_000_000_000 };
  cluster.put(
    anObject('VolumeSnapshotContent', 'content', {
      apiVersion: `${SNAPSHOTS}/v1`,
      metadata: {},
      status: content,
    }),
  );
  cluster.say(key, CUT);
};

/** The cluster, and what was asked of it. */
function recorded(cluster: Cluster, calls: string[]): Cluster {
  return {
    ...cluster,
    get: (type, key, signal) => {
      calls.push(`get ${type.kind}`);
      return cluster.get(type, key, signal);
    },
    list: (type, options, signal) => {
      calls.push(`list ${type.kind}`);
      return cluster.list(type, options, signal);
    },
    create: (object, signal, options) => {
      calls.push(`create ${object.kind}`);
      return cluster.create(object, signal, options);
    },
    apply: (object, options, signal) => {
      calls.push(`apply ${object.kind}`);
      return cluster.apply(object, options, signal);
    },
    exec: async (_pod, { command }) => {
      calls.push(command.join(' '));
      return { kind: 'exited', code: 0, output: '' };
    },
  };
}

interface Setting {
  readonly acts?: Acts;
  readonly strategy?: 'SnapshotHandle' | 'VolSync';
  readonly driver?: string;
}

function worldWith({ acts = () => {}, strategy = 'SnapshotHandle', driver = 'csi.test' }: Setting) {
  const clock = manualClock();
  const calls: string[] = [];
  const source = memoryCluster(
    'eu-west',
    {
      '': ['Pod', 'PersistentVolume', 'PersistentVolumeClaim', 'Secret'],
      [SNAPSHOTS]: ['VolumeSnapshot', 'VolumeSnapshotContent', 'VolumeSnapshotClass'],
      [VOLSYNC]: ['ReplicationSource'],
    },
    acts,
  );
  source.put(
    pod('db-0', 'Running', { labels: { app: 'db' } }),
    anObject('PersistentVolume', 'pv-db', { spec: { csi: { driver: 'csi.test' } } }),
    anObject('VolumeSnapshotClass', 'fast', { apiVersion: `${SNAPSHOTS}/v1`, driver }),
  );
  const recovery = memoryCluster('eu-north', {
    '': ['Namespace', 'Secret'],
    [VOLSYNC]: ['ReplicationDestination'],
    [SNAPSHOTS]: ['VolumeSnapshot'],
  });
  const deps = {
    clock,
    log: silent,
    trials: createTrials(clock),
    maker: { owner: { namespace: 'dr', name: 'shop', uid: 'uid-1' }, store: 'here' },
  };
  const spec = drScenarioSpec.parse({
    source: { region: 'eu-west' },
    recovery: { region: 'eu-north' },
    objectives: { rpo: '5m', rto: '10m' },
    resources: { namespaces: ['shop'] },
    replication: { hooks: around, volumes: { strategy, snapshotTimeout: '10s' } },
  });
  const regions = {
    source: recorded(source.cluster, calls),
    recovery: strategy === 'VolSync' ? recovery.cluster : undefined,
  };
  const request = { point: 'p1', claims: [claim], spec, regions, copiedBefore: new Set<string>() };
  return { cut: () => cutBetweenHooks(request, deps, never), clock, calls, source, recovery };
}

describe('between the hooks', () => {
  const frozen = (calls: readonly string[]): readonly string[] =>
    calls.slice(calls.indexOf('freeze'), calls.indexOf('thaw') + 1);

  test('the snapshots are cut, and nothing is read that can be read before', async () => {
    const { cut, calls } = worldWith({ acts: cutAtOnce });
    expect(await cut()).toMatchObject({ kind: 'cut', warnings: [] });
    expect(frozen(calls)).toEqual([
      'freeze',
      'create VolumeSnapshot',
      'list VolumeSnapshot',
      'get VolumeSnapshotContent',
      'list Pod',
      'thaw',
    ]);
  });

  test('nothing is frozen for what cannot be copied', async () => {
    const { cut, calls } = worldWith({ acts: cutAtOnce, driver: 'another.test' });
    expect(await cut()).toMatchObject({ kind: 'incomplete', messages: [expect.stringContaining('shop/db')] });
    expect(calls).not.toContain('freeze');
    expect(calls).not.toContain('thaw');
  });

  test('a cut that comes to nothing is followed by the thaw', async () => {
    const { cut, clock, calls } = worldWith({});
    const result = cut();
    await clock.advance(seconds(15));
    expect(await result).toMatchObject({
      kind: 'incomplete',
      messages: [expect.stringContaining('no snapshot was cut')],
    });
    expect(calls.filter((call) => call === 'thaw')).toHaveLength(1);
  });

  test('a cut that throws is followed by the thaw', async () => {
    const { cut, calls } = worldWith({
      acts: () => {
        throw new KubeError('Unavailable', 'no answer', { cluster: 'eu-west' });
      },
    });
    await expect(cut()).rejects.toThrow('no answer');
    expect(calls.filter((call) => call === 'thaw')).toHaveLength(1);
  });
});

describe('a claim that VolSync copies', () => {
  /** Of an earlier sync, when it has another uid. */
  const cutOf = (uid: string, status: object = CUT) =>
    anObject('VolumeSnapshot', 'shop/volsync-antipode-db-src', {
      apiVersion: `${SNAPSHOTS}/v1`,
      metadata: {
        uid,
        ownerReferences: [
          { apiVersion: `${VOLSYNC}/v1alpha1`, kind: 'ReplicationSource', name: 'antipode-db', uid: 'u' },
        ],
      },
      status,
    });

  test('is listened for before the freeze, and held until VolSync has cut its snapshot', async () => {
    const { cut, clock, calls, source, recovery } = worldWith({ strategy: 'VolSync' });
    source.put(cutOf('earlier'));
    const result = cut();
    await clock.advance(seconds(5));
    expect(recovery.objects.get(DESTINATION)).toBeDefined();
    expect(calls).not.toContain('freeze');

    recovery.say(DESTINATION, LISTENING);
    await clock.advance(seconds(3));
    expect(textAt(source.objects.get(ORIGIN), 'spec', 'trigger', 'manual')).toBe('p1');
    expect(calls).toContain('freeze');
    source.put(cutOf('own', {}));
    await clock.advance(seconds(3));
    expect(calls).not.toContain('thaw');

    source.put(cutOf('own'));
    await clock.advance(seconds(1));
    expect(await result).toMatchObject({ kind: 'cut' });
    expect(calls.at(-1)).toBe('thaw');
  });

  test.each([
    ['has no address', false, /gives no address/],
    ['never cuts it', true, /VolSync has cut no snapshot of it after 10s$/],
  ])('is in no point when VolSync %s, and nothing stays frozen', async (_, isListening, message) => {
    const { cut, clock, calls, recovery } = worldWith({ strategy: 'VolSync' });
    const result = cut();
    await clock.advance(seconds(1));
    if (isListening) recovery.say(DESTINATION, LISTENING);
    await clock.advance(seconds(20));
    expect(await result).toEqual({ kind: 'incomplete', messages: [expect.stringMatching(message)] });
    expect(calls.includes('freeze')).toBe(isListening);
    expect(calls.filter((call) => call === 'thaw')).toHaveLength(isListening ? 1 : 0);
  });
});
