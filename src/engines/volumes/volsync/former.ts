/**
 * Takes away an earlier sync of a claim that has not come to its end, because
 * its capture was killed or it failed: VolSync would finish it with the data of
 * that time, and echo whatever trigger stands there by then.
 */
import { objectKey } from '../../../api/object.ts';
import { between, type Clock, type Millis, millis, type Tick } from '../../../domain/time.ts';
import { isFree } from '../../../domain/volumes/volsync.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import {
  CLAIM,
  getOne,
  type KindName,
  listOf,
  type Maker,
  pointOf,
  SECRET,
  SNAPSHOT,
  typeOf,
} from '../kinds.ts';

const PAUSE = millis(500);
/** What VolSync makes for an end by names that the next one has too, and would find. */
const MADE_FOR_AN_END: readonly KindName[] = [
  SNAPSHOT,
  CLAIM,
  SECRET,
  { group: '', kind: 'Service' },
  { group: '', kind: 'ServiceAccount' },
  { group: 'batch', kind: 'Job' },
];

/** A ReplicationSource or a ReplicationDestination. */
export interface End {
  readonly cluster: Cluster;
  readonly kind: KindName;
  readonly key: { readonly namespace: string; readonly name: string };
}

export interface Waiting {
  readonly clock: Pick<Clock, 'tick' | 'sleep'>;
  readonly since: Tick;
  readonly patience: Millis;
}

/** Of one claim. */
export type Ends = readonly [origin: End, destination: End];

/**
 * @returns why another sync cannot be asked for; undefined when both ends are free for it, or gone with all that was made for them
 * @throws KubeError
 */
export async function untilFree(
  ends: Ends,
  maker: Maker,
  { clock, since, patience }: Waiting,
  signal: AbortSignal,
): Promise<string | undefined> {
  const found = await Promise.all([lookAt(ends[0], signal), lookAt(ends[1], signal)]);
  if (isFree(...found)) return undefined;
  const others = found.find((object) => object !== undefined && pointOf(object, maker) === undefined);
  if (others !== undefined)
    return `${objectKey(others)} copies it for another scenario or store, and one copy at a time is possible`;
  await Promise.all(ends.map((end) => removeEnd(end, signal)));
  for (;;) {
    const left = await Promise.all(ends.map((end, index) => leftOf(end, found[index]?.metadata.uid, signal)));
    const [first] = left.flat();
    if (first === undefined) return undefined;
    if (between(since, clock.tick()) >= patience)
      return `an earlier sync of VolSync was under way and is removed, but ${first} is not gone yet`;
    await clock.sleep(PAUSE, signal);
  }
}

const lookAt = ({ cluster, kind, key }: End, signal: AbortSignal) => getOne(cluster, kind, key, signal);

async function removeEnd({ cluster, kind, key }: End, signal: AbortSignal): Promise<void> {
  const type = await typeOf(cluster, kind, signal);
  if (type !== undefined) await cluster.remove(type, key, signal);
}

/** Keys of the end and of what it owns: images of points are kept from it, see `keepImage`. */
async function leftOf(one: End, uid: string | undefined, signal: AbortSignal): Promise<readonly string[]> {
  const end = await lookAt(one, signal);
  const { cluster, key } = one;
  const { namespace } = key;
  const made = await Promise.all(MADE_FOR_AN_END.map((kind) => listOf(cluster, kind, { namespace }, signal)));
  const owned = made
    .flat()
    .filter(({ metadata: { ownerReferences = [] } }) => ownerReferences.some((owner) => owner.uid === uid));
  return [...(end === undefined ? [] : [end]), ...owned].map(objectKey);
}
