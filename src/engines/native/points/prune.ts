/**
 * Removes the points that are not to be kept, for every engine: what goes is
 * decided by retention, and looked at once more before each removal.
 *
 * An execution chooses from the points that the published status lists, and
 * names its point in its own spec or plan. So a point may go when, in this
 * order, the published status does not list it, and no execution names it nor
 * has still to choose: one that starts later cannot choose it any more. A point
 * that retention drops is therefore left out of the status first, and removed
 * by the next prune.
 */
import {
  describeDropped,
  describeKept,
  type RetainedPoint,
  retained,
} from '../../../domain/protection/retention.ts';
import { fromRfc3339, type Instant, instant } from '../../../domain/time.ts';
import type { Log } from '../../../kube/log.ts';
import type { KeptPoint, Missing, PointSummary, Pruned, PruneRequest } from '../../engine.ts';
import { isOwn, type Owner } from './claims.ts';
import { storeProblem } from './store-problem.ts';
import type { Survey } from './survey.ts';

export interface PruneDeps {
  readonly log: Log;
  readonly now: Instant;
  /** Removes everything of one point. */
  readonly remove: (name: string) => Promise<void>;
  /** Of what is listed. */
  readonly missing: Missing | undefined;
}

/** @throws what `request.use` throws, and what `remove` throws but for StoreErrors */
export async function pruneSurveyed(
  survey: Survey,
  owner: Owner,
  request: PruneRequest,
  deps: PruneDeps,
  signal: AbortSignal,
): Promise<Pruned> {
  const going = await droppedOf(survey, owner, request, deps, signal);
  const rest = await removeUnused(going, request, deps, signal);
  const kept = marked(survey.points, owner).filter(({ name }) => !going.has(name));
  return { kept, ...rest, missing: deps.missing };
}

/** Says of each whether it is the owner's. */
export const marked = (points: readonly PointSummary[], owner: Owner): readonly KeptPoint[] =>
  points.map((point) => (isOwn(point, owner) ? point : { ...point, foreign: true }));

/** By name: why it goes. None while an execution may still choose any of them. */
async function droppedOf(
  { points, damaged }: Survey,
  owner: Owner,
  request: PruneRequest,
  { log, now, missing }: PruneDeps,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const held = new Set(missing?.points);
  const lost = damaged.filter((point) => isOwn(point, owner) && !held.has(point.name));
  const own = points.filter((point) => isOwn(point, owner)).map((point) => candidate(point, request));
  const nobody: ReadonlyMap<string, string> = new Map();
  if (lost.length + retained(own, request.policy, nobody, now).dropped.length === 0) return new Map();
  const { inUse, undecided } = await request.use(signal);
  if (undecided !== undefined) return new Map();
  const { kept, dropped } = retained(own, request.policy, withProven(inUse, request), now);
  log.debug(
    { kept: kept.map(({ name, because }) => [name, ...because.map(describeKept)]) },
    'points to keep',
  );
  return new Map([
    ...dropped.map(({ name, because }) => [name, describeDropped(because)] as const),
    ...lost.map(({ name }) => [name, 'its archive is gone'] as const),
  ]);
}

/** @param going names, each with why */
async function removeUnused(
  going: ReadonlyMap<string, string>,
  request: PruneRequest,
  { log, remove }: Pick<PruneDeps, 'log' | 'remove'>,
  signal: AbortSignal,
): Promise<Required<Pick<Pruned, 'removed' | 'problems'>>> {
  const removed: string[] = [];
  const problems: string[] = [];
  for (const [name, because] of going) {
    const use = await request.use(signal);
    if (use.undecided !== undefined) break;
    if (use.inUse.has(name) || use.offered.has(name)) continue;
    const problem = await storeProblem(name, () => remove(name), signal);
    if (problem !== undefined) {
      problems.push(problem);
      continue;
    }
    removed.push(name);
    log.info({ point: name, because }, 'removed a recovery point');
  }
  return { removed, problems };
}

/** Whatever retention makes of it: without it the run that has made it would have been for nothing. */
const withProven = (
  inUse: ReadonlyMap<string, string>,
  { proven }: PruneRequest,
): ReadonlyMap<string, string> =>
  proven === undefined ? inUse : new Map([[proven, 'the capture that has just proven it'], ...inUse]);

/** One whose time cannot be read is as old as can be. */
const candidate = (
  { name, sequence, capturedAt }: PointSummary,
  { verified }: PruneRequest,
): RetainedPoint => ({
  name,
  sequence,
  capturedAt: fromRfc3339(capturedAt) ?? instant(0),
  verified: verified.has(name),
});
