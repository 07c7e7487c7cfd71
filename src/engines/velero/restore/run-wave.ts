/**
 * One Velero Restore of chosen objects of a point: from the objects that are
 * not in the target yet to what Velero says became of each.
 */
import type { KubeObject } from '../../../api/object.ts';
import { type Clock, millis, minutes, toRfc3339 } from '../../../domain/time.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import type { Log } from '../../../kube/log.ts';
import { type Store, StoreError } from '../../../store/store.ts';
import { createUnlessThere } from '../../create-unless-there.ts';
import type { OpenPoint, ScenarioIdentity } from '../../engine.ts';
import { removeOldWaves, removeWave } from '../clean.ts';
import { describeMoves } from '../data-moves.ts';
import { checkLocation, veleroType } from '../location.ts';
import type { Complaint } from '../results/results.ts';
import { API_VERSION, GROUP, marks, selectorFor, type VeleroSettings, waveName } from '../settings.ts';
import { describeStage, ITEM_OPERATION_HOURS, isEnd, type Stage } from '../stage.ts';
import { type Followed, untilEnded } from '../until-ended.ts';
import { absentOf } from './absent.ts';
import { type Derived, derive } from './derived.ts';
import { isOpen, movedClaims, unfilled } from './moved-claims.ts';
import { outcome } from './restore-outcome.ts';

export interface WaveDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: VeleroSettings;
  /** Names of restores this process follows: not to be taken for leftovers. */
  readonly busy: Set<string>;
}

export interface WaveOf {
  readonly point: OpenPoint;
  readonly scenario: ScenarioIdentity;
  readonly target: Cluster;
}

export type WaveAnswer =
  /** By refKey, what Velero could not restore and what it says of it. Objects that are absent here went well, or were not Velero's to make. */
  | {
      readonly kind: 'ended';
      readonly failed: ReadonlyMap<string, string>;
      /** What else Velero says, of these objects or of none. */
      readonly warnings: readonly Complaint[];
    }
  /** Asked for again, it is found and followed further. */
  | { readonly kind: 'unfinished'; readonly message: string };

/** A step that waits shows how far it is, so a wave is looked at in turns of this length. */
const TURN = millis(15_000);

/** @throws VeleroProblem, KubeError, StoreError */
export async function runWave(
  keys: readonly string[],
  wave: WaveOf,
  deps: WaveDeps,
  signal: AbortSignal,
): Promise<WaveAnswer> {
  const { point, scenario, target } = wave;
  const claims = await movedClaims(keys, point, target, signal);
  const isOver = ![...claims.values()].some(isOpen);
  if (isOver && (await absentOf(keys, point, target, signal)).length === 0) {
    await tidy(wave, deps, signal);
    return { kind: 'ended', failed: unfilled(claims), warnings: [] };
  }
  const { settings, store, clock } = deps;
  // What is written for a restore Antipode writes itself, and Velero's word on it goes where backups may not.
  await checkLocation(target, settings, 'read', signal);
  const earlier = await settle(keys, wave, deps, signal);
  if (earlier.kind === 'unfinished' || earlier.failed.size > 0) return earlier;
  const absent = await absentOf(keys, point, target, signal);
  if (absent.length === 0)
    return { ...earlier, failed: unfilled(await movedClaims(keys, point, target, signal)) };
  const name = waveName(point.manifest.name, absent);
  const type = await veleroType(target, 'Restore', signal);
  // One of the same name that Velero is still removing would be taken for the new one.
  if ((await target.get(type, { namespace: settings.namespace, name }, signal)) !== undefined)
    return { kind: 'unfinished', message: describeRemoval(name, target) };
  const derivation = { name, point, keys: absent, scenario, settings, target };
  const derived = await derive(derivation, toRfc3339(clock.now()), store, signal);
  await createUnlessThere(derived.record, target, signal);
  await createUnlessThere(restoreRequest(derived, scenario, settings), target, signal);
  const answer = await follow(name, absent, wave, deps, signal);
  if (answer.kind === 'unfinished') return answer;
  return { ...answer, warnings: [...earlier.warnings, ...answer.warnings] };
}

