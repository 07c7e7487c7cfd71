/** Runs tasks of the same name one after another; tasks of different names do not wait for each other. */

export type Exclusively = <T>(name: string, task: () => Promise<T>) => Promise<T>;

export function exclusively(): Exclusively {
  const tails = new Map<string, Promise<void>>();
  return async (name, task) => {
    const before = tails.get(name) ?? Promise.resolve();
    const result = before.then(task);
    const settled = result.then(ignore, ignore);
    tails.set(name, settled);
    try {
      return await result;
    } finally {
      if (tails.get(name) === settled) tails.delete(name);
    }
  };
}

/** The caller of a task gets its failure; who waits behind it must not. */
const ignore = (): void => undefined;
