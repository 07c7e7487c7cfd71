/**
 * Which JavaScript regular expressions mean the same to the API server, whose
 * Go engine (RE2) has no look-around and no back references.
 */

const FOREIGN: readonly (readonly [RegExp, string])[] = [
  [/\(\?<?[=!]/, 'look-around'],
  [/\(\?<[A-Za-z]/, 'named groups'],
  [/\\[1-9]|\\k</, 'back references'],
  [/\\u|\\c[A-Za-z]/, 'the escapes \\u and \\c'],
  [/\[\^?\]/, 'an empty class'],
];
/** Go refuses to repeat more often than this. */
const MOST_REPEATS = 1000;

/** @returns what is wrong with `pattern`, or undefined when RE2 reads it as JavaScript does */
export function patternProblem(pattern: string): string | undefined {
  // An escaped backslash would make what follows it look like an escape of its own.
  const bare = pattern.replaceAll('\\\\', '');
  for (const [foreign, name] of FOREIGN)
    if (foreign.test(bare)) return `has a pattern with ${name}, which the API server's engine lacks`;
  for (const [, least, most] of bare.matchAll(/\{(\d+)(?:,(\d*))?\}/g))
    if (Math.max(Number(least), Number(most ?? 0)) > MOST_REPEATS)
      return `has a pattern that repeats more than ${MOST_REPEATS} times`;
  if (!bare.startsWith('^') || !bare.endsWith('$')) return 'has a pattern that is not anchored with ^ and $';
  return undefined;
}
