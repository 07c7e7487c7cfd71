/** Work on one thing happens one after another; a caller that lost patience repeats its request while the first still runs. */

export type InTurn = <T>(id: string, work: () => Promise<T>) => Promise<T>;

export function createTurns(): InTurn {
  const last = new Map<string, Promise<unknown>>();
  return async (id, work) => {
    const previous = last.get(id);
    // Whether the one before us failed is its own caller's concern.
    const mine = previous === undefined ? work() : previous.then(work, work);
    last.set(id, mine);
    try {
      return await mine;
    } finally {
      if (last.get(id) === mine) last.delete(id);
    }
  };
}
