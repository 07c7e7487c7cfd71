/**
 * Turns at the file operations of stores. Each operation takes up one of the few
 * threads that Node has for files and for looking up the names of hosts, and
 * keeps it for as long as the volume does not answer, which may be for ever: no
 * signal ends it. So a directory gets a few threads at a time and all of them
 * together leave some free, and whoever waits is told instead of waiting along.
 */
import type { Clock, Millis } from '../domain/time.ts';
import { follow, onAbort, orAborted } from '../kube/deadline.ts';
import { StoreError } from './store.ts';

/** Of libuv, when UV_THREADPOOL_SIZE is not set. */
export const DEFAULT_THREADS = 4;
const MOST_THREADS = 1024;

export interface FileTurns {
  /** Those of one directory. */
  of(directory: string): Turns;
}

export interface TurnOptions<T> {
  /** Ends the waiting; an operation that has begun goes on by itself. */
  readonly signal: AbortSignal;
  /** Longer than the operation takes on any volume that works. */
  readonly limit: Millis;
  /** Told when nobody waits any more for an operation that has begun, whose turn lasts until this has ended. */
  readonly abandoned?: (outcome: Promise<T>) => Promise<unknown>;
  /** Waits for its turn also when the directory does not answer. Default: it does not. */
  readonly isPatient?: boolean;
}

export interface Turns {
  /** @throws what `work` throws, the signal's reason, StoreError when the directory does not answer */
  run<T>(work: () => Promise<T>, options: TurnOptions<T>): Promise<T>;
}

interface Turn {
  readonly directory: string;
  /** Takes longer than it may. */
  isOverdue: boolean;
}

interface Waiting {
  readonly directory: string;
  readonly isPatient: boolean;
  readonly begin: (turn: Turn) => void;
  readonly fail: (problem: StoreError) => void;
}

/** How many threads libuv makes of the environment variable UV_THREADPOOL_SIZE. */
export function threadsFrom(setting: string | undefined): number {
  if (setting === undefined) return DEFAULT_THREADS;
  const count = Number.parseInt(setting, 10);
  return Math.min(Math.max(1, Number.isNaN(count) ? 1 : count), MOST_THREADS);
}

/**
 * A quarter of the threads, one at least, stays free for everything but files;
 * an eighth, two at least, is for one directory.
 * @param threads of the process, see {@link threadsFrom}
 */
export function createFileTurns(threads: number, clock: Clock): FileTurns {
  const state: State = {
    most: Math.max(1, threads - Math.max(1, Math.floor(threads / 4))),
    perDirectory: Math.max(2, Math.floor(threads / 8)),
    taken: new Set(),
    waiting: new Set(),
  };
  return {
    of: (directory) => ({
      run: async (work, options) => {
        const turn = await take(state, directory, options);
        if (options.signal.aborted) giveBack(state, turn);
        options.signal.throwIfAborted();
        return begun(state, turn, work, options, clock);
      },
    }),
  };
}

interface State {
  /** Turns at once. */
  readonly most: number;
  readonly perDirectory: number;
  readonly taken: Set<Turn>;
  /** In the order they came. */
  readonly waiting: Set<Waiting>;
}

function begun<T>(
  state: State,
  turn: Turn,
  work: () => Promise<T>,
  { signal, limit, abandoned }: TurnOptions<T>,
  clock: Clock,
): Promise<T> {
  const outcome = work();
  const givenUp = new AbortController();
  const ended = new AbortController();
  let rest: Promise<unknown> = outcome;
  const end = (): Promise<unknown> => {
    ended.abort(ENDED);
    return rest;
  };
  // Who waits for it is told of it; what came too late nobody wants to know.
  outcome
    .then(end, end)
    .catch(() => undefined)
    .finally(() => giveBack(state, turn));
  onAbort(givenUp.signal, () => {
    if (!ended.signal.aborted && abandoned !== undefined) rest = abandoned(outcome);
  });
  // Also when nobody waits for it any more: others wait for its turn.
  clock.sleep(limit, ended.signal).then(
    () => {
      turn.isOverdue = true;
      refuseHopeless(state);
      givenUp.abort(silent(turn.directory));
    },
    () => undefined,
  );
  const unfollow = follow(signal, givenUp);
  return orAborted(outcome, givenUp.signal).finally(unfollow);
}

/** One for all: a reason made anew, with its stack, would cost as much as the rest of a turn. */
const ENDED = new Error('ended');

async function take(
  state: State,
  directory: string,
  { signal, isPatient = false }: Pick<TurnOptions<never>, 'signal' | 'isPatient'>,
): Promise<Turn> {
  signal.throwIfAborted();
  const problem = isPatient ? undefined : problemOf(state, directory);
  if (problem !== undefined) throw problem;
  if (isFree(state, directory)) return aTurn(state, directory);
  let leave = (): void => undefined;
  const coming = new Promise<Turn>((begin, fail) => {
    const waiting = { directory, isPatient, begin, fail };
    state.waiting.add(waiting);
    leave = () => void state.waiting.delete(waiting);
  });
  try {
    return await orAborted(coming, signal);
  } catch (error) {
    leave();
    // It may have come at the very moment of the abort: then it is somebody else's now.
    coming.then(
      (turn) => giveBack(state, turn),
      () => undefined,
    );
    throw error;
  }
}

function aTurn({ taken }: State, directory: string): Turn {
  const turn = { directory, isOverdue: false };
  taken.add(turn);
  return turn;
}

function giveBack(state: State, turn: Turn): void {
  state.taken.delete(turn);
  admit(state);
}

function isFree({ most, perDirectory, taken }: State, directory: string): boolean {
  return taken.size < most && of(taken, directory).length < perDirectory;
}

const of = (taken: ReadonlySet<Turn>, directory: string): Turn[] =>
  [...taken].filter((turn) => turn.directory === directory);

function admit(state: State): void {
  for (const waiting of state.waiting) {
    if (!isFree(state, waiting.directory)) continue;
    state.waiting.delete(waiting);
    waiting.begin(aTurn(state, waiting.directory));
  }
}

function refuseHopeless(state: State): void {
  for (const waiting of state.waiting) {
    const problem = waiting.isPatient ? undefined : problemOf(state, waiting.directory);
    if (problem === undefined) continue;
    state.waiting.delete(waiting);
    waiting.fail(problem);
  }
}

/** Why no turn can be waited for: all that there could be are taken by operations that do not end. */
function problemOf({ most, perDirectory, taken }: State, directory: string): StoreError | undefined {
  const overdue = new Set([...taken].filter(({ isOverdue }) => isOverdue));
  if (of(overdue, directory).length >= Math.min(perDirectory, most)) return silent(directory);
  return overdue.size >= most ? crowdedOut(directory, overdue) : undefined;
}

const silent = (directory: string): StoreError =>
  new StoreError(
    'StoreUnavailable',
    `store directory ${directory} does not answer: see whether its volume is mounted and the server of the volume can be reached`,
  );

function crowdedOut(directory: string, overdue: ReadonlySet<Turn>): StoreError {
  const others = [...new Set([...overdue].map((turn) => turn.directory))].toSorted().join(', ');
  return new StoreError(
    'StoreUnavailable',
    `store directory ${directory} cannot be used, because all threads for files wait for directories that do not answer (${others}): see to their volumes, or set UV_THREADPOOL_SIZE higher`,
  );
}
