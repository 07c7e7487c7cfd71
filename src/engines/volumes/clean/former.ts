/**
 * What snapshots tell of the points of a former scenario: of the same name in
 * the same objective cluster, deleted and made again. The new one lists no
 * points yet, so a store that has lost them, as when it was removed and is to
 * be restored together with the scenarios, cannot be told from a new one but
 * by what is left in the regions.
 */
import { type Clock, seconds } from '../../../domain/time.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { DeadlineExceededError, withDeadline } from '../../../kube/deadline.ts';
import { KubeError } from '../../../kube/errors.ts';
import type { Regions } from '../../engine.ts';
import {
  CONTENT,
  GROUP,
  GROUP_CONTENT,
  isOfFormer,
  listOf,
  type Maker,
  pointOf,
  SNAPSHOT,
  selectorOf,
} from '../kinds.ts';

/** One that is cut off without a word would be waited for as long as every call to it may take. */
const PATIENCE = seconds(5);

/**
 * @returns names of points
 * @throws KubeError when the source does not answer
 */
export async function pointsOfFormer(
  maker: Maker,
  { source, recovery }: Regions,
  clock: Clock,
  signal: AbortSignal,
): Promise<readonly string[]> {
  // What may not be listed cannot be removed either.
  const inSource = await namedIn(source, maker, signal).catch(
    unless(({ code }) => code === 'Forbidden', signal),
  );
  // A recovery region that is down holds up no point.
  const there =
    recovery === undefined
      ? []
      : await withDeadline(clock, PATIENCE, signal, (bounded) =>
          namedIn(recovery, maker, bounded).catch(unless(() => true, signal)),
        );
  return [...new Set([...inSource, ...there])].toSorted();
}

async function namedIn(region: Cluster, maker: Maker, signal: AbortSignal): Promise<readonly string[]> {
  const labelSelector = selectorOf(maker, 'point');
  const found = await Promise.all(
    [SNAPSHOT, CONTENT, GROUP, GROUP_CONTENT].map((kind) => listOf(region, kind, { labelSelector }, signal)),
  );
  return found.flat().flatMap((object) => (isOfFormer(object, maker) ? (pointOf(object, maker) ?? []) : []));
}

/** None, for errors that are expected. */
const unless =
  (isExpected: (error: KubeError) => boolean, signal: AbortSignal) =>
  (error: unknown): readonly string[] => {
    signal.throwIfAborted();
    if (error instanceof DeadlineExceededError || (error instanceof KubeError && isExpected(error)))
      return [];
    throw error;
  };
