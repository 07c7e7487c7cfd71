/**
 * Sync waves of Argo CD: objects of one application with a lower wave are
 * synchronised, and healthy, before those of a higher one. Only likely: waves
 * are often set to tidy up, not because anything needs them.
 */
import { groupOf, type KubeObject } from '../../../api/object.ts';
import { isCustom, kindOf } from '../kinds.ts';
import { podTemplatesOf } from '../pod-template.ts';
import { compareText } from '../sorting.ts';
import { perWorld, type World } from '../world.ts';
import { type Found, foundByKey, type Rule } from './rule.ts';

const WAVE = 'argocd.argoproj.io/sync-wave';
const TRACKING = 'argocd.argoproj.io/tracking-id';
const INSTANCE = 'argocd.argoproj.io/instance';

export const waveRule: Rule = {
  name: 'argo-sync-wave',
  kinds: 'all',
  reads: `metadata.annotations["${WAVE}"]`,
  certainty: 'likely',
  sentence: 'Argo CD synchronises objects of a lower wave before those of a higher one.',
  sees: 'others',
  find: earlierWave,
};

/** An object waits for this many of the wave before it at most, or waves of thousands would be millions of edges. */
const WIDEST = 32;

interface Wave {
  readonly number: number;
  readonly keys: readonly string[];
}

function earlierWave(object: KubeObject, world: World): readonly Found[] {
  const place = placeOf(object);
  const number = waveOf(object);
  const waves = place === undefined ? undefined : wavesByPlace(world).get(place);
  if (waves === undefined || number === undefined) return [];
  const index = waves.findIndex((wave) => wave.number === number);
  const before = waves[index - 1];
  const field = `metadata.annotations["${WAVE}"]`;
  return (before?.keys ?? []).flatMap((key) => foundByKey(key, { field, optional: true }));
}

/** The waves of each application, lowest first; each reduced to what the next waits for. */
const wavesByPlace = perWorld((world) => {
  const places = new Map<string, Map<number, string[]>>();
  for (const [key, object] of world.objects) {
    const place = placeOf(object);
    const number = waveOf(object);
    if (place === undefined || number === undefined) continue;
    const waves = places.get(place) ?? new Map<number, string[]>();
    places.set(place, waves);
    const keys = waves.get(number);
    if (keys === undefined) waves.set(number, [key]);
    else keys.push(key);
  }
  return new Map([...places].map(([place, waves]) => [place, sortedWaves(waves, world)]));
});

function sortedWaves(waves: ReadonlyMap<number, readonly string[]>, world: World): readonly Wave[] {
  return [...waves]
    .toSorted(([a], [b]) => a - b)
    .map(([number, keys]) => ({ number, keys: awaited(keys, world) }));
}

/** What takes time to become ready; of a wave without any, everything, so that waves before it still count. */
function awaited(keys: readonly string[], world: World): readonly string[] {
  const active = keys.filter((key) => isActive(world.objects.get(key)));
  return (active.length > 0 ? active : keys).toSorted(compareText).slice(0, WIDEST);
}

function isActive(object: KubeObject | undefined): boolean {
  if (object === undefined) return false;
  return (
    isCustom(groupOf(object.apiVersion)) || ACTIVE.has(kindOf(object)) || podTemplatesOf(object).length > 0
  );
}

const ACTIVE: ReadonlySet<string> = new Set(['CustomResourceDefinition.apiextensions.k8s.io', 'Namespace']);

/** The application that an object belongs to; objects with a wave and without one go by their namespace. */
function placeOf({ metadata }: KubeObject): string | undefined {
  const { annotations, labels, namespace } = metadata;
  const application = annotations?.[TRACKING]?.split(':')[0] ?? labels?.[INSTANCE];
  if (application !== undefined) return `application ${application}`;
  return annotations?.[WAVE] === undefined ? undefined : `namespace ${namespace ?? ''}`;
}

/** Without the annotation it is wave 0; with something else than a whole number, none. */
function waveOf({ metadata: { annotations } }: KubeObject): number | undefined {
  const text = annotations?.[WAVE] ?? '0';
  return /^[+-]?\d{1,9}$/.test(text) ? Number(text) : undefined;
}
