/**
 * Runs hooks before and after that part of a capture which copies data. What is
 * to come after it (such as thawing a file system) comes in any case: when a hook
 * before it failed, when the copying failed, and when the operator stops. And it
 * is tried for a while, since what stays frozen is down until the next capture.
 */
import type { HookSpec } from '../../api/v1alpha1/dr-scenario-volumes.ts';
import { between, type Clock, type Millis, millis, minutes, seconds } from '../../domain/time.ts';
import type { Cluster } from '../../kube/cluster.ts';
import { DeadlineExceededError, withDeadline } from '../../kube/deadline.ts';
import { describeError, type Log } from '../../kube/log.ts';
import { type HookOutcome, type HookProgress, mayWorkLater, noProgress, runHooks } from './run-hooks.ts';

export type Surrounded<T> =
  | { readonly kind: 'done'; readonly value: T; readonly warnings: readonly string[] }
  /** There may be no recovery point. Where the work itself failed as well, that is the first message. */
  | { readonly kind: 'failed'; readonly messages: readonly string[] };

export interface SurroundDeps {
  readonly clock: Clock;
  readonly log: Log;
}

/** For so long hooks after the work are begun again while they may still work. */
const PATIENCE = minutes(1);
const FIRST_PAUSE = millis(500);
const LONGEST_PAUSE = seconds(5);
/** An operator that stops, or is no longer the leader, has only so long to undo what was done before. */
const LAST_CHANCE = seconds(10);
/** Of one command in it. */
const LAST_COMMAND = seconds(5);

/**
 * @param work what is done between the hooks, e.g. cutting the snapshots
 * @throws what `work` throws, unless a hook after it failed too; the signal's reason
 */
export async function aroundCapture<T>(
  hooks: readonly HookSpec[],
  source: Cluster,
  deps: SurroundDeps,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<Surrounded<T>> {
  if (!isSurrounded(hooks)) return { kind: 'done', value: await work(), warnings: [] };
  let before: readonly HookOutcome[] = [];
  let ended: Ended<T> | undefined;
  try {
    before = await runHooks('BeforeCapture', hooks, source, signal);
    if (failuresIn(before).length === 0) ended = { kind: 'value', value: await work() };
  } catch (error) {
    ended = { kind: 'thrown', error };
  }
  const after = await runAfter({ hooks, source, clock: deps.clock, progress: noProgress() }, signal);
  const failures = [...failuresIn(before), ...failuresIn(after)];
  if (signal.aborted && failures.length > 0)
    deps.log.warn({ cluster: source.name, failures }, 'hooks around a capture that was broken off failed');
  if (ended?.kind === 'thrown') {
    signal.throwIfAborted();
    if (failures.length === 0) throw ended.error;
    return { kind: 'failed', messages: [describeError(ended.error), ...failures] };
  }
  if (ended === undefined || failures.length > 0) return { kind: 'failed', messages: failures };
  return { kind: 'done', value: ended.value, warnings: warningsIn([...before, ...after]) };
}

/** Whether any of the hooks is for before or after a capture. */
export const isSurrounded = (hooks: readonly HookSpec[]): boolean =>
  hooks.some(({ when }) => when !== 'AfterRestore');

type Ended<T> =
  | { readonly kind: 'value'; readonly value: T }
  | { readonly kind: 'thrown'; readonly error: unknown };

interface After {
  readonly hooks: readonly HookSpec[];
  readonly source: Cluster;
  readonly clock: Clock;
  readonly progress: HookProgress;
}

async function runAfter(after: After, signal: AbortSignal): Promise<readonly HookOutcome[]> {
  try {
    return await tryFor(PATIENCE, after, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  try {
    // With a signal of its own: the capture's would end it before it begins.
    const own = new AbortController().signal;
    return await withDeadline(after.clock, LAST_CHANCE, own, (bounded) =>
      tryFor(LAST_CHANCE, after, bounded, LAST_COMMAND),
    );
  } catch (error) {
    if (!(error instanceof DeadlineExceededError)) throw error;
    return [{ kind: 'failed', message: `hooks after the capture: ${error.message}`, again: true }];
  }
}

/** Until nothing is left that another try may help, or for so long. @throws the signal's reason */
async function tryFor(
  patience: Millis,
  { hooks, source, clock, progress }: After,
  signal: AbortSignal,
  most?: Millis,
): Promise<readonly HookOutcome[]> {
  const since = clock.tick();
  const options = most === undefined ? { progress } : { progress, most };
  for (let pause: Millis = FIRST_PAUSE; ; pause = millis(Math.min(pause * 2, LONGEST_PAUSE))) {
    const outcomes = await runHooks('AfterCapture', hooks, source, signal, options);
    const isLate = between(since, clock.tick()) + pause > patience;
    if (isLate || !outcomes.some(mayWorkLater)) return outcomes;
    await clock.sleep(pause, signal);
  }
}

const failuresIn = (outcomes: readonly HookOutcome[]): readonly string[] =>
  outcomes.flatMap(({ kind, message }) => (kind === 'failed' ? [message] : []));
const warningsIn = (outcomes: readonly HookOutcome[]): readonly string[] =>
  outcomes.flatMap(({ kind, message }) => (kind === 'warning' ? [message] : []));