/**
 * Nothing is Velero's to do: an operator that was killed may have had it all done,
 * and after a failover no prune of the pair comes soon that would clean up.
 */
async function tidy({ scenario, target }: WaveOf, deps: WaveDeps, signal: AbortSignal): Promise<void> {
  if ((await target.typeFor({ group: GROUP, kind: 'Restore' }, signal)) === undefined) return;
  try {
    await removeOldWaves(scenario, target, deps.busy, deps, signal);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    deps.log.warn(
      { cluster: target.name, problem: error.message },
      'what is left of restores is removed later',
    );
  }
}

/**
 * Ends what earlier calls, or an operator before this one, have begun: Velero
 * would do it first in any case, and it may hold the very objects asked for.
 */
async function settle(
  keys: readonly string[],
  wave: WaveOf,
  deps: WaveDeps,
  signal: AbortSignal,
): Promise<WaveAnswer> {
  const { scenario, target } = wave;
  const type = await veleroType(target, 'Restore', signal);
  const labelSelector = selectorFor(scenario, 'Wave');
  const { items } = await target.list(type, { namespace: deps.settings.namespace, labelSelector }, signal);
  const warnings: Complaint[] = [];
  for (const { metadata } of items) {
    // One that is on its way out has been read already.
    if (metadata.deletionTimestamp !== undefined) continue;
    const answer = await follow(metadata.name, keys, wave, deps, signal);
    if (answer.kind === 'unfinished' || answer.failed.size > 0) return answer;
    warnings.push(...answer.warnings);
  }
  return { kind: 'ended', failed: new Map(), warnings };
}

/** Until it ends, and no longer than a turn; what has ended is removed. */
async function follow(
  name: string,
  keys: readonly string[],
  { point, target }: WaveOf,
  deps: WaveDeps,
  signal: AbortSignal,
): Promise<WaveAnswer> {
  const type = await veleroType(target, 'Restore', signal);
  const followed = { cluster: target, type, namespace: deps.settings.namespace, name };
  deps.busy.add(name);
  try {
    const { stage } = await untilEnded(followed, { snapshots: minutes(5), atMost: TURN }, deps, signal);
    if (!isEnd(stage)) return { kind: 'unfinished', message: await describeWait(followed, stage, signal) };
    const { failed, warnings } = await outcome(name, keys, stage, deps, signal);
    await removeWave(name, target, deps, signal);
    const claims = await movedClaims(keys, point, target, signal);
    return { kind: 'ended', failed: new Map([...failed, ...unfilled(claims)]), warnings };
  } finally {
    deps.busy.delete(name);
  }
}

const describeRemoval = (name: string, { name: cluster }: Cluster): string =>
  `Velero in ${cluster} has not removed the restore ${name} yet: see that its server runs`;

async function describeWait({ cluster, namespace, name }: Followed, stage: Stage, signal: AbortSignal) {
  if (stage.kind === 'untaken')
    return `Velero in ${cluster.name} has not taken up restore ${name} yet: it does one at a time; see that its server runs`;
  const moves =
    stage.kind === 'running' && stage.part === 'volumes'
      ? await describeMoves({ kind: 'Restore', namespace, name }, cluster, signal)
      : undefined;
  const said = [describeStage(stage), ...(moves === undefined ? [] : [moves])].join('; ');
  return `Velero in ${cluster.name} restores: ${said} (restore ${name})`;
}

/** Filters would only hide what is in the backup; that is why there is a backup for it. */
function restoreRequest(
  { record, namespaceMapping }: Derived,
  scenario: ScenarioIdentity,
  { namespace }: VeleroSettings,
): KubeObject {
  const { name } = record.metadata;
  return {
    apiVersion: API_VERSION,
    kind: 'Restore',
    metadata: { name, namespace, labels: marks(scenario, 'Wave') },
    spec: {
      backupName: name,
      includeClusterResources: true,
      namespaceMapping,
      itemOperationTimeout: `${ITEM_OPERATION_HOURS}h0m0s`,
      // What is there already is not touched: it may be somebody else's.
      existingResourcePolicy: 'none',
    },
  };
}
