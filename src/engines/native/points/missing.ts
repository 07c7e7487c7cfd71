/**
 * Which points that are on offer the store has lost. Prunes take a point from
 * the offer before they remove it, so what is listed and not there was removed
 * by nobody here: the directory is not mounted, or its files were deleted, by
 * mistake or not. What is left of such a point elsewhere, the snapshots above
 * all, cannot be made again, so it stays until the files are back or a person
 * says that they never will be.
 */
import { POINTS_GONE_ANNOTATION } from '../../../api/ownership.ts';
import { firstFew } from '../../../domain/first-few.ts';
import type { Store } from '../../../store/store.ts';
import type { ListedPoint, Missing, ScenarioIdentity } from '../../engine.ts';
import { CLAIMS, nameOfKey, nameStem } from './layout.ts';
import type { Survey } from './survey.ts';

/** Names told in the message; status has them all. */
const NAMED = 5;

/** @throws StoreError */
export async function missingPoints(
  listed: readonly ListedPoint[],
  { points, damaged }: Survey,
  scenario: ScenarioIdentity,
  store: Store,
  signal: AbortSignal,
): Promise<Missing | undefined> {
  const whole = new Set(points.map(({ name }) => name));
  const lost = listed.filter(({ name }) => !whole.has(name));
  if (lost.length === 0) return undefined;
  const withoutArchive = new Map(damaged.map((point) => [point.name, point]));
  const claims = await store.list(`${CLAIMS}${nameStem(scenario)}`, signal);
  const claimed = new Set(claims.map(nameOfKey));
  const names = lost
    .filter(({ name, claimsWithData }) => {
      const manifest = withoutArchive.get(name);
      if ((manifest ?? { claimsWithData }).claimsWithData !== 0) return true;
      // Of objects only: nothing is left but perhaps its files, which the manifest may come back to.
      return manifest === undefined && claimed.has(name);
    })
    .map(({ name }) => name);
  return names.length === 0 ? undefined : { points: names, message: describe(names, store) };
}

const describe = (names: readonly string[], { location }: Store): string =>
  `recovery points ${firstFew(names, NAMED)} are not whole in ${location} any more, and nothing here has removed them: what is left of them, such as snapshots of volumes, is kept; put back what the store has lost, or, if they are gone for good, name them in the annotation ${POINTS_GONE_ANNOTATION} of the DRScenario`;
