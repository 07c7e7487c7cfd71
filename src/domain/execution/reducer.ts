/**
 * The state machine of an execution: the journal (status.steps), what was
 * observed of its running steps, and how long they have been tried, to the
 * next journal. Pure.
 *
 *   Pending ──needs met──► Running ──done────────► Succeeded
 *      │                     │  ▲ └─blocked/waiting─┘ (until its time is up)
 *      │                     └──failed, time up───► Failed
 *      └──a need failed or was skipped────────────► Skipped
 *
 * Crash safety rests on one rule that the controller keeps: an effect is run
 * only for a step that the *published* journal says is Running. So after a
 * crash at any instant the journal names every step that may have had an
 * effect, and running those again is harmless because effects are idempotent.
 */
import { cut } from '../../api/fitted.ts';
import type { StepStatus } from '../../api/v1alpha1/dr-execution.ts';
import { formatDuration, type Instant, type Millis, millis, toRfc3339 } from '../time.ts';
import { subjectOf } from './plan.ts';

/** What looking at, or acting for, one running step showed. */
export type Observation =
  /** Finished: applied and ready, or answered by DNS. */
  | { readonly kind: 'done'; readonly message: string; readonly notes?: readonly string[] }
  /** Carried out completely just now; what remains is waiting until it shows. */
  | { readonly kind: 'applied'; readonly message: string; readonly notes?: readonly string[] }
  /** Carried out before and does not show yet, or what is needed to try it is not there yet. */
  | { readonly kind: 'waiting'; readonly message: string }
  /** Could not be carried out this time; worth another attempt. */
  | { readonly kind: 'blocked'; readonly message: string }
  /** Waiting will not help. */
  | { readonly kind: 'failed'; readonly message: string };

export interface Limits {
  /** For one prepare or restore step. */
  readonly step: Millis;
  /** For one DNS step. */
  readonly dns: Millis;
}

export interface Pass {
  /** By step id. Of running steps only; a step that was not looked at has none. */
  readonly observations: ReadonlyMap<string, Observation>;
  /**
   * By step id, for how long a step has been tried, on the monotonic clock of
   * the process that asks: many may be running and wait for a place to be begun,
   * and that is not their own time. Never computed from the journal's timestamps:
   * those may be another machine's, and a clock that jumps must not fail a step.
   */
  readonly ages: ReadonlyMap<string, Millis>;
  readonly limits: Limits;
  /** Written into the journal; never compared. */
  readonly now: Instant;
}

/** Kubernetes refuses longer ones; and the status of an execution with many steps must stay writable. */
const MAX_MESSAGE = 1024;
const MAX_NOTES = 8;

/** One pass: outcomes in, dependants of failed steps skipped, steps whose needs are met marked Running. */
export function reduce(steps: readonly StepStatus[], pass: Pass): readonly StepStatus[] {
  const recorded = steps.map((step) => (step.phase === 'Running' ? record(step, pass) : step));
  return start(skip(recorded, pass.now), pass.now);
}

function record(step: StepStatus, pass: Pass): StepStatus {
  const observation = pass.observations.get(step.id);
  // Nobody has looked since: it may be done by now.
  if (observation === undefined) return step;
  const moment = toRfc3339(pass.now);
  const seen = observe(step, observation, moment);
  if (seen.phase !== 'Running') return { ...seen, finishedAt: moment };
  const limit = step.kind === 'DNS' ? pass.limits.dns : pass.limits.step;
  if ((pass.ages.get(step.id) ?? 0) < limit) return seen;
  const message = clip(`gave up after ${formatDuration(limit)}: ${observation.message}`);
  return { ...seen, phase: 'Failed', finishedAt: moment, message };
}

function observe(step: StepStatus, observation: Observation, moment: string): StepStatus {
  const message = clip(observation.message);
  const tried = step.appliedAt === undefined ? { attempts: (step.attempts ?? 0) + 1 } : {};
  switch (observation.kind) {
    case 'done':
      return { ...step, ...tried, ...noted(observation.notes), message, phase: 'Succeeded' };
    case 'applied':
      return { ...step, ...tried, ...noted(observation.notes), message, appliedAt: moment };
    case 'blocked':
      return { ...step, ...tried, message };
    case 'waiting':
      return { ...step, message };
    case 'failed':
      break;
  }
  return { ...step, ...tried, message, phase: 'Failed' };
}

/** They outlast the messages of waiting. */
function noted(notes: readonly string[] = []): { notes?: string[] } {
  if (notes.length === 0) return {};
  const more = notes.length > MAX_NOTES ? [`and ${notes.length - MAX_NOTES + 1} more`] : [];
  return { notes: [...notes.slice(0, MAX_NOTES - more.length), ...more].map(clip) };
}

const clip = (message: string): string => cut(message, MAX_MESSAGE);

