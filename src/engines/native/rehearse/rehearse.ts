/**
 * Asks the target, object by object and writing nothing, whether it would take
 * a recovery point. This file decides how much is asked at once and for how
 * long, and adds up the answers; what is asked about one object is in
 * object.ts.
 */

import type { Finding } from '../../../domain/protection/feasibility-finding.ts';
import { between } from '../../../domain/time.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import type { OpenPoint, Rehearsal, RehearsalBudget, ScenarioIdentity } from '../../engine.ts';
import { inParallel } from '../parallel.ts';
import { type ObjectAnswer, Rehearser } from './object.ts';

/** Requests under way at once. */
const PARALLEL = 8;
/** Objects between two looks at the clock: each takes a few requests, so a call ends soon after its time. */
const BATCH = 32;
/** More findings are counted by nobody; the first ones name the cause. */
const MOST_FINDINGS = 256;

/** See Engine.rehearse. */
export async function rehearse(
  point: OpenPoint,
  scenario: ScenarioIdentity,
  target: Cluster,
  before: Rehearsal | undefined,
  { clock, time }: RehearsalBudget,
  signal: AbortSignal,
): Promise<Rehearsal> {
  const startedAt = clock.tick();
  const keys = point.manifest.units.flatMap(({ objects }) => objects);
  const rehearser = new Rehearser(point, scenario, target);
  let rehearsal = before ?? nothingRehearsed(keys.length);
  do {
    signal.throwIfAborted();
    const batch = keys.slice(rehearsal.done, rehearsal.done + BATCH);
    const answers = await inParallel(batch, PARALLEL, (key) => rehearser.ask(key, signal));
    rehearsal = add(rehearsal, answers);
  } while (rehearsal.done < rehearsal.total && between(startedAt, clock.tick()) < time);
  return rehearsal;
}

const nothingRehearsed = (total: number): Rehearsal => ({
  done: 0,
  total,
  accepted: 0,
  notRehearsed: new Map(),
  findings: [],
  added: [],
});

function add(before: Rehearsal, answers: readonly ObjectAnswer[]): Rehearsal {
  const notRehearsed = new Map(before.notRehearsed);
  for (const { verdict } of answers)
    if (verdict.kind === 'not-rehearsed')
      notRehearsed.set(verdict.why, (notRehearsed.get(verdict.why) ?? 0) + 1);
  return {
    ...before,
    done: before.done + answers.length,
    accepted: before.accepted + answers.filter(({ verdict }) => verdict.kind === 'accepted').length,
    notRehearsed,
    findings: distinct([...before.findings, ...answers.flatMap(({ findings }) => findings)]),
    added: [
      ...before.added,
      ...answers.flatMap(({ key, verdict }) =>
        verdict.kind === 'accepted' && verdict.newAs !== undefined ? [{ key, resource: verdict.newAs }] : [],
      ),
    ],
  };
}

/** What many objects share, such as a namespace that cannot be used, is said once. */
function distinct(findings: readonly Finding[]): readonly Finding[] {
  const byText = new Map(findings.map((finding) => [`${finding.object} ${finding.message}`, finding]));
  return [...byText.values()].slice(0, MOST_FINDINGS);
}
