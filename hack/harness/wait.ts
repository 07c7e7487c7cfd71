/** Waiting for the world to be as expected, with a deadline and a reason when it is not. */

export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
  readonly code = 'DeadlineExceeded';
}

export interface WaitOptions {
  /** What is waited for, as in "timed out waiting for …". */
  readonly what: string;
  readonly seconds: number;
  /** Milliseconds between looks. @default 200 */
  readonly every?: number;
}

/**
 * Calls `look` until it answers something other than undefined, and returns that.
 * An error thrown by `look` counts as "not yet" and is told with the deadline.
 * @throws DeadlineError with the last error as cause
 */
export async function waitFor<T>(options: WaitOptions, look: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + options.seconds * 1000;
  for (let problem: unknown; ; ) {
    try {
      const found = await look();
      if (found !== undefined) return found;
      problem = undefined;
    } catch (error) {
      problem = error;
    }
    if (performance.now() > deadline) {
      const last = problem instanceof Error ? ` (last: ${problem.message})` : '';
      throw new DeadlineError(`timed out after ${options.seconds} s waiting for ${options.what}${last}`, {
        cause: problem,
      });
    }
    await new Promise((resolve) => setTimeout(resolve, options.every ?? 200));
  }
}
