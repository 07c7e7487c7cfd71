/** For tests: two regions with VolSync's kinds, and the little that VolSync itself does. */
import { at, textAt } from '../../../api/fields.ts';
import { drScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import { instant, type Millis, minutes, tick } from '../../../domain/time.ts';
import { type MemoryCluster, memoryCluster } from '../../../testing/memory-cluster.ts';
import { anObject, ownedBy } from '../../../testing/objects.ts';
import { readySyncs } from '../volsync/volsync.ts';

export const VOLSYNC = 'volsync.backube';
export const SNAPSHOTS = 'snapshot.storage.k8s.io';
export const ORIGIN = `ReplicationSource.${VOLSYNC}/shop/antipode-db`;
export const DESTINATION = `ReplicationDestination.${VOLSYNC}/shop/antipode-db`;
export const CLAIM = 'PersistentVolumeClaim/shop/db';
const CORE = ['Pod', 'PersistentVolumeClaim', 'Secret', 'Service', 'ServiceAccount', 'Namespace'];
const signal = new AbortController().signal;
export const maker = { owner: { namespace: 'dr', name: 'shop', uid: 'u1' }, store: 'a store' };
const claim = anObject('PersistentVolumeClaim', 'shop/db', {
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  status: { capacity: { storage: '2Gi' } },
});
const spec = drScenarioSpec.parse({
  source: { region: 'eu-west' },
  recovery: { region: 'eu-north' },
  objectives: { rpo: '5m', rto: '10m' },
  resources: { namespaces: ['shop'] },
});

export const IMAGE_CONTENT = `VolumeSnapshotContent.${SNAPSHOTS}/image-content`;

export interface VolSyncWorld {
  readonly source: MemoryCluster;
  readonly recovery: MemoryCluster;
  /** Keys of contents whose snapshots may be deleted with them since they were kept. */
  readonly let: readonly string[];
}

/** Every destination listens as soon as it is there. */
export function volSyncWorld(): VolSyncWorld {
  const mayGo: string[] = [];
  const listening = { rsyncTLS: { address: '192.0.2.1', keySecret: 'key' } };
  const listen = (key: string, cluster: MemoryCluster): void => {
    const object = cluster.objects.get(key);
    if (object?.kind === 'ReplicationDestination' && object['status'] === undefined)
      cluster.say(key, listening);
    if (at(object, 'spec', 'deletionPolicy') === 'Delete') mayGo.push(key);
  };
  return {
    let: mayGo,
    source: memoryCluster('eu-west', {
      '': CORE,
      [VOLSYNC]: ['ReplicationSource'],
      batch: ['Job'],
      [SNAPSHOTS]: ['VolumeSnapshot'],
    }),
    recovery: memoryCluster(
      'eu-north',
      {
        '': CORE,
        batch: ['Job'],
        [VOLSYNC]: ['ReplicationDestination'],
        [SNAPSHOTS]: ['VolumeSnapshot', 'VolumeSnapshotContent'],
      },
      listen,
    ),
  };
}

/**
 * Begins a sync of the claim.
 * @param each called after each pause of whoever waits, with the time since it was begun
 */
export async function sync(
  world: VolSyncWorld,
  point: string,
  each: (now: number) => void = () => undefined,
) {
  let now = 0;
  const clock = {
    now: () => instant(1_800_000_000_000 + now),
    tick: () => tick(now),
    sleep: async (delay: Millis) => {
      now += delay;
      each(now);
      if (now > minutes(600)) throw new Error('it is still waited for');
    },
  };
  const claims = [{ claim, reason: '' }];
  const both = { source: world.source.cluster, recovery: world.recovery.cluster };
  const request = { point, claims, spec, regions: both, maker, clock, patience: minutes(5) };
  return (await readySyncs(request, signal))?.start(signal);
}

/** As VolSync does at the end of a sync. */
export function complete({ source, recovery }: VolSyncWorld): void {
  const content = anObject('VolumeSnapshotContent', 'image-content', {
    apiVersion: `${SNAPSHOTS}/v1`,
    spec: { driver: 'csi.example.com', deletionPolicy: 'Delete' },
    status: { snapshotHandle: 'snap-7', creationTime: 1_800_000_000_000_000_000 },
  });
  const destination = recovery.objects.get(DESTINATION);
  const image = anObject('VolumeSnapshot', 'shop/image', {
    metadata: destination === undefined ? {} : { ownerReferences: [ownedBy(destination)] },
    status: { readyToUse: true, boundVolumeSnapshotContentName: 'image-content', restoreSize: '3Gi' },
  });
  recovery.put(content, image);
  const echo = (object: unknown) => ({ lastManualSync: textAt(object, 'spec', 'trigger', 'manual') });
  source.say(ORIGIN, echo(source.objects.get(ORIGIN)));
  const latestImage = { apiGroup: SNAPSHOTS, kind: 'VolumeSnapshot', name: 'image' };
  recovery.say(DESTINATION, { ...echo(destination), latestImage });
}
