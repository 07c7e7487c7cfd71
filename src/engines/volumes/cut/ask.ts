/**
 * Asks the source for all snapshots of a capture: groups where they are possible,
 * single ones for the rest. That a group can be asked for says nothing of whether
 * anybody cuts it: the kinds and the class may be there, and the feature gate of
 * the driver's sidecar off. What is not cut as a group soon is cut one by one.
 */
import { type Clock, type Millis, millis, type Tick } from '../../../domain/time.ts';
import type { Log } from '../../../kube/log.ts';
import type { Regions } from '../../engine.ts';
import { removeGroups } from '../clean/remove-snapshots.ts';
import type { Maker } from '../kinds.ts';
import { follow } from './follow.ts';
import { type AskedGroup, askForGroups, lookAtGroups } from './groups.ts';
import { askForSnapshots, keyOfClaim, type Wanted } from './snapshots.ts';
import type { Trials } from './trials.ts';

/** Of the patience, for groups: longer than a sidecar gives its driver for one call, and short enough for single snapshots after it. */
const PART_FOR_GROUPS = 1 / 4;

export interface Asked {
  readonly groups: readonly AskedGroup[];
  /** That are in no group. */
  readonly singles: readonly Wanted[];
}

export interface Asking {
  readonly wanted: readonly Wanted[];
  readonly point: string;
  readonly maker: Maker;
  readonly regions: Regions;
  readonly trials: Pick<Trials, 'cutsGroups' | 'learnNoGroups' | 'lateContents'>;
  readonly since: Tick;
  readonly patience: Millis;
  readonly clock: Pick<Clock, 'tick' | 'sleep'>;
  readonly log: Log;
}

/**
 * @returns what is to be followed; and by claim, why its snapshot could not be asked for
 * @throws KubeError when a region does not answer; code `AlreadyExists` when another capture makes a point of this name
 */
export async function askForAll(
  asking: Asking,
  signal: AbortSignal,
): Promise<{ readonly asked: Asked; readonly refused: ReadonlyMap<string, string> }> {
  const { wanted, point, maker, regions, trials } = asking;
  const { source } = regions;
  const together = wanted.filter(({ driver }) => trials.cutsGroups(source.name, driver));
  const groups = await askForGroups(together, point, maker, regions, signal);
  const grouped = new Set(groups.flatMap(({ members }) => members));
  const singles = wanted.filter((one) => !grouped.has(one));
  const refused = await askForSnapshots(singles, point, maker, source, signal);
  if (refused.size > 0 || groups.length === 0) return { asked: { groups, singles }, refused };
  const uncut = await uncutGroups(groups, asking, signal);
  if (uncut.length === 0) return { asked: { groups, singles }, refused };
  const members = uncut.flatMap((group) => group.members);
  for (const { driver } of members) trials.learnNoGroups(source.name, driver);
  await removeGroups(uncut, source, trials.lateContents, signal);
  return {
    asked: { groups: groups.filter((group) => !uncut.includes(group)), singles: [...singles, ...members] },
    refused: await askForSnapshots(members, point, maker, source, signal),
  };
}

async function uncutGroups(
  groups: readonly AskedGroup[],
  { point, regions: { source }, since, patience, clock, log }: Asking,
  signal: AbortSignal,
): Promise<readonly AskedGroup[]> {
  const look = (looking: AbortSignal) => lookAtGroups(groups, source, looking);
  const keys = groups.flatMap(({ members }) => members.map(({ claim }) => keyOfClaim(claim)));
  const short = millis(patience * PART_FOR_GROUPS);
  const following = { look, keys, milestone: 'cut', since, patience: short, clock } as const;
  const { problems } = await follow(following, signal);
  return groups.filter(({ namespace, name, members }) => {
    const problem = members.map(({ claim }) => problems.get(keyOfClaim(claim))).find(Boolean);
    if (problem !== undefined)
      log.warn(
        { point, cluster: source.name, group: `${namespace}/${name}`, problem },
        'a group of snapshots is not cut: see whether the sidecar of its driver has the feature gate CSIVolumeGroupSnapshot; its claims are cut one by one',
      );
    return problem !== undefined;
  });
}
