/** Chooses a way for each claim of a point, with what is known at the moment. */
import type { KubeObject } from '../../../api/object.ts';
import type { DRScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import type { PointVolume } from '../../../domain/protection/point.ts';
import { toRfc3339 } from '../../../domain/time.ts';
import { type Choice, chooseStrategy } from '../../../domain/volumes/strategy.ts';
import { wishedStrategy } from '../../../domain/volumes/wish.ts';
import type { Regions } from '../../engine.ts';
import type { Taken, Wanted } from '../cut/snapshots.ts';
import type { Pair, Trials } from '../cut/trials.ts';
import { modeOf } from '../kinds.ts';
import type { Surveyed, VolumeFacts } from './facts.ts';

/** By refKey of the claim. */
export type Choices = ReadonlyMap<string, { readonly surveyed: Surveyed; readonly choice: Choice }>;

export const pairOf = (spec: DRScenarioSpec, { source }: Regions): Pair => ({
  source: source.name,
  recovery: spec.recovery.region,
});

export function chooseAll(facts: VolumeFacts, spec: DRScenarioSpec, pair: Pair, trials: Trials): Choices {
  const abilities = facts.abilities((driver) => trials.of(pair, driver));
  return new Map(
    facts.claims.map((surveyed) => {
      const { namespace = '', name } = surveyed.claim.metadata;
      const wish = wishedStrategy(`${namespace}/${name}`, spec.replication.volumes);
      return [surveyed.facts.claim, { surveyed, choice: chooseStrategy(surveyed.facts, wish, abilities) }];
    }),
  );
}

/** Messages of what cannot be done though it was asked for. */
export const impossibilities = (choices: Choices): readonly string[] =>
  [...choices.values()].flatMap(({ choice }) => (choice.kind === 'impossible' ? [choice.message] : []));

/** refKeys of the claims that have a volume, whether it is copied or not. */
export const withVolume = (choices: Choices): ReadonlySet<string> =>
  new Set(
    [...choices].flatMap(([key, { surveyed }]) => (surveyed.facts.volume.kind === 'none' ? [] : [key])),
  );

/** The claims of which snapshots are to be taken. */
export function wantedOf(choices: Choices): readonly Wanted[] {
  return [...choices.values()].flatMap(({ surveyed: { claim }, choice }) => {
    if (choice.kind !== 'snapshot') return [];
    const { snapshotClass, driver } = choice;
    return [{ claim, snapshotClass, driver }];
  });
}

/** The claims that VolSync is to copy, with the reason. */
export function synced(choices: Choices): readonly { readonly claim: KubeObject; readonly reason: string }[] {
  return [...choices.values()].flatMap(({ surveyed: { claim }, choice }) =>
    choice.kind === 'volsync' ? [{ claim, reason: choice.reason }] : [],
  );
}

/** How the data of the claims is in a point. */
export interface VolumeData {
  readonly volumes: readonly PointVolume[];
  /** refKeys of claims that have data which the point does not. */
  readonly withoutData: readonly string[];
}

export const NO_DATA: VolumeData = { volumes: [], withoutData: [] };

/** @param copied by VolSync */
export function describeVolumes(
  choices: Choices,
  taken: ReadonlyMap<string, Taken>,
  copied: ReadonlyMap<string, PointVolume>,
): VolumeData {
  const all = [...choices].map(([claim, { surveyed, choice }]) => {
    const snapshot = taken.get(claim);
    const volume =
      choice.kind === 'snapshot' && snapshot !== undefined
        ? snapshotVolume(surveyed.claim, choice, snapshot)
        : (copied.get(claim) ??
          excluded(claim, choice.kind === 'impossible' ? choice.message : choice.reason));
    const isMissing = volume.strategy === 'Exclude' && !(choice.kind === 'exclude' && !choice.hasData);
    return { volume, isMissing };
  });
  return {
    volumes: all.map(({ volume }) => volume),
    withoutData: all.flatMap(({ volume, isMissing }) => (isMissing ? [volume.claim] : [])),
  };
}

export const excluded = (claim: string, reason: string): PointVolume => ({
  claim,
  strategy: 'Exclude',
  reason,
});

function snapshotVolume(
  claim: KubeObject,
  { driver, reason }: Extract<Choice, { kind: 'snapshot' }>,
  taken: Taken,
): PointVolume {
  const { namespace, name, handle, cutAt, restoreSize, group, groupHandle } = taken;
  return {
    claim: taken.claim,
    strategy: 'SnapshotHandle',
    reason,
    instant: toRfc3339(cutAt),
    snapshot: {
      driver,
      handle,
      name: `${namespace}/${name}`,
      ...(restoreSize === undefined ? {} : { restoreSize }),
      sourceVolumeMode: modeOf(claim),
      ...(group === undefined ? {} : { group: `${namespace}/${group}` }),
      ...(groupHandle === undefined ? {} : { groupHandle }),
    },
  };
}
