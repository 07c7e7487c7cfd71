/**
 * Plans the copies of a point's claims: what is read in both regions, and the
 * way that is chosen for each. It takes its time and may refuse the point, so
 * it is done before hooks freeze anything.
 */
import type { KubeObject } from '../../../api/object.ts';
import type { DRScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import type { Clock, Millis } from '../../../domain/time.ts';
import { snapshotPatience } from '../../../domain/volumes/snapshot-patience.ts';
import type { Log } from '../../../kube/log.ts';
import type { Regions } from '../../engine.ts';
import { type Choices, chooseAll, impossibilities, pairOf, synced, wantedOf } from '../choose/choose.ts';
import { type VolumeFacts, volumeFacts } from '../choose/facts.ts';
import type { Maker } from '../kinds.ts';
import { type ReadySyncs, readySyncs } from '../volsync/volsync.ts';
import { keyOfClaim, type Wanted } from './snapshots.ts';
import type { Trials } from './trials.ts';

export interface VolumeDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly trials: Trials;
  readonly maker: Maker;
}

export interface CutRequest {
  /** Name of the point to be. */
  readonly point: string;
  /** Of the source, that belong to the point. */
  readonly claims: readonly KubeObject[];
  readonly spec: DRScenarioSpec;
  readonly regions: Regions;
  /** refKeys of the claims whose data the newest point has. */
  readonly copiedBefore: ReadonlySet<string>;
}

/** Without the data of these claims there is no point. */
export interface Incomplete {
  readonly kind: 'incomplete';
  /** One for each claim, naming it. */
  readonly messages: readonly string[];
}

/** How each claim is to be copied. */
export interface PlannedCut extends CutRequest, VolumeDeps {
  readonly kind: 'planned';
  readonly facts: VolumeFacts;
  readonly choices: Choices;
  readonly wanted: readonly Wanted[];
  readonly patience: Millis;
  readonly ready: ReadySyncs | undefined;
}

/** Does all that can be done before anything is cut. @throws KubeError */
export async function planCut(
  request: CutRequest,
  deps: VolumeDeps,
  signal: AbortSignal,
): Promise<PlannedCut | Incomplete> {
  const { claims, spec, copiedBefore } = request;
  const facts = await volumeFacts(claims, spec, request.regions, copiedBefore, signal);
  const regions = { ...request.regions, recovery: facts.recovery };
  const choices = chooseAll(facts, spec, pairOf(spec, regions), deps.trials);
  const impossible = [...impossibilities(choices), ...outOfReach(choices, regions, spec)];
  if (impossible.length > 0) return { kind: 'incomplete', messages: impossible };
  const patience = snapshotPatience(spec.replication.volumes);
  const wanted = wantedOf(choices);
  const plan = { ...request, ...deps, regions, facts, choices, wanted, patience };
  const ready = await readySyncs({ ...plan, claims: synced(choices) }, signal);
  if (ready !== undefined && ready.problems.size > 0) return incomplete(ready.problems);
  return { kind: 'planned', ...plan, ready };
}

/** VolSync copies into the recovery region: without it the point would be made without their data. */
function outOfReach(choices: Choices, { recovery }: Regions, spec: DRScenarioSpec): readonly string[] {
  if (recovery !== undefined) return [];
  const why = `${spec.recovery.region} cannot be reached, and VolSync copies it there`;
  return synced(choices).map(({ claim }) => `${keyOfClaim(claim)}: ${why}`);
}

export const incomplete = (problems: ReadonlyMap<string, string>): Incomplete => ({
  kind: 'incomplete',
  messages: [...problems].map(([claim, problem]) => `${claim}: ${problem}`),
});
