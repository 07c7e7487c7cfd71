/** Runs many calls at once, but never more than so many: a cluster in trouble must not be flooded. */

/**
 * @param limit calls under way at once
 * @returns results in the order of `items`
 * @throws the first error; no further call is started, those under way are awaited
 */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  limit: number,
  call: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results = new Map<number, Result>();
  const queue = items.entries();
  let failure: { readonly error: unknown } | undefined;
  const work = async (): Promise<void> => {
    for (const [index, item] of queue) {
      if (failure !== undefined) return;
      try {
        results.set(index, await call(item));
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, work));
  if (failure !== undefined) throw failure.error;
  return [...results].toSorted(([a], [b]) => a - b).map(([, result]) => result);
}
