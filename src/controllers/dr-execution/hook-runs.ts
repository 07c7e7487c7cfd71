/**
 * Runs the hooks of executions beside their passes: a command may take as long
 * as its user allows, and neither other branches nor the time that one pass may
 * take wait for it.
 */
import type { HookSpec } from '../../api/v1alpha1/dr-scenario-volumes.ts';
import { between, type Clock, type Millis, millis, seconds, type Tick } from '../../domain/time.ts';
import { type HookOutcome, type HookProgress, noProgress, runHooks } from '../../engines/hooks/run-hooks.ts';
import type { Cluster } from '../../kube/cluster.ts';
import { type Key, keyText, type Reconcile } from '../../kube/reconciler.ts';
import type { WorkQueue } from '../../kube/work-queue.ts';
import { createBeside } from '../beside.ts';

export interface HookWish {
  /** With namespaces as the target has them. */
  readonly hooks: readonly HookSpec[];
  readonly target: Cluster;
}

export interface HookState {
  /** What came of the hooks; undefined while they run. */
  readonly outcomes: readonly HookOutcome[] | undefined;
  /** Since when nothing more has come of them: commands have limits of their own, so now while they run. */
  readonly since: Tick;
}

export interface HookRuns {
  /**
   * Has the hooks of a step run, unless they have, and returns what is known.
   * What failed and may work later is run again after a while; hooks that
   * succeeded are not, nor are others in Pods where they did.
   */
  stateOf(execution: Key, step: string, wish: HookWish): HookState;
  /** Of an execution that is over: what still runs is broken off. */
  forget(execution: Key): void;
  /** Runs the hooks of one step, for the loop of the queue. */
  readonly reconcile: Reconcile;
}

export interface HookRunsDeps {
  readonly hooks: Pick<WorkQueue, 'add'>;
  /** Told of an execution when hooks of it have ended. */
  readonly executions: Pick<WorkQueue, 'add'>;
  readonly clock: Pick<Clock, 'tick'>;
}

/** Between tries: doubles, so that a Pod that is not there yet is met soon, and a node that is gone not hammered. */
const FIRST_PAUSE = millis(500);
const LONGEST_PAUSE = seconds(10);
/** A try that comes to nothing is over sooner; until then it is told what the one before came to. */
const SOON = seconds(5);

/** What was tried for one step. */
interface Tries {
  readonly progress: HookProgress;
  /** When the try under way began. */
  begunAt: Tick | undefined;
  /** When the last one ended. */
  endedAt: Tick;
  /** When the last one ended that brought something to its end. */
  since: Tick;
  /** Until the next one; undefined before the first. */
  pause: Millis | undefined;
}

interface Asked extends HookWish {
  readonly tries: Tries;
}

export function createHookRuns({ hooks, executions, clock }: HookRunsDeps): HookRuns {
  const steps = new Map<string, Map<string, Tries>>();
  const beside = createBeside<Asked, readonly HookOutcome[]>({
    queue: hooks,
    askers: { add: (name) => executions.add(executionOf(name)) },
    work: async (asked, outcomes, signal) =>
      outcomes === undefined || isDue(asked.tries, outcomes, clock.tick())
        ? tryOnce(asked, clock, signal)
        : outcomes,
  });
  return {
    stateOf(execution, step, wish) {
      const name = keyText(execution);
      const known = steps.get(name) ?? new Map<string, Tries>();
      const now = clock.tick();
      const tries = known.get(step) ?? untried(now);
      steps.set(name, known.set(step, tries));
      const outcomes = beside.ask(stepKey(execution, step), { ...wish, tries });
      const { begunAt } = tries;
      if (begunAt === undefined && outcomes !== undefined) return { outcomes, since: tries.since };
      const lasts = begunAt !== undefined && between(begunAt, now) > SOON;
      return { outcomes: lasts ? undefined : outcomes, since: now };
    },
    forget(execution) {
      const name = keyText(execution);
      for (const step of steps.get(name)?.keys() ?? []) beside.forget(stepKey(execution, step));
      steps.delete(name);
    },
    reconcile: beside.reconcile,
  };
}

const untried = (now: Tick): Tries => ({
  progress: noProgress(),
  begunAt: undefined,
  endedAt: now,
  since: now,
  pause: undefined,
});

const isDue = (
  { endedAt, pause = FIRST_PAUSE }: Tries,
  outcomes: readonly HookOutcome[],
  now: Tick,
): boolean =>
  outcomes.some((outcome) => outcome.kind === 'failed' && outcome.again) && between(endedAt, now) >= pause;

async function tryOnce(
  { hooks, target, tries }: Asked,
  clock: Pick<Clock, 'tick'>,
  signal: AbortSignal,
): Promise<readonly HookOutcome[]> {
  const { progress } = tries;
  const ended = (): number => progress.hooks.size + progress.pods.size;
  const before = ended();
  const isFirst = tries.pause === undefined;
  tries.begunAt = clock.tick();
  try {
    return await runHooks('AfterRestore', hooks, target, signal, { progress });
  } finally {
    const now = clock.tick();
    tries.begunAt = undefined;
    tries.endedAt = now;
    if (isFirst || ended() > before) tries.since = now;
    tries.pause = tries.pause === undefined ? FIRST_PAUSE : millis(Math.min(tries.pause * 2, LONGEST_PAUSE));
  }
}

const stepKey = ({ name, ...where }: Key, step: string): Key => ({ ...where, name: `${name}/${step}` });

/** Names of executions hold no slash. */
const executionOf = (text: string): string => text.split('/').slice(0, 2).join('/');
