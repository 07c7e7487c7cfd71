/** Random numbers that can be had again: the seed is printed by who uses them. */

/** A number in [0, 1) with each call; the same ones for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Of the environment, to run a failed test again; else another one each time. */
export function seedOf(environment: NodeJS.ProcessEnv): number {
  const given = Number(environment['ANTIPODE_TEST_SEED'] ?? Number.NaN);
  return Number.isInteger(given) ? given : Date.now() % 2 ** 31;
}

/** How many random cases: of the environment, for a longer look than usual. */
export function countOf(environment: NodeJS.ProcessEnv, usual: number): number {
  const given = Number(environment['ANTIPODE_TEST_KILLS'] ?? Number.NaN);
  return Number.isInteger(given) && given > 0 ? given : usual;
}
