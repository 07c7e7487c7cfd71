/**
 * Keeps the objects of a point in standby in the recovery cluster: looks what is
 * there, says what is in the way before anything is touched, writes what is
 * missing, outdated or changed by others, and removes what is not wished any
 * more. Writing itself is that of every restore.
 */

import { kindOf } from '../../../domain/graph/kinds.ts';
import type { Obstacle } from '../restore/obstacles.ts';
import { preflight } from '../restore/preflight.ts';
import { Target } from '../restore/target.ts';
import { onlyStandby } from './guard.ts';
import { judgeStandby, type StandbyJudgement, toPrune } from './judge.ts';
import { type Live, ours } from './live.ts';
import { removeStandbyObjects } from './remove.ts';
import type { Difference, Standby, StandbyReport } from './report.ts';
import { type StandbyWishes, standbyPoint, standbyWishes } from './wishes.ts';
import { writeStandby } from './write.ts';

/** @throws KubeError when the cluster cannot be read, and the reason of `signal` */
export async function keepStandby(standby: Standby, signal: AbortSignal): Promise<StandbyReport> {
  const { point, scenario, target, kinds } = standby;
  const wishes = standbyWishes(point);
  const needed = new Set([...wishes.objects.values()].map(kindOf));
  const looked = kinds === undefined ? undefined : new Set([...kinds, ...needed]);
  const live = await ours(target, scenario, looked, needed, signal);
  const judged = judgeAll(wishes, live);
  const base = {
    objects: point.manifest.objects.length,
    heldBack: countBy(wishes.heldBack),
    inUse: keysOf(judged, 'in-use'),
    kinds: new Set([...live.values()].map(({ object }) => kindOf(object)).concat([...needed])),
  };
  const inTheWay = await obstaclesTo(standby, wishes, keysOf(judged, 'missing'), signal);
  const collisions = inTheWay.filter(({ kind }) => kind === 'foreign').map(difference);
  if (collisions.length > 0)
    return { ...base, applied: asWished(judged), repaired: [], pruned: [], differences: [], collisions };
  const blocked = new Set(inTheWay.map(({ key }) => key));
  const keys = ['missing', 'outdated', 'drifted'] as const;
  const toWrite = new Set(keys.flatMap((kind) => keysOf(judged, kind)).filter((key) => !blocked.has(key)));
  const written = await writeStandby(standby, wishes.objects, toWrite, signal);
  const removal = await removeStandbyObjects(target, toPrune(live, wishes), signal);
  const unfinished = keysOf(judged, 'being-deleted').map((key) => ({ object: key, message: BEING_DELETED }));
  return {
    ...base,
    applied: asWished(judged) + written.kept.length,
    repaired: repairs(judged, new Set(written.kept)),
    pruned: removal.removed,
    differences: [
      ...inTheWay.map(difference),
      ...[...wishes.failed].map(([object, message]) => ({ object, message })),
      ...unfinished,
      ...written.differences,
      ...removal.problems,
    ],
    collisions,
  };
}

const BEING_DELETED = 'somebody is deleting it; it is made again once it is gone';

type Judged = ReadonlyMap<string, StandbyJudgement>;

function judgeAll({ objects }: StandbyWishes, live: ReadonlyMap<string, Live>): Judged {
  return new Map(
    [...objects].map(([key, wish]) => [key, judgeStandby(wish, live.get(key)?.object)] as const),
  );
}

const keysOf = (judged: Judged, kind: StandbyJudgement['kind']): readonly string[] =>
  [...judged].flatMap(([key, judgement]) => (judgement.kind === kind ? [key] : []));

const asWished = (judged: Judged): number => keysOf(judged, 'as-wished').length;

const difference = ({ key, message }: Obstacle): Difference => ({ object: key, message });

function repairs(judged: Judged, kept: ReadonlySet<string>): readonly Difference[] {
  return [...judged].flatMap(([key, judgement]) =>
    judgement.kind === 'drifted' && kept.has(key)
      ? [{ object: key, message: judgement.fields.slice(0, 5).join(', ') }]
      : [],
  );
}

function countBy(reasons: ReadonlyMap<string, string>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const reason of reasons.values()) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return counts;
}

/** Only what is missing can be in anybody's way; when nothing is, nothing is asked. */
async function obstaclesTo(
  { point, scenario, target }: Standby,
  wishes: StandbyWishes,
  missing: readonly string[],
  signal: AbortSignal,
): Promise<readonly Obstacle[]> {
  if (missing.length === 0) return [];
  const absent = standbyPoint(point, wishes.objects, new Set(missing));
  return preflight(absent, scenario, new Target(onlyStandby(target), absent), signal);
}
