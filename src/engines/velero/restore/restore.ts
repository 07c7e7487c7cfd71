/**
 * Restores objects through Velero, and what Velero leaves undone by our own
 * apply: it drops owner references, restores nothing over what exists, and
 * skips what it thinks needs no restore. So Velero makes what is absent, and
 * everything is then brought to the state of the point as the native engine
 * does, which changes nothing where it is right already.
 */

import type { Cluster } from '../../../kube/cluster.ts';
import { StoreError } from '../../../store/store.ts';
import type { ApplyOutcome, Engine, OpenPoint, RestoreOptions, ScenarioIdentity } from '../../engine.ts';
import { VeleroProblem } from '../problem.ts';
import type { Complaint } from '../results/results.ts';
import { runWave, type WaveAnswer, type WaveDeps } from './run-wave.ts';
import { createWaves, type Waves } from './waves.ts';

export interface RestoreDeps extends WaveDeps {
  readonly native: Pick<Engine, 'restore'>;
  /** By point and target; those who restore the same point at the same time share a Restore. */
  readonly waves: Map<string, Waves<WaveAnswer>>;
}

/** See Engine.restore. @throws KubeError */
export async function restore(
  deps: RestoreDeps,
  point: OpenPoint,
  keys: readonly string[],
  scenario: ScenarioIdentity,
  target: Cluster,
  options: RestoreOptions,
  signal: AbortSignal,
): Promise<readonly ApplyOutcome[]> {
  const [first = ''] = keys;
  const answer = await wavesFor(deps, point, scenario, target).join(keys, signal).catch(problemAsAnswer);
  if (answer.kind === 'unfinished') return [{ kind: 'blocked', key: first, message: answer.message }];
  const failedAt = keys.findIndex((key) => answer.failed.has(key));
  const fine = failedAt < 0 ? keys : keys.slice(0, failedAt);
  const applied = await deps.native.restore(point, fine, scenario, target, options, signal);
  const outcomes = withWarnings(applied, answer.warnings);
  const failedKey = keys[failedAt];
  const isStopped = outcomes.some(({ kind }) => kind !== 'applied');
  if (failedKey === undefined || isStopped) return outcomes;
  return [...outcomes, failure(failedKey, answer.failed.get(failedKey) ?? '')];
}

/** Of one object, or of none: more is noise. */
const TOLD = 3;

/**
 * Pure. Velero's warnings on the objects that they are about, by name and place; those about no object on the
 * first of the namespace, or of all.
 */
export function withWarnings(
  outcomes: readonly ApplyOutcome[],
  warnings: readonly Complaint[],
): readonly ApplyOutcome[] {
  const told = new Set<Complaint>();
  return outcomes.map((outcome) => {
    if (outcome.kind !== 'applied') return outcome;
    const { name, namespace } = outcome.object.metadata;
    const about = warnings.filter(
      (one) =>
        !told.has(one) &&
        (one.name === undefined
          ? one.namespace === undefined || one.namespace === namespace
          : one.name === name && one.namespace === namespace),
    );
    for (const one of about) told.add(one);
    const texts = [...new Set(about.map(({ text }) => `Velero warns: ${text}`))].slice(0, TOLD);
    if (texts.length === 0) return outcome;
    const notes = [...(outcome.note === undefined ? [] : [outcome.note]), ...texts];
    return { ...outcome, note: notes.join('; ') };
  });
}

/** What the target refuses for good reads so; everything else (quota, webhook, time) may pass. */
const FINAL = /is invalid|Invalid value|is forbidden: User|no matches for kind/;

function failure(key: string, cause: string): ApplyOutcome {
  const remedy = FINAL.test(cause)
    ? 'that cluster does not accept it as it was captured: exclude it, or make the clusters alike'
    : 'it is tried again';
  const kind = FINAL.test(cause) ? 'refused' : 'blocked';
  return { kind, key, message: `${key}: ${cause} (${remedy})`, why: { cause, remedy } };
}

function problemAsAnswer(error: unknown): WaveAnswer {
  if (error instanceof VeleroProblem || error instanceof StoreError)
    return { kind: 'unfinished', message: error.message };
  throw error;
}

function wavesFor(
  deps: RestoreDeps,
  point: OpenPoint,
  scenario: ScenarioIdentity,
  target: Cluster,
): Waves<WaveAnswer> {
  const id = `${target.name} ${target.server} ${point.digest}`;
  const known = deps.waves.get(id);
  if (known !== undefined) return known;
  const made = createWaves<WaveAnswer>(deps.clock, (keys, signal) =>
    runWave(keys, { point, scenario, target }, deps, signal),
  );
  // Only restores of one point are made together, and few run at once.
  deps.waves.clear();
  deps.waves.set(id, made);
  return made;
}
