/**
 * Tells a lost region from a lost observer. An observer that is cut off sees
 * every region fail at once; so before a region is declared failed, some other
 * region must have shown a sign of life since the trouble began.
 */
import { between, type Millis, type Tick } from '../time.ts';

/** The newest that this process saw of a region. */
export interface Sighting {
  readonly region: string;
  readonly at: Tick;
  /** Something there answered: a probe passed, or the API server answered with anything at all. */
  readonly contact: boolean;
  /** How long this sighting may be taken for the present. */
  readonly freshFor: Millis;
}

export type Elsewhere =
  /** No other region is watched, so the two cannot be told apart. */
  | { readonly kind: 'alone' }
  | { readonly kind: 'contact'; readonly region: string }
  /** No sign of life, but some regions have not been looked at since. */
  | { readonly kind: 'waiting'; readonly regions: readonly string[] }
  | { readonly kind: 'nothing'; readonly regions: readonly string[] };

/** @param since when the trouble in `region` began; older sightings of others prove nothing */
export function lookElsewhere(
  sightings: Iterable<Sighting>,
  region: string,
  since: Tick | undefined,
  now: Tick,
): Elsewhere {
  const others = [...sightings].filter((sighting) => sighting.region !== region);
  if (others.length === 0) return { kind: 'alone' };
  const current = others.filter(
    ({ at, freshFor }) => between(at, now) <= freshFor && (since === undefined || at >= since),
  );
  const alive = current.find((sighting) => sighting.contact);
  if (alive !== undefined) return { kind: 'contact', region: alive.region };
  const missing = others.filter((sighting) => !current.includes(sighting));
  const names = (missing.length > 0 ? missing : others).map((sighting) => sighting.region);
  return { kind: missing.length > 0 ? 'waiting' : 'nothing', regions: names.toSorted() };
}

/**
 * Whether this observer, and not the regions, is the likelier one to be lost:
 * at least two regions are watched and none of them shows any sign of life.
 */
export function isolationSuspected(own: Sighting, elsewhere: Elsewhere): boolean {
  return !own.contact && elsewhere.kind === 'nothing';
}
