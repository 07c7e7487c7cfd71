/**
 * What earlier executions took, step by step, read from their journals. Only
 * records: what to expect from them is decided in forecast.ts.
 *
 * The moments of a journal were written by whichever replica led at the time,
 * so a difference of two may be off by what their clocks differ. A forecast can
 * live with that, and nothing else uses these numbers; what is impossible
 * (an end before its beginning) is left out.
 */
import type { DRExecutionStatus, StepStatus } from '../../api/v1alpha1/dr-execution.ts';
import { subjectOf } from '../execution/plan.ts';
import { elapsed, fromRfc3339, type Millis } from '../time.ts';

/** How long the same thing took each time; newest first, at most {@link REMEMBERED}. */
export type Samples = readonly Millis[];

export interface UnitDurations {
  /** From the first attempt to the last object applied. */
  readonly apply: Samples;
  /** From there until all of it was ready. */
  readonly ready: Samples;
}

export interface Durations {
  readonly prepare: Samples;
  /** By unit id. */
  readonly units: ReadonlyMap<string, UnitDurations>;
  /** By hostname: from asking for the new answer to the authoritative servers giving it. */
  readonly dns: ReadonlyMap<string, Samples>;
}

/** Older ones say little about the application as it is now. */
export const REMEMBERED = 20;

/**
 * @param executions of one scenario, in any order; steps that did not succeed say nothing of how long success takes
 * @param recoveryRegion only what was measured there counts
 */
export function measuredDurations(
  executions: readonly DRExecutionStatus[],
  recoveryRegion: string,
): Durations {
  const prepare: Millis[] = [];
  const units = new Map<string, { apply: Millis[]; ready: Millis[] }>();
  const dns = new Map<string, Millis[]>();
  for (const step of stepsNewestFirst(executions, recoveryRegion)) {
    const took = phasesOf(step);
    if (took === undefined) continue;
    const subject = subjectOf(step);
    if (step.kind === 'Prepare') remember(prepare, took.whole);
    else if (step.kind === 'DNS') remember(entry(dns, subject, []), took.whole);
    else if (step.kind === 'Restore') {
      const unit = entry(units, subject, { apply: [], ready: [] });
      remember(unit.apply, took.apply);
      remember(unit.ready, took.ready);
    }
  }
  return { prepare, units, dns };
}

function stepsNewestFirst(executions: readonly DRExecutionStatus[], region: string): readonly StepStatus[] {
  return executions
    .filter(({ plan }) => plan?.recoveryRegion === region)
    .toSorted((a, b) => (b.startedAt ?? '').localeCompare(a.startedAt ?? ''))
    .flatMap(({ steps }) => steps ?? [])
    .filter(({ phase }) => phase === 'Succeeded');
}

interface Phases {
  readonly apply: Millis;
  readonly ready: Millis;
  readonly whole: Millis;
}

/** A step that was ready as soon as it was applied has no `appliedAt`: all of its time was applying. */
function phasesOf({ startedAt, appliedAt, finishedAt }: StepStatus): Phases | undefined {
  const started = startedAt === undefined ? undefined : fromRfc3339(startedAt);
  const finished = finishedAt === undefined ? undefined : fromRfc3339(finishedAt);
  const applied = appliedAt === undefined ? finished : fromRfc3339(appliedAt);
  if (started === undefined || applied === undefined || finished === undefined) return undefined;
  if (applied < started || finished < applied) return undefined;
  return {
    apply: elapsed(started, applied),
    ready: elapsed(applied, finished),
    whole: elapsed(started, finished),
  };
}

function entry<Value>(map: Map<string, Value>, key: string, empty: Value): Value {
  const value = map.get(key) ?? empty;
  map.set(key, value);
  return value;
}

function remember(samples: Millis[], sample: Millis): void {
  if (samples.length < REMEMBERED) samples.push(sample);
}
