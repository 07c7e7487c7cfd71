/**
 * Reading what may take longer than a pass: a large archive over a slow line. A
 * read goes on beside the passes of whoever needs it, each of which waits for it
 * a moment; it is begun once, however many ask, and not anew by the next pass.
 */
import { between, type Clock, formatDuration, millis, minutes, seconds, type Tick } from '../domain/time.ts';
import { DeadlineExceededError, follow, withDeadline } from '../kube/deadline.ts';

/** What has not been read by then never will be: that is a line of a megabit and an archive of 200 MB. */
export const LONGEST_READ = minutes(30);
/** What is read soon, or refused soon, is known in the pass that asked. */
const PATIENCE = seconds(5);
/** Who asks in the same pass is told of the same failure. */
const SAME_PASS = millis(300);

/** The store gives so little, or nothing at all, that reading was given up. */
export class ReadTimeoutError extends Error {
  override readonly name = 'ReadTimeoutError';
  readonly code = 'ReadTimeout';
  readonly retry = 'never';

  /** @param what was being read */
  constructor(what: string) {
    super(
      `${what} was not read within ${formatDuration(LONGEST_READ)}: see that its store answers and is fast enough`,
    );
  }
}

/** Kept by who reads, from one pass to the next. */
export interface LongRead<T> {
  underWay: UnderWay<T> | undefined;
  /** Why the last one came to nothing; undefined when none has. */
  problem: Error | undefined;
}

export interface ReadWish<T> {
  /** Of another one, what is under way is broken off. */
  readonly id: string;
  /** For people: `recovery point …`. */
  readonly what: string;
  readonly read: (signal: AbortSignal) => Promise<T>;
}

export interface ReadDeps {
  readonly clock: Clock;
  /** What outlasts a pass ends with it. */
  readonly lifetime: AbortSignal;
}

export type Reading<T> =
  | { readonly kind: 'read'; readonly value: T }
  /** `problem`: why an earlier one came to nothing; undefined for the first. */
  | { readonly kind: 'reading'; readonly problem: Error | undefined };

interface UnderWay<T> {
  readonly id: string;
  readonly begunAt: Tick;
  readonly stop: AbortController;
  outcome: Outcome<T> | undefined;
  /** When its failure was told first. */
  toldAt: Tick | undefined;
  /** Resolves when the outcome is known; never rejects. */
  ended: Promise<void>;
}

type Outcome<T> =
  | { readonly kind: 'read'; readonly value: T }
  | { readonly kind: 'failed'; readonly error: Error };

export const unread = <T>(): LongRead<T> => ({ underWay: undefined, problem: undefined });

/**
 * What `wish` reads, if that is known in a moment; what was read stays known.
 * @param signal of the pass; the read itself outlasts it
 * @throws what reading throws, to all who ask in one pass; the next one begins it anew
 * @throws ReadTimeoutError after {@link LONGEST_READ}
 */
export async function readBeside<T>(
  read: LongRead<T>,
  wish: ReadWish<T>,
  deps: ReadDeps,
  signal: AbortSignal,
): Promise<Reading<T>> {
  if (read.underWay?.id !== wish.id) breakOff(read);
  if (isTold(read.underWay, deps.clock.tick())) read.underWay = undefined;
  const underWay = (read.underWay ??= begin(wish, deps));
  if (underWay.outcome === undefined) await aMoment(underWay.ended, deps.clock, signal);
  const { outcome, begunAt } = underWay;
  if (outcome?.kind === 'read') return outcome;
  if (outcome !== undefined) {
    underWay.toldAt ??= deps.clock.tick();
    read.problem = outcome.error;
    throw outcome.error;
  }
  // Not every file system heeds a signal.
  if (between(begunAt, deps.clock.tick()) > LONGEST_READ) throw new ReadTimeoutError(wish.what);
  return { kind: 'reading', problem: read.problem };
}

const isTold = (read: UnderWay<unknown> | undefined, now: Tick): boolean =>
  read?.toldAt !== undefined && between(read.toldAt, now) > SAME_PASS;

/** Of what nobody needs any more. */
export function breakOff(read: LongRead<unknown>): void {
  read.underWay?.stop.abort(new Error('what is read is not needed any more'));
  read.underWay = undefined;
  read.problem = undefined;
}

/**
 * What `read` gives, if it does so within {@link LONGEST_READ}.
 * @param what for people: `recovery point …`
 * @throws ReadTimeoutError, and what `read` throws
 */
export function readBounded<T>(
  what: string,
  read: (signal: AbortSignal) => Promise<T>,
  clock: Clock,
  signal: AbortSignal,
): Promise<T> {
  return withDeadline(clock, LONGEST_READ, signal, (bounded) =>
    read(bounded).catch((error: unknown) => {
      throw bounded.reason instanceof DeadlineExceededError ? new ReadTimeoutError(what) : error;
    }),
  );
}

function begin<T>({ id, what, read }: ReadWish<T>, { clock, lifetime }: ReadDeps): UnderWay<T> {
  const stop = new AbortController();
  const unfollow = follow(lifetime, stop);
  const reading = readBounded(what, read, clock, stop.signal);
  const underWay: UnderWay<T> = {
    id,
    begunAt: clock.tick(),
    stop,
    outcome: undefined,
    toldAt: undefined,
    ended: Promise.resolve(),
  };
  const settle = (outcome: Outcome<T>): void => {
    underWay.outcome = outcome;
    unfollow();
  };
  underWay.ended = reading.then(
    (value) => settle({ kind: 'read', value }),
    (error: unknown) =>
      settle({ kind: 'failed', error: error instanceof Error ? error : new Error(String(error)) }),
  );
  return underWay;
}

async function aMoment(ended: Promise<void>, clock: Clock, signal: AbortSignal): Promise<void> {
  const over = new AbortController();
  const unfollow = follow(signal, over);
  try {
    await Promise.race([ended, clock.sleep(PATIENCE, over.signal)]);
  } finally {
    unfollow();
    over.abort(new Error('not waited for any more'));
  }
}
