/**
 * Decides how the data of one claim gets into a recovery point, and says why.
 * What the user asks for by name is done or refused, never replaced by another
 * way; Auto takes the first way that works and says what the others lack. Where
 * none does, the data is left out only if it was so before: a point without it
 * would push those that have it out of retention.
 */
import type { VolumeStrategy } from '../../api/v1alpha1/dr-scenario-volumes.ts';

/** What is behind a claim in the source. */
export type ClaimVolume =
  /** No volume yet: there is no data. */
  | { readonly kind: 'none' }
  | { readonly kind: 'csi'; readonly driver: string }
  /** `what` completes "its volume is …", e.g. `a hostPath volume`. */
  | { readonly kind: 'other'; readonly what: string };

export interface ClaimFacts {
  /** refKey, as in the source. */
  readonly claim: string;
  readonly volume: ClaimVolume;
  /** Class by which the recovery region would make its volume, with the driver of that class. */
  readonly recoveryClass: { readonly name: string; readonly driver: string } | undefined;
  /** Whether the newest point of these regions has its data. */
  readonly wasCopied: boolean;
}

/** Whether the recovery region can make volumes of snapshots that the source took. */
export type HandlesRead =
  | { readonly kind: 'yes' }
  /** It is found out with the snapshots of this capture. */
  | { readonly kind: 'untried' }
  /** `message`: what the recovery region said. */
  | { readonly kind: 'no'; readonly message: string };

/** What is known of one driver in both regions. */
export interface DriverFacts {
  readonly snapshotClass:
    | { readonly kind: 'found'; readonly name: string }
    /** `message`: a whole sentence without full stop, with the remedy. */
    | { readonly kind: 'missing'; readonly message: string };
  readonly inRecovery: boolean;
  readonly handles: HandlesRead;
}

export interface Abilities {
  readonly engine: 'native' | 'velero';
  /** Names of the regions, for messages. */
  readonly source: string;
  readonly recovery: string;
  /** Why snapshots cannot be taken in the source, or imported in the recovery region; undefined when they can. */
  readonly snapshotProblem: string | undefined;
  /** Why VolSync cannot be used; undefined when it can. */
  readonly volSyncProblem: string | undefined;
  readonly driver: (name: string) => DriverFacts;
}

export type Choice =
  | {
      readonly kind: 'snapshot';
      readonly reason: string;
      readonly driver: string;
      readonly snapshotClass: string;
    }
  | { readonly kind: 'volsync'; readonly reason: string }
  | { readonly kind: 'data-mover'; readonly reason: string }
  /** `hasData` false: there is no data to copy, so none is missing from the point. */
  | { readonly kind: 'exclude'; readonly reason: string; readonly hasData: boolean }
  /** What was asked for cannot be done; the message names the claim and the remedy. */
  | { readonly kind: 'impossible'; readonly message: string };

export function chooseStrategy(facts: ClaimFacts, wish: VolumeStrategy, abilities: Abilities): Choice {
  if (wish === 'Exclude')
    return { kind: 'exclude', reason: 'spec.replication.volumes excludes it', hasData: hasData(facts) };
  if (facts.volume.kind === 'none')
    return { kind: 'exclude', reason: 'the claim has no volume yet, so no data', hasData: false };
  switch (wish) {
    case 'SnapshotHandle':
      return orImpossible(bySnapshot(facts, abilities, ''), facts, wish);
    case 'VolSync':
      return orImpossible(byVolSync(abilities, ''), facts, wish);
    case 'VeleroDataMover':
      return orImpossible(byDataMover(abilities, ''), facts, wish);
    case 'Auto':
      break;
  }
  return firstThatWorks(facts, abilities);
}

const hasData = ({ volume }: ClaimFacts): boolean => volume.kind !== 'none';

type Way =
  | Exclude<Choice, { kind: 'exclude' | 'impossible' }>
  | { readonly kind: 'no'; readonly why: string };

function firstThatWorks(facts: ClaimFacts, abilities: Abilities): Choice {
  const whyNot: string[] = [];
  for (const way of [bySnapshot, withoutFacts(byVolSync), withoutFacts(byDataMover)]) {
    const before = whyNot.length === 0 ? '' : `; ${whyNot.join('; ')}`;
    const found = way(facts, abilities, before);
    if (found.kind !== 'no') return found;
    whyNot.push(found.why);
  }
  const reason = whyNot.join('; ');
  if (!facts.wasCopied) return { kind: 'exclude', reason, hasData: true };
  const message = `${facts.claim}: the newest recovery point has its data, and now there is no way to copy it: ${reason}; mend one of them, or exclude the claim in spec.replication.volumes.claims`;
  return { kind: 'impossible', message };
}

const withoutFacts =
  (way: (abilities: Abilities, before: string) => Way) =>
  (_facts: ClaimFacts, abilities: Abilities, before: string): Way =>
    way(abilities, before);

function orImpossible(way: Way, { claim }: ClaimFacts, wish: VolumeStrategy): Choice {
  if (way.kind !== 'no') return way;
  const message = `${claim}: spec.replication.volumes asks for ${wish}, but ${way.why}; mend that, or choose another strategy for it`;
  return { kind: 'impossible', message };
}

/** @param before what stands against the ways that were tried first */
function bySnapshot({ volume, recoveryClass }: ClaimFacts, abilities: Abilities, before: string): Way {
  const { source, recovery, snapshotProblem } = abilities;
  const no = (why: string): Way => ({ kind: 'no', why: `no snapshot: ${why}` });
  if (volume.kind !== 'csi')
    return no(
      `its volume is ${volume.kind === 'other' ? volume.what : 'not there'}, which has no CSI driver`,
    );
  if (snapshotProblem !== undefined) return no(snapshotProblem);
  const { driver } = volume;
  const { snapshotClass, inRecovery, handles } = abilities.driver(driver);
  if (snapshotClass.kind === 'missing') return no(snapshotClass.message);
  if (!inRecovery) return no(`${recovery} does not have the CSI driver ${driver}`);
  if (recoveryClass !== undefined && recoveryClass.driver !== driver)
    return no(
      `StorageClass ${recoveryClass.name} in ${recovery} is of ${recoveryClass.driver}, and only ${driver} can read its snapshots: map the class by spec.replication.transforms`,
    );
  if (handles.kind === 'no')
    return no(`${recovery} does not read snapshots of ${source} (${handles.message})`);
  const reason =
    handles.kind === 'yes'
      ? `${recovery} reads snapshots of ${driver} by their handle`
      : `whether ${recovery} reads snapshots of ${driver} is tried with this one`;
  return { kind: 'snapshot', reason: reason + before, driver, snapshotClass: snapshotClass.name };
}

function byVolSync({ recovery, volSyncProblem }: Abilities, before: string): Way {
  if (volSyncProblem !== undefined) return { kind: 'no', why: `no VolSync: ${volSyncProblem}` };
  return { kind: 'volsync', reason: `VolSync copies it to ${recovery}${before}` };
}

function byDataMover({ engine }: Abilities, before: string): Way {
  if (engine !== 'velero')
    return {
      kind: 'no',
      why: "no data mover: Velero's is used with spec.replication.engine: velero only",
    };
  return { kind: 'data-mover', reason: `Velero's data mover copies it into the store${before}` };
}
