/**
 * Runs the commands that a user wants around a capture or after a restore, in
 * every running Pod they are for, and says in words what came of each. What a
 * hook may have done before it failed is not undone.
 */
import type { HookSpec } from '../../api/v1alpha1/dr-scenario-volumes.ts';
import { formatDuration, type Millis, millis, parseDuration, seconds } from '../../domain/time.ts';
import type { Cluster, ExecResult } from '../../kube/cluster.ts';
import { KubeError } from '../../kube/errors.ts';
import { inParallel } from '../native/parallel.ts';
import { type Place, podsFor, podsText, TOLD } from './pods.ts';

export type When = HookSpec['when'];

/** Of one hook. `message` begins with its name. */
export type HookOutcome =
  | { readonly kind: 'succeeded'; readonly message: string }
  /** It failed, but its `onFailure` is Continue. */
  | { readonly kind: 'warning'; readonly message: string; readonly again: boolean }
  /** `again`: it may work later, since it did not come to run everywhere. */
  | { readonly kind: 'failed'; readonly message: string; readonly again: boolean };

/** What came of hooks that are run again: what has ended, well or not, is not begun a second time. */
export interface HookProgress {
  readonly hooks: Map<string, HookOutcome>;
  /** By hook and Pod. */
  readonly pods: Map<string, PodResult>;
}

export const noProgress = (): HookProgress => ({ hooks: new Map(), pods: new Map() });

export interface HookOptions {
  /** Of earlier runs of the same hooks; completed by this one, also when that throws. Default: there were none. */
  readonly progress?: HookProgress;
  /** Time that a command may take, if that is less than its own limit. */
  readonly most?: Millis;
}

/** Pods in which a hook runs at once: what is frozen should be so at about the same moment. */
const PARALLEL = 8;

/**
 * The hooks of `when`, one after the other in their order; those after a failed
 * one do not run, but for AfterCapture, where each has something to undo.
 * @param hooks with namespaces as `cluster` has them
 * @throws the signal's reason; nothing that a cluster answers
 */
export async function runHooks(
  when: When,
  hooks: readonly HookSpec[],
  cluster: Cluster,
  signal: AbortSignal,
  { progress = noProgress(), most }: HookOptions = {},
): Promise<readonly HookOutcome[]> {
  const outcomes: HookOutcome[] = [];
  for (const hook of hooks) {
    if (hook.when !== when) continue;
    signal.throwIfAborted();
    const known = progress.hooks.get(keyOf(hook));
    const outcome = known ?? (await runHook(hook, cluster, { progress, most }, signal));
    if (!mayWorkLater(outcome)) progress.hooks.set(keyOf(hook), outcome);
    outcomes.push(outcome);
    if (outcome.kind === 'failed' && when !== 'AfterCapture') break;
  }
  return outcomes;
}

export const mayWorkLater = (outcome: HookOutcome): boolean => outcome.kind !== 'succeeded' && outcome.again;

/** One hook may be run for the Pods of several templates, each with labels of its own. */
const keyOf = ({ name, podSelector }: HookSpec): string => JSON.stringify([name, podSelector]);

interface Run {
  readonly progress: HookProgress;
  readonly most: Millis | undefined;
}

async function runHook(
  hook: HookSpec,
  cluster: Cluster,
  { progress, most }: Run,
  signal: AbortSignal,
): Promise<HookOutcome> {
  const limit = limitOf(hook, most);
  let results: readonly PodResult[];
  try {
    const found = await podsFor(hook, cluster, signal);
    if ('problem' in found) return failed(hook, found.problem, found.again);
    results = await inParallel(found.pods, PARALLEL, async (pod) => {
      const key = `${keyOf(hook)} ${pod.uid}`;
      const result = progress.pods.get(key) ?? (await runIn(pod, hook, limit, cluster, signal));
      if (!result.again) progress.pods.set(key, result);
      return result;
    });
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof KubeError)) throw error;
    return failed(hook, error.message, error.retry === 'backoff');
  }
  return conclude(hook, results);
}

function conclude(hook: HookSpec, results: readonly PodResult[]): HookOutcome {
  const isStaying = results.some(({ isLeaving }) => !isLeaving);
  // Of a Pod that is about to go, only what another try may help counts, unless there is no other Pod.
  const problems = results.filter(
    ({ problem, again, isLeaving }) => problem !== undefined && (again || !isLeaving || !isStaying),
  );
  if (problems.length === 0)
    return { kind: 'succeeded', message: `hook ${hook.name}: done in ${podsText(results.length)}` };
  const told = problems.slice(0, TOLD).map(({ problem }) => problem);
  const rest = problems.length > told.length ? [`and ${problems.length - told.length} more`] : [];
  // What undoes something is worth another try for each Pod where it may help, whatever the others say.
  const again = hook.when === 'AfterCapture' ? problems.some(isAgain) : problems.every(isAgain);
  return failed(hook, [...told, ...rest].join('; '), again);
}

const isAgain = ({ again }: PodResult): boolean => again;

function limitOf({ timeout }: HookSpec, most: Millis | undefined): Millis {
  const own = parseDuration(timeout) ?? seconds(30);
  return most === undefined ? own : millis(Math.min(own, most));
}

function failed({ name, onFailure }: HookSpec, problem: string, again: boolean): HookOutcome {
  const message = `hook ${name}: ${problem}`;
  return { kind: onFailure === 'Continue' ? 'warning' : 'failed', message, again };
}

interface PodResult {
  /** Undefined when it worked. */
  readonly problem: string | undefined;
  readonly again: boolean;
  readonly isLeaving: boolean;
}

async function runIn(
  pod: Place,
  { command }: HookSpec,
  timeout: Millis,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<PodResult> {
  const { namespace, name, container, isLeaving } = pod;
  try {
    const result = await cluster.exec({ namespace, name }, { container, command, timeout }, signal);
    return { problem: problemOf(pod, result, timeout), again: false, isLeaving };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof KubeError)) throw error;
    // Of a Pod that has gone since it was listed, another may have taken the place.
    const again = error.retry === 'backoff' || error.code === 'NotFound';
    return { problem: notPossible(error), again, isLeaving };
  }
}

function problemOf({ name, container }: Place, result: ExecResult, timeout: Millis): string | undefined {
  const said = result.output === '' ? '' : `: ${result.output}`;
  const where = `in Pod ${name}, container ${container}`;
  switch (result.kind) {
    case 'exited':
      return result.code === 0 ? undefined : `ended with exit code ${result.code} ${where}${said}`;
    case 'not-started':
      return `could not be started ${where}: ${result.message}`;
    case 'timed-out':
      break;
  }
  return `did not end within ${formatDuration(timeout)} ${where}, and may still be running there${said}`;
}

/** API servers from 1.35 on say no more than this to who may `get` but not `create`. */
const NO_WORDS = /is forbidden:\s*$/;

/** The server's words, and what to do when it is rights that are missing. */
function notPossible({ message, denial, cluster }: KubeError): string {
  if (denial !== 'rbac' && !NO_WORDS.test(message)) return `exec is not possible: ${message}`;
  return (
    `exec is not allowed: ${message.replace(/:\s*$/, '')}. Set hooks.enabled=true in the chart's release in ${cluster}, ` +
    'or allow get and create of pods/exec there'
  );
}
