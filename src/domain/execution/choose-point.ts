/**
 * Which recovery point an execution restores. One that the scenario has verified
 * goes before all others. What a store has beyond those, since the scenario or
 * its whole objective cluster was made anew, or because a proof did not pass, was
 * compared with the source by nobody here, and there may be no source left to
 * compare it with: a person may take it, an automatic failover never does. Pure.
 */
import type { StoreSpec } from '../../api/v1alpha1/dr-scenario-store.ts';
import { firstFew } from '../first-few.ts';
import { isDataElsewhere, isVerified, isVerifiedFor } from '../protection/point-data.ts';
import { newestFirst } from '../protection/point-order.ts';

/** A recovery point as the scenario's status lists it. */
export interface PointFacts {
  readonly name: string;
  /** Which point is the newer one; absent in points of earlier versions. */
  readonly sequence?: number | undefined;
  /** The instant the copy is of. RFC 3339. */
  readonly capturedAt: string;
  /** As of when the source was last found to be the same as this point. RFC 3339. */
  readonly confirmedAt?: string | undefined;
  readonly verifiedAt?: string | undefined;
  readonly digest: string;
  /** The one recovery region that has the data of its volumes; absent when it has none, or none that is bound to a region. */
  readonly dataRegion?: string | undefined;
  /** Where it is, when that is not the store of the accepted spec. */
  readonly store?: StoreSpec | undefined;
}

/** As it was found in the store of the accepted spec. */
export interface FoundPoint
  extends Pick<PointFacts, 'name' | 'sequence' | 'capturedAt' | 'digest' | 'dataRegion'> {
  /** The region it was captured in. */
  readonly sourceRegion: string;
  /** Made by an operator of another objective cluster, or by Velero alone. Default: by ours. */
  readonly foreign?: true | undefined;
  /** Uid of the objective cluster whose operator made it, when known. */
  readonly objective?: string | undefined;
}

export interface ChosenPoint extends PointFacts {
  /** Set when the scenario has not verified it: it is good enough if it can be read back whole. */
  readonly unproven?: Unproven;
}

export type Unproven = Pick<FoundPoint, 'foreign' | 'objective'>;

export interface Wanted {
  /** Of the scenario. */
  readonly scenario: string;
  /** Name of a point, or `latest`. */
  readonly recoveryPoint: string;
  readonly sourceRegion: string;
  readonly recoveryRegion: string;
}

export type Choice =
  | { readonly kind: 'chosen'; readonly point: ChosenPoint }
  /** Why there is none, and what to do. */
  | { readonly kind: 'none'; readonly message: string };

/**
 * @param listed by the scenario's status
 * @param found in the store; undefined when it was not asked, or must not be
 */
export function choosePoint(
  wanted: Wanted,
  listed: readonly PointFacts[],
  found: readonly FoundPoint[] | undefined,
): Choice {
  const { recoveryPoint, recoveryRegion } = wanted;
  const verified = newestFirst(listed.filter((point) => isVerifiedFor(point, recoveryRegion)));
  if (recoveryPoint === 'latest') {
    const [newest] = verified;
    if (newest !== undefined) return { kind: 'chosen', point: newest };
    return newestFound(wanted, found ?? []) ?? none(noneFor(wanted, listed, found));
  }
  const named = verified.find(({ name }) => name === recoveryPoint);
  if (named !== undefined) return { kind: 'chosen', point: named };
  const other = found?.find(({ name }) => name === recoveryPoint);
  if (other !== undefined && !isDataElsewhere(other, recoveryRegion)) return chosen(other);
  const known = other ?? listed.find(({ name }) => name === recoveryPoint);
  const why =
    known !== undefined && other === undefined && found !== undefined
      ? 'is not verified, and not whole in the store any more'
      : whyNot(known, recoveryRegion);
  const choice = verified.length === 0 ? 'none' : namesOf(verified);
  return none(`recovery point ${recoveryPoint} of ${wanted.scenario} ${why}; verified ones: ${choice}`);
}

const none = (message: string): Choice => ({ kind: 'none', message });

const chosen = ({
  foreign,
  objective,
  name,
  sequence,
  capturedAt,
  digest,
  dataRegion,
}: FoundPoint): Choice => ({
  kind: 'chosen',
  point: { name, sequence, capturedAt, digest, dataRegion, unproven: { foreign, objective } },
});

/**
 * Those of our own objective cluster first. Others are of one that was lost, or of
 * one that shares the store and has a scenario of the same name: which of several
 * is meant only a person knows.
 * @returns undefined when there is nothing to choose from
 */
function newestFound(
  { scenario, sourceRegion, recoveryRegion }: Wanted,
  found: readonly FoundPoint[],
): Choice | undefined {
  const usable = newestFirst(
    found.filter((point) => point.sourceRegion === sourceRegion && !isDataElsewhere(point, recoveryRegion)),
  );
  const own = usable.filter(({ foreign }) => foreign !== true);
  const [newest, ...others] = own.length > 0 ? own : usable;
  if (newest === undefined) return undefined;
  if (own.length > 0 || others.every(({ objective }) => objective === newest.objective))
    return chosen(newest);
  return none(
    `${scenario} has no verified recovery point, and those in its store are of several objective clusters: name one in spec.recoveryPoint of another DRExecution: ${namesOf(usable)}`,
  );
}

function noneFor(
  { scenario, recoveryRegion }: Wanted,
  listed: readonly PointFacts[],
  found: readonly FoundPoint[] = [],
): string {
  const [elsewhere] = newestFirst(
    [...listed.filter(isVerified), ...found].filter((point) => isDataElsewhere(point, recoveryRegion)),
  );
  if (elsewhere !== undefined) {
    const { name, dataRegion } = elsewhere;
    return `${scenario} has no point that is verified for ${recoveryRegion}: the data of the volumes in ${name} is in ${dataRegion}; wait for a point that is captured for ${recoveryRegion}, or set spec.recovery.region back to ${dataRegion}`;
  }
  const others = newestFirst([...listed, ...found]);
  if (others.length === 0)
    return `${scenario} has no verified recovery point yet: there is nothing to fail over to; see its condition Protected`;
  return `${scenario} has no verified recovery point, only such as were not compared with its source: a person can take one by naming it in spec.recoveryPoint of a DRExecution: ${namesOf(others)}`;
}

/** Points that a refusal names: more than these nobody reads, and all of them would not fit. */
const NAMED = 10;

/** @param points newest first */
function namesOf(points: readonly { readonly name: string }[]): string {
  const names = [...new Set(points.map(({ name }) => name))];
  const where = names.length > NAMED ? ', see status.recoveryPoints of the DRScenario' : '';
  return `${firstFew(names, NAMED)}${where}`;
}

function whyNot(point: Pick<PointFacts, 'verifiedAt' | 'dataRegion'> | undefined, region: string): string {
  if (point === undefined) return 'does not exist';
  return isDataElsewhere(point, region)
    ? `has the data of its volumes in ${point.dataRegion}, not in ${region}`
    : 'is not verified';
}

/** For people, who are to look at what was restored. */
export function describeUnproven(name: string, { foreign, objective }: Unproven): string {
  const base = `Recovery point ${name} was read back whole, and all its digests hold, but this DRScenario has NOT compared it with the source: see that nothing is missing from what was restored.`;
  if (foreign !== true) return base;
  const maker = objective === undefined ? '' : `, ${objective}`;
  return `${base} It was made for another objective cluster${maker}: see that this is the one that was lost, and not one with a scenario of the same name.`;
}
