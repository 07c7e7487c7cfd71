/** Finds out whether the recovery region reads the snapshots of a driver, with the first that are taken. */
import { type Clock, type Millis } from '../../../domain/time.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { classesIn, unreadable } from '../fill/import.ts';
import { contentName, type Maker, marksOf, modeOf, selectorOf, snapshotName } from '../kinds.ts';
import { keyOfClaim, type Taken, type Wanted } from './snapshots.ts';
import type { Pair, Trials } from './trials.ts';

export interface Trial {
  readonly point: string;
  readonly maker: Maker;
  readonly pair: Pair;
  readonly trials: Trials;
  readonly recovery: Cluster | undefined;
  /** How long the recovery region may take to answer. */
  readonly patience: Millis;
  readonly clock: Clock;
}

/**
 * Has the recovery region read one snapshot of each driver of which it is not known.
 * @returns why it cannot be known now; undefined when it is
 * @throws KubeError
 */
export async function tryDrivers(
  trial: Trial,
  wanted: readonly Wanted[],
  taken: ReadonlyMap<string, Taken>,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { pair, trials, recovery, point, maker, patience, clock } = trial;
  const untried = new Map(
    wanted.filter(({ driver }) => trials.of(pair, driver).kind === 'untried').map((one) => [one.driver, one]),
  );
  if (untried.size === 0) return undefined;
  if (recovery === undefined)
    return `${pair.recovery} cannot be reached, so it is not known whether it reads snapshots of ${pair.source}; they are taken once it can be asked`;
  const classes = await classesIn(recovery, signal);
  const imports = [...untried].flatMap(([driver, { claim }]) => {
    const snapshot = taken.get(keyOfClaim(claim));
    if (snapshot === undefined) return [];
    const id = { namespace: claim.metadata.namespace ?? '', name: claim.metadata.name };
    const { handle, name } = snapshot;
    return {
      driver,
      snapshot: { driver, handle, name, sourceVolumeMode: modeOf(claim) },
      content: contentName('check', point, id),
      ref: { namespace: id.namespace, name: snapshotName(point, id) },
      marks: marksOf(maker, 'check', point),
      snapshotClass: classes.get(driver),
    };
  });
  const labelSelector = selectorOf(maker, 'check', point);
  const problems = await unreadable(imports, recovery, { labelSelector, patience, clock }, signal);
  for (const { driver, content } of imports) {
    const message = problems.get(content);
    trials.learn(pair, driver, message === undefined ? { kind: 'yes' } : { kind: 'no', message });
  }
  return undefined;
}
