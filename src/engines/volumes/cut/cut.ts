/**
 * Gets the data of a point's claims in the ways planned (plan-cut.ts): has the
 * snapshots cut, and sees that they can be used, on the other side too where
 * that was never seen before. Between `carryOut` and `settle` the objects of the
 * source are read, so that they are of the same moment as the data, while the
 * storage gets the snapshots ready.
 */
import type { KubeObject } from '../../../api/object.ts';
import type { PointVolume } from '../../../domain/protection/point.ts';
import { type Instant, instant, type Tick } from '../../../domain/time.ts';
import { KubeError } from '../../../kube/errors.ts';
import { isSurrounded } from '../../hooks/around-capture.ts';
import {
  type Choices,
  chooseAll,
  describeVolumes,
  impossibilities,
  pairOf,
  synced,
  type VolumeData,
  withVolume,
} from '../choose/choose.ts';
import { removeSnapshots } from '../clean/clean.ts';
import { removeTheseSnapshots } from '../clean/remove-snapshots.ts';
import { describeFailed } from '../clean/try-each.ts';
import type { Syncs } from '../volsync/volsync.ts';
import { type Asked, askForAll } from './ask.ts';
import { follow, type Milestone } from './follow.ts';
import { lookAtGroups, protectGroups } from './groups.ts';
import { type Incomplete, incomplete, type PlannedCut } from './plan-cut.ts';
import { detailsOf, keyOfClaim, lookAtSnapshots, protect, type Taken } from './snapshots.ts';
import { tryDrivers } from './try-drivers.ts';

export type Settled = { readonly kind: 'settled'; readonly data: VolumeData } | Incomplete;

export interface Cut {
  /** The earliest instant of what was cut; undefined when nothing was. */
  readonly at: Instant | undefined;
  /** refKeys of the claims that had a volume when the ways were chosen: of the others nothing is copied, whatever they have by now. */
  readonly claims: ReadonlySet<string>;
  /** Waits until the copies can be used. Nothing is left behind unless it is `settled`. @throws KubeError */
  settle(signal: AbortSignal): Promise<Settled>;
  /** The point is not made: what was made for it goes, now or with a later prune. */
  discard(signal: AbortSignal): Promise<void>;
}

/** One capture's data, as far as it has come. */
interface Work extends PlannedCut {
  readonly since: Tick;
}

export type CutEnd = { readonly kind: 'cut'; readonly cut: Cut } | Incomplete;

/** @throws KubeError; then nothing is left behind, or is removed later */
export async function carryOut(planned: PlannedCut, signal: AbortSignal): Promise<CutEnd> {
  const work: Work = { ...planned, since: planned.clock.tick() };
  return orDiscard(work, () => cut(work, signal), signal);
}

async function cut(work: Work, signal: AbortSignal): Promise<CutEnd> {
  const { regions, choices, ready } = work;
  const { asked, refused } = await askForAll(work, signal);
  if (refused.size > 0) return incomplete(refused);
  const { reached, problems } = await until('cut', work, asked, signal);
  if (problems.size > 0) return incomplete(problems);
  const taken = await detailsOf(reached, regions.source, signal);
  const syncs = await ready?.start(signal);
  // What hooks have frozen stays so until VolSync has cut too; without them nothing waits for it.
  const uncut = isSurrounded(work.spec.replication.hooks) ? await syncs?.untilCut(signal) : undefined;
  if (uncut !== undefined && uncut.size > 0) return incomplete(uncut);
  const instants = [
    ...[...taken.values()].map(({ cutAt }) => cutAt),
    ...(syncs === undefined ? [] : [syncs.at]),
  ];
  return {
    kind: 'cut',
    cut: {
      at: instants.length === 0 ? undefined : instant(Math.min(...instants)),
      claims: withVolume(choices),
      settle: (settling) => orDiscard(work, () => settle(work, asked, syncs, settling), settling),
      discard: (discarding) => discard(work, discarding),
    },
  };
}

function until(milestone: Milestone, work: Work, { groups, singles }: Asked, signal: AbortSignal) {
  const { wanted, point, maker, regions, since, patience, clock } = work;
  const look = async (looking: AbortSignal) => {
    const [grouped, single] = await Promise.all([
      lookAtGroups(groups, regions.source, looking),
      lookAtSnapshots(singles, point, maker, regions.source, looking),
    ]);
    return new Map([...grouped, ...single]);
  };
  const keys = wanted.map(({ claim }) => keyOfClaim(claim));
  return follow({ look, keys, milestone, since, patience, clock }, signal);
}

