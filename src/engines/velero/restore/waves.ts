/**
 * Makes one restore of several that are asked for together. Velero restores one
 * backup at a time, each in a cycle of seconds, so units that may start at the
 * same time are put into one, and what is asked for meanwhile into the next.
 */
import { type Clock, millis } from '../../../domain/time.ts';

/** Restores all of these objects; the answer is the same for all who asked. */
export type RunWave<Answer> = (keys: readonly string[], signal: AbortSignal) => Promise<Answer>;

export interface Waves<Answer> {
  /** @returns what came of the wave that held these keys. @throws what running it throws */
  join(keys: readonly string[], signal: AbortSignal): Promise<Answer>;
}

/** Those who start together arrive within this time of each other. */
const GATHERING = millis(50);

interface Waiting<Answer> {
  readonly keys: readonly string[];
  readonly signal: AbortSignal;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

export function createWaves<Answer>(clock: Clock, run: RunWave<Answer>): Waves<Answer> {
  let waiting: Waiting<Answer>[] = [];
  let isRunning = false;
  let draining: Promise<void> = Promise.resolve();
  const runNext = async (): Promise<void> => {
    const wave = waiting;
    waiting = [];
    // One who gives up must not end the wave of the others.
    const signals = wave.map(({ signal }) => signal);
    const keys = [...new Set(wave.flatMap((one) => one.keys))];
    try {
      const answer = await run(keys, allAborted(signals));
      for (const { resolve } of wave) resolve(answer);
    } catch (error) {
      for (const { reject } of wave) reject(error);
    }
  };
  const drain = async (): Promise<void> => {
    isRunning = true;
    try {
      // Nothing is to be given up here: the signals are those of the waiting.
      await clock.sleep(GATHERING, new AbortController().signal);
      while (waiting.length > 0) await runNext();
    } finally {
      isRunning = false;
    }
  };
  return {
    join: async (keys, signal) => {
      signal.throwIfAborted();
      const answer = new Promise<Answer>((resolve, reject) => {
        waiting.push({ keys, signal, resolve, reject });
      });
      if (!isRunning) draining = drain();
      return Promise.race([answer, draining.then(() => answer)]);
    },
  };
}

/** Aborts once every one of them has. */
function allAborted(signals: readonly AbortSignal[]): AbortSignal {
  const [only] = signals;
  if (only !== undefined && signals.every((signal) => signal === only)) return only;
  const all = new AbortController();
  const check = (): void => {
    if (signals.every(({ aborted }) => aborted)) all.abort(only?.reason);
  };
  for (const signal of signals) signal.addEventListener('abort', check, { once: true });
  check();
  return all.signal;
}
