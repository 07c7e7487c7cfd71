/**
 * What the instants of a point's volumes say: which claims that belong together
 * are not of one instant.
 */
import { parseRefKey } from '../../api/object.ts';
import type { PointManifest, PointVolume } from '../protection/point.ts';
import { fromRfc3339, type Instant } from '../time.ts';

/** Cut by one group snapshot, or without anybody writing meanwhile, instants may differ by the clock's grain. */
const SAME_INSTANT_MS = 1;

const instantsOf = (volumes: readonly PointVolume[]): readonly Instant[] =>
  volumes.flatMap(({ instant: text }) => (text === undefined ? [] : (fromRfc3339(text) ?? [])));

/**
 * A sentence for each unit whose claims were captured at different instants:
 * an application that writes to several of them may find them inconsistent.
 * Claims that several units share count for each unit that uses them.
 */
export function spreadWarnings(
  volumes: readonly PointVolume[],
  { units, edges }: Pick<PointManifest, 'units' | 'edges'>,
): readonly string[] {
  const byClaim = new Map(volumes.map((volume) => [volume.claim, volume]));
  const objectsOf = new Map(units.map(({ id, objects }) => [id, objects]));
  return units.flatMap(({ id, objects }) => {
    const needed = edges.filter(({ from }) => from === id).flatMap(({ to }) => objectsOf.get(to) ?? []);
    const claims = new Set([...objects, ...needed].filter((key) => byClaim.has(key)));
    const used = [...claims].flatMap((key) => byClaim.get(key) ?? []);
    return describe(id, used) ?? [];
  });
}

function describe(unit: string, used: readonly PointVolume[]): string | undefined {
  const instants = instantsOf(used);
  if (instants.length < 2) return undefined;
  const apart = Math.max(...instants) - Math.min(...instants);
  if (apart <= SAME_INSTANT_MS) return undefined;
  const names = used.map(({ claim }) => parseRefKey(claim)?.name ?? claim).join(', ');
  return `the claims of ${unit} were captured ${Math.round(apart)} ms apart (${names}): what it writes to several of them may not fit together`;
}