async function settle(
  work: Work,
  asked: Asked,
  syncs: Syncs | undefined,
  signal: AbortSignal,
): Promise<Settled> {
  const { point, maker, regions, spec, wanted, facts, trials } = work;
  const { reached, problems } = await until('ready', work, asked, signal);
  if (problems.size > 0) return incomplete(problems);
  const taken = await detailsOf(reached, regions.source, signal);
  const nameless = wanted.map(({ claim }) => keyOfClaim(claim)).filter((key) => !taken.has(key));
  if (nameless.length > 0)
    return incomplete(new Map(nameless.map((key) => [key, 'its snapshot has no handle'] as const)));
  await protect([...taken.values()], point, maker, regions.source, signal);
  await protectGroups(asked.groups, point, maker, regions.source, signal);
  const pair = pairOf(spec, regions);
  const unknown = await tryDrivers({ ...work, pair, recovery: regions.recovery }, wanted, taken, signal);
  if (unknown !== undefined) return { kind: 'incomplete', messages: [unknown] };
  // With what the trials have shown.
  const choices = chooseAll(facts, spec, pair, trials);
  const impossible = impossibilities(choices);
  if (impossible.length > 0) return { kind: 'incomplete', messages: impossible };
  // Copies that are made in another way after all begin with a cut of their own.
  const late = synced(choices).filter(({ claim }) => taken.has(keyOfClaim(claim)));
  if (late.length > 0) return { kind: 'incomplete', messages: late.map(describeLate) };
  const copied = await finishSyncs(syncs, signal);
  if (copied.problems.size > 0) return incomplete(copied.problems);
  await removeUseless(choices, reached, taken, work, signal);
  return { kind: 'settled', data: describeVolumes(choices, taken, copied.volumes) };
}

const describeLate = ({ claim, reason }: ReturnType<typeof synced>[number]): string =>
  `${keyOfClaim(claim)}: ${reason}; it is copied so from the next capture on`;

async function finishSyncs(syncs: Syncs | undefined, signal: AbortSignal) {
  const volumes = new Map<string, PointVolume>();
  const problems = new Map<string, string>();
  for (const [claim, ended] of (await syncs?.finish(signal)) ?? [])
    if (typeof ended === 'string') problems.set(claim, ended);
    else volumes.set(claim, ended);
  return { volumes, problems };
}

/** Snapshots of drivers that the recovery region turned out not to read. */
async function removeUseless(
  choices: Choices,
  snapshots: ReadonlyMap<string, KubeObject>,
  taken: ReadonlyMap<string, Taken>,
  { regions, trials }: Work,
  signal: AbortSignal,
): Promise<void> {
  const useless = [...taken.keys()].filter((key) => choices.get(key)?.choice.kind !== 'snapshot');
  const objects = useless.flatMap((key) => snapshots.get(key) ?? []);
  if (objects.length > 0) await removeTheseSnapshots(objects, regions.source, trials.lateContents, signal);
}

/** Whatever ends otherwise than well leaves nothing behind; only what bears another capture's name is let be. */
async function orDiscard<Result extends { readonly kind: string }>(
  work: Work,
  run: () => Promise<Result>,
  signal: AbortSignal,
): Promise<Result | Incomplete> {
  try {
    const result = await run();
    if (result.kind === 'incomplete') await discard(work, signal);
    return result;
  } catch (error) {
    if (error instanceof KubeError && error.code === 'AlreadyExists') return notOurs(work, error);
    await discard(work, signal);
    throw error;
  }
}

/** Its data may be that of a point which is published by now. A prune removes what no point needs. */
const notOurs = ({ point }: Work, { message }: KubeError): Incomplete => ({
  kind: 'incomplete',
  messages: [`another capture makes ${point}: ${message}; the next one has another name`],
});

async function discard(
  { point, maker, regions, log, wanted, trials }: Work,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted || wanted.length === 0) return;
  const isNeeded = (name: string) => name !== point;
  const { failed } = await removeSnapshots(maker, isNeeded, regions.source, trials.lateContents, signal);
  if (failed.length > 0)
    log.warn(
      { point, problem: describeFailed(failed) },
      'snapshots of a point that was not made are removed later',
    );
}
