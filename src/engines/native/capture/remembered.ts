/**
 * What this process remembers of the last capture of each scenario, so that a
 * source in which nothing has changed costs nothing. Lost with the process, and
 * then only a point is made that says the same as the one before it.
 */
import type { DRScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import type { PointManifest } from '../../../domain/protection/point.ts';
import type { Tick } from '../../../domain/time.ts';
import type { PublishedPoint } from '../../engine.ts';
import type { Seen } from '../objects/compare.ts';
import type { Read } from '../source/mirror-sight.ts';

export interface Remembered {
  readonly point: PublishedPoint;
  /** See {@link questionText}. */
  readonly question: string;
  /** What the source was seen to have: for this point, or at the last look that found nothing else. */
  readonly reads: readonly Read[];
  /** What of it belongs to the scenario, until the point is verified. */
  readonly seen?: Seen | undefined;
  /** When it was last read back; undefined until it was and compared: only then it may stand for the present. */
  readonly provenAt: Tick | undefined;
}

export type Memory = Map<string, Remembered>;

export const scenarioKey = ({ namespace, name }: { readonly namespace: string; readonly name: string }) =>
  `${namespace}/${name}`;

/** Everything but the source that decides what a point has in it. */
export function questionText(
  { source, resources, dependencies, replication: { volumes, hooks } }: DRScenarioSpec,
  kinds: string,
): string {
  return JSON.stringify([source, resources, dependencies, volumes, hooks, kinds]);
}

/** Data changes without the API seeing it: then an unchanged API is no unchanged source. */
export function hasCopiedData({ volumes = [] }: Pick<PointManifest, 'volumes'>): boolean {
  return volumes.some(({ strategy }) => strategy !== 'Exclude');
}

/** A manifest, or one that is not published yet. */
type Content = Omit<PointManifest, 'archive'>;

/**
 * Whether a point would be restored to the same as an earlier one: not when they were
 * made, nor the state of their objects, nor what was left out of them. Of the
 * state one thing counts: that an object has become ready, which the earlier one
 * would not wait for. That it is not any more does not: it was known to be once.
 */
export function isSameContent(now: Content, earlier: Content): boolean {
  return areSameObjects(now, earlier) && contentText(now) === contentText(earlier);
}

/** Apart, because it is where points differ, and the rest of a large one is long. */
function areSameObjects({ objects: now }: Content, { objects: earlier }: Content): boolean {
  return (
    now.length === earlier.length &&
    now.every((object, index) => {
      const { key, apiVersion, digest, why, shown = [] } = earlier[index] ?? {};
      const isSame = object.key === key && object.apiVersion === apiVersion && object.digest === digest;
      const isKnown = (object.shown ?? []).every((sign) => shown.includes(sign));
      return isSame && isKnown && JSON.stringify(object.why) === JSON.stringify(why);
    })
  );
}

function contentText(content: Content): string {
  const { missingNamespaces, dangling, units, edges, longestPath, warnings, volumes } = content;
  return JSON.stringify([
    content.scenario,
    content.sourceRegion,
    [missingNamespaces, dangling, units, edges, longestPath, warnings],
    [volumes, content.volumesWithoutData],
  ]);
}

/** From now on it may stand for the present, unless another was captured meanwhile. */
export function markVerified(
  memory: Memory,
  { digest, manifest: { scenario } }: PublishedPoint,
  provenAt: Tick,
): void {
  const known = memory.get(scenarioKey(scenario));
  if (known?.point.digest === digest)
    memory.set(scenarioKey(scenario), { ...known, seen: undefined, provenAt });
}

/** It is not what was published: another one is made. */
export function forgetPoint(memory: Memory, { digest, manifest: { scenario } }: PublishedPoint): void {
  if (memory.get(scenarioKey(scenario))?.point.digest === digest) memory.delete(scenarioKey(scenario));
}