/** Steps are not necessarily listed in their order, so skipping goes on until nothing more follows from it. */
function skip(steps: readonly StepStatus[], now: Instant): readonly StepStatus[] {
  let current = steps;
  for (;;) {
    const lost = lostSteps(current);
    const next = current.map((step) => {
      const cause = step.phase === 'Pending' ? needsOf(step, lost).at(0) : undefined;
      return cause === undefined ? step : skipped(step, cause, now);
    });
    if (next.every((step, index) => step === current[index])) return current;
    current = next;
  }
}

const lostSteps = (steps: readonly StepStatus[]): readonly StepStatus[] =>
  steps.filter((step) => step.phase === 'Failed' || step.phase === 'Skipped');

const skipped = (step: StepStatus, cause: StepStatus, now: Instant): StepStatus => ({
  ...step,
  phase: 'Skipped',
  finishedAt: toRfc3339(now),
  message: `not started: it needs ${cause.id}, which ${cause.phase === 'Failed' ? 'failed' : 'was skipped'}`,
});

function start(steps: readonly StepStatus[], now: Instant): readonly StepStatus[] {
  const unfinished = steps.filter((step) => step.phase !== 'Succeeded');
  return steps.map((step) =>
    step.phase === 'Pending' && needsOf(step, unfinished).length === 0
      ? { ...step, phase: 'Running', startedAt: toRfc3339(now) }
      : step,
  );
}

/** Which of `candidates` must succeed before `step`: those it names, and for DNS and report every earlier kind. */
function needsOf(step: StepStatus, candidates: readonly StepStatus[]): readonly StepStatus[] {
  switch (step.kind) {
    case 'Prepare':
      return [];
    case 'Restore': {
      const names = new Set(step.needs);
      return candidates.filter(({ id }) => names.has(id));
    }
    case 'DNS':
      return candidates.filter(({ kind }) => kind === 'Prepare' || kind === 'Restore');
    case 'Report':
      break;
  }
  return candidates.filter(({ id }) => id !== step.id);
}

/** What is to be done for a running step, now that the journal saying so is published. */
export type Effect =
  | { readonly kind: 'prepare'; readonly step: StepStatus }
  | { readonly kind: 'apply'; readonly step: StepStatus; readonly unit: string }
  | { readonly kind: 'await-ready'; readonly step: StepStatus; readonly unit: string }
  | { readonly kind: 'switch-name'; readonly step: StepStatus; readonly hostname: string }
  | { readonly kind: 'report'; readonly step: StepStatus };

export function effectsOf(steps: readonly StepStatus[]): readonly Effect[] {
  return steps.filter((step) => step.phase === 'Running').map(effectOf);
}

function effectOf(step: StepStatus): Effect {
  switch (step.kind) {
    case 'Prepare':
      return { kind: 'prepare', step };
    case 'Restore':
      return { kind: step.appliedAt === undefined ? 'apply' : 'await-ready', step, unit: subjectOf(step) };
    case 'DNS':
      return { kind: 'switch-name', step, hostname: subjectOf(step) };
    case 'Report':
      break;
  }
  return { kind: 'report', step };
}

/** How often a step that was carried out is looked at. */
const LOOK_EVERY = 500;
const LONGEST_PAUSE = 10_000;

/** Time between attempts: doubles from half a second to ten, so that a full or restarting cluster is not hammered. */
export function pauseBefore(effect: Effect): Millis {
  const failures = effect.step.appliedAt === undefined ? (effect.step.attempts ?? 0) : 0;
  return millis(Math.min(LOOK_EVERY * 2 ** Math.max(0, failures - 1), LONGEST_PAUSE));
}

export type Outcome =
  | { readonly kind: 'unfinished' }
  | { readonly kind: 'succeeded' }
  | { readonly kind: 'failed'; readonly message: string };

/** Whether the execution has ended, and how. */
export function outcomeOf(steps: readonly StepStatus[]): Outcome {
  if (steps.some((step) => step.phase === 'Pending' || step.phase === 'Running'))
    return { kind: 'unfinished' };
  const failed = steps.filter((step) => step.phase === 'Failed');
  if (failed.length === 0) return { kind: 'succeeded' };
  const skippedCount = steps.filter((step) => step.phase === 'Skipped' && step.kind !== 'Report').length;
  const named = failed.slice(0, 5).map((step) => `${step.id} (${step.message ?? 'no message'})`);
  const more = failed.length > named.length ? ` and ${failed.length - named.length} more` : '';
  const message =
    `${failed.length} of ${steps.length} steps failed and ${skippedCount} were not started because of them: ` +
    `${named.join('; ')}${more}. What was restored stays. Remove the cause, then create another DRExecution: ` +
    'it goes on from what is there.';
  return { kind: 'failed', message: message.slice(0, 4096) };
}
