/**
 * Whether a claim in the recovery region has the data of a recovery point. A
 * claim that is Bound proves nothing: it may have been there before, empty. Only
 * the whole chain does: the claim is made from our snapshot object, that is
 * bound to our content, that stands for the handle of the point, and it is ready.
 */
import { at, fieldsAt, textAt } from '../../api/fields.ts';
import type { KubeObject } from '../../api/object.ts';
import type { PointVolume } from '../protection/point.ts';

/** On a claim once its data was proven: the handle or image it was made from. The objects that prove it are then removed. */
export const DATA_ANNOTATION = 'antipode.dev/data-of';
/** On a claim that a data mover was to fill and did not: why. */
export const NOT_MOVED_ANNOTATION = 'antipode.dev/data-not-moved';

export type Evidence =
  | { readonly kind: 'proven' }
  /** Not yet; `message` says what is waited for. */
  | { readonly kind: 'pending'; readonly message: string }
  /** Its class makes the volume once a pod uses the claim; everything is prepared for that. */
  | { readonly kind: 'waits-for-pod'; readonly message: string }
  /** Waiting will not help. */
  | { readonly kind: 'refuted'; readonly message: string };

export interface Chain {
  /** As it is in the recovery region. */
  readonly claim: KubeObject;
  /** The VolumeSnapshot it is to be made from; undefined when there is none. */
  readonly snapshot: KubeObject | undefined;
  /** Its VolumeSnapshotContent. */
  readonly content: KubeObject | undefined;
  /** Whether its class waits for the first consumer. */
  readonly waitsForConsumer: boolean;
  /** The last thing that the cluster said about the claim. */
  readonly said: string | undefined;
}

export interface Expected {
  /** Name of the VolumeSnapshot, in the claim's namespace. */
  readonly snapshot: string;
  /** Names that the content may have, as it is called now first; none when another one made it, and only the handle counts. */
  readonly contents: readonly string[];
  /** undefined: that of an image whose handle the point does not know. */
  readonly handle: string | undefined;
  /** What {@link DATA_ANNOTATION} says once it is proven. */
  readonly note: string;
}

export function judgeEvidence(chain: Chain, expected: Expected): Evidence {
  const { claim } = chain;
  const noted = claim.metadata.annotations?.[DATA_ANNOTATION];
  const isBound = textAt(claim, 'status', 'phase') === 'Bound';
  if (noted === expected.note && isBound) return { kind: 'proven' };
  if (textAt(claim, 'status', 'phase') === 'Lost') return { kind: 'refuted', message: 'its volume is lost' };
  if (!isMadeFrom(claim, expected.snapshot))
    return {
      kind: 'refuted',
      message:
        'the claim was there before, and was not made from the snapshot of this recovery point: its data is not that of the point. Delete it, with what uses it, and start again',
    };
  const problem = chainProblem(chain, expected);
  if (problem !== undefined) return problem;
  if (isBound) return { kind: 'proven' };
  return unbound(chain);
}

/** Of its two fields the API server keeps one equal to the other. */
function isMadeFrom(claim: KubeObject, snapshot: string): boolean {
  const source = fieldsAt(claim, 'spec', 'dataSource') ?? fieldsAt(claim, 'spec', 'dataSourceRef');
  return at(source, 'kind') === 'VolumeSnapshot' && at(source, 'name') === snapshot;
}

/** Name of the content that is to be looked at. */
export function contentToSee(
  { contents }: Pick<Expected, 'contents'>,
  snapshot: KubeObject | undefined,
): string | undefined {
  const bound = textAt(snapshot, 'status', 'boundVolumeSnapshotContentName');
  return contents.find((name) => name === bound) ?? contents[0];
}

function chainProblem({ snapshot, content, said }: Chain, expected: Expected): Evidence | undefined {
  if (snapshot === undefined)
    return {
      kind: 'refuted',
      message: `VolumeSnapshot ${expected.snapshot}, from which it is made, was deleted`,
    };
  const bound = textAt(snapshot, 'status', 'boundVolumeSnapshotContentName');
  const [first] = expected.contents;
  if (bound !== undefined && first !== undefined && !expected.contents.includes(bound))
    return {
      kind: 'refuted',
      message: `VolumeSnapshot ${expected.snapshot} stands for ${bound} instead of ${first}`,
    };
  const handle =
    textAt(content, 'spec', 'source', 'snapshotHandle') ?? textAt(content, 'status', 'snapshotHandle');
  if (expected.handle !== undefined && handle !== undefined && handle !== expected.handle)
    return { kind: 'refuted', message: `its snapshot is ${handle} instead of ${expected.handle}` };
  const error =
    textAt(content, 'status', 'error', 'message') ?? textAt(snapshot, 'status', 'error', 'message');
  if (at(snapshot, 'status', 'readyToUse') === true && bound !== undefined) return undefined;
  const why = error ?? said;
  return { kind: 'pending', message: `its snapshot is not ready${why === undefined ? '' : `: ${why}`}` };
}

function unbound({ claim, waitsForConsumer, said }: Chain): Evidence {
  const chosen = claim.metadata.annotations?.['volume.kubernetes.io/selected-node'];
  if (waitsForConsumer && chosen === undefined)
    return { kind: 'waits-for-pod', message: 'its volume is made from the snapshot once a pod uses it' };
  const why = said === undefined ? '' : `: ${said}`;
  return { kind: 'pending', message: `waiting for its volume to be made from the snapshot${why}` };
}

/** How a volume of a point is noted on its claim. */
export function noteOf({ snapshot, image }: Pick<PointVolume, 'snapshot' | 'image'>): string | undefined {
  if (snapshot !== undefined) return `${snapshot.driver}/${snapshot.handle}`;
  return image === undefined ? undefined : `VolumeSnapshot/${image}`;
}
