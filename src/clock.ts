/** The machine's clocks. Made once in main and passed to whatever needs time. */
import { setMaxListeners } from 'node:events';
import { performance } from 'node:perf_hooks';
import { type Clock, instant, tick } from './domain/time.ts';

/** Node fires a longer timer at once instead of late. */
const LONGEST_TIMER_MILLIS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => instant(Date.now()),
  tick: () => tick(performance.now()),
  sleep: (delay, signal) =>
    new Promise((resolve, reject) => {
      // Any number of sleepers share the signal of the process.
      setMaxListeners(0, signal);
      const abort = (): void => {
        clearTimeout(timer);
        reject(asError(signal.reason));
      };
      const timer = setTimeout(
        () => {
          signal.removeEventListener('abort', abort);
          resolve();
        },
        Math.min(Math.max(delay, 0), LONGEST_TIMER_MILLIS),
      );
      if (signal.aborted) abort();
      else signal.addEventListener('abort', abort, { once: true });
    }),
};

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason });
}
