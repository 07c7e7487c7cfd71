/**
 * Copies claims by VolSync, whose objects are made here and whose controllers do
 * the work: one sync for each point, the image of which is kept for that point.
 */
import { type KubeObject, objectKey } from '../../../api/object.ts';
import { FIELD_MANAGER } from '../../../api/ownership.ts';
import type { PointVolume } from '../../../domain/protection/point.ts';
import { type Instant, toRfc3339 } from '../../../domain/time.ts';
import { originOf } from '../../../domain/volumes/volsync.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { inParallel } from '../../native/parallel.ts';
import { getOne, marksOf, SECRET } from '../kinds.ts';
import { cutsOf, untilCut } from './cut.ts';
import { imageVolume, keepImage } from './image.ts';
import { APPLY, type Key, type Listening, listen, originKey, orRefusal, type SyncRequest } from './listen.ts';
import { type SyncEnds, untilSynced } from './synced.ts';

const PARALLEL = 8;

export interface ReadySyncs {
  /** By claim, why it cannot be copied. */
  readonly problems: ReadonlyMap<string, string>;
  /** Asks VolSync for one sync of each claim. @throws KubeError */
  start(signal: AbortSignal): Promise<Syncs>;
}

export interface Syncs {
  /** Not later than the instant of any copy. */
  readonly at: Instant;
  /** Waits until VolSync has cut what it is to send. @returns by claim, why it has not. @throws KubeError */
  untilCut(signal: AbortSignal): Promise<ReadonlyMap<string, string>>;
  /** @returns by claim, its copy or why there is none. @throws KubeError */
  finish(signal: AbortSignal): Promise<ReadonlyMap<string, PointVolume | string>>;
}

/** Has VolSync listen in the recovery region for each claim; undefined when there is none to copy. @throws KubeError */
export async function readySyncs(request: SyncRequest, signal: AbortSignal): Promise<ReadySyncs | undefined> {
  const { claims, regions, clock } = request;
  const { recovery } = regions;
  if (claims.length === 0 || recovery === undefined) return undefined;
  const since = clock.tick();
  const ready = await inParallel(claims, PARALLEL, async ({ claim, reason }) => ({
    claim,
    reason,
    listening: await listen(claim, recovery, request, since, signal),
    cutBefore: await cutsOf(originKey(claim), regions.source, signal),
  }));
  return {
    problems: new Map(
      ready.flatMap(({ claim, listening }) =>
        typeof listening === 'string' ? [[objectKey(claim), listening]] : [],
      ),
    ),
    start: (starting) => startSyncs(ready, recovery, request, starting),
  };
}

interface Ready {
  readonly claim: KubeObject;
  readonly reason: string;
  readonly listening: Listening | string;
  readonly cutBefore: readonly KubeObject[];
}

async function startSyncs(
  ready: readonly Ready[],
  recovery: Cluster,
  request: SyncRequest,
  signal: AbortSignal,
): Promise<Syncs> {
  const { regions, clock, point } = request;
  const [at, since] = [clock.now(), clock.tick()];
  const started = await inParallel(ready, PARALLEL, async (one) => ({
    ...one,
    begun: await start(one, recovery, request, signal),
  }));
  const underWay = started.filter(({ begun }) => typeof begun !== 'string');
  return {
    at,
    untilCut: (cutting) => untilCut(underWay, { ...request, source: regions.source, since }, cutting),
    finish: async (finishing) => {
      const finish = async ({ claim, reason, begun }: (typeof started)[number]) => {
        if (typeof begun === 'string') return begun;
        const image = await untilSynced(begun, recovery, request, since, finishing);
        if (image.kind === 'failed') return image.message;
        const { maker } = request;
        const kept = { namespace: begun.there.namespace, name: image.name };
        await keepImage(kept, point, maker, recovery, finishing);
        const found = await imageVolume(claim, kept, recovery, request, finishing);
        return typeof found === 'string' ? found : volumeOf(claim, reason, at, found);
      };
      const ended = await inParallel(started, PARALLEL, finish);
      return new Map(started.flatMap(({ claim }, index) => entryOf(claim, ended[index])));
    },
  };
}

const volumeOf = (
  claim: KubeObject,
  reason: string,
  at: Instant,
  image: Pick<PointVolume, 'image' | 'snapshot'>,
): PointVolume => ({
  claim: objectKey(claim),
  strategy: 'VolSync',
  reason,
  instant: toRfc3339(at),
  ...image,
});

function entryOf(
  claim: KubeObject,
  ended: PointVolume | string | undefined,
): readonly (readonly [string, PointVolume | string])[] {
  return ended === undefined ? [] : [[objectKey(claim), ended]];
}

/** @returns why it could not be begun */
async function start(
  { claim, listening }: Ready,
  recovery: Cluster,
  { point, maker, regions }: SyncRequest,
  signal: AbortSignal,
): Promise<SyncEnds | string> {
  if (typeof listening === 'string') return listening;
  const { there, connection } = listening;
  const here = originKey(claim);
  const metadata = marksOf(maker, 'volsync', point);
  const asked = { claim: claim.metadata.name, trigger: point, metadata, connection, keySecret: here.name };
  return orRefusal(async () => {
    const applied = await regions.source.apply(originOf({ ...here, ...asked }), APPLY, signal);
    const key = { namespace: there.namespace, name: connection.keySecret };
    await handOverKey(key, applied, recovery, regions.source, signal);
    return { here, there };
  });
}

/** The key is made by VolSync in the recovery region; the source's end, which waits for it, needs the same. */
async function handOverKey(
  key: Key,
  origin: KubeObject,
  recovery: Cluster,
  source: Cluster,
  signal: AbortSignal,
): Promise<void> {
  const secret = await getOne(recovery, SECRET, key, signal);
  if (secret === undefined) return;
  const { namespace = '', name, uid = '' } = origin.metadata;
  // Goes with what needs it.
  const ownerReferences = [{ apiVersion: origin.apiVersion, kind: origin.kind, name, uid }];
  const metadata = { namespace, name, ownerReferences };
  const copy = { apiVersion: 'v1', kind: SECRET.kind, metadata, data: secret['data'] };
  await source.apply(copy, { fieldManager: FIELD_MANAGER, force: true }, signal);
}
