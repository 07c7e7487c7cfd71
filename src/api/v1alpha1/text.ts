/**
 * Texts that users write: names, durations. Each carries the rule it must
 * follow twice from one source: as a pattern, for reading at the edge, and as a
 * CEL rule whose message says what to write instead. The API server alone would
 * answer a wrong text with the regular expression, which helps nobody.
 */
import { z } from 'zod';
import type { CelRule } from './kind-definition.ts';

/** How long a text may be, in characters. */
export interface TextLength {
  readonly min?: number;
  readonly max: number;
}

/**
 * A text that must match `pattern` from start to end.
 * @param remedy what to write instead, as in "must be …"; shown to users by the API server and by `Accepted=False`
 * @param rules further rules on the text, checked beside the pattern
 * @throws Error when the pattern holds a single quote, which its CEL form cannot
 */
export function textMatching(
  pattern: RegExp,
  remedy: string,
  length: TextLength,
  rules: readonly CelRule[] = [],
): z.ZodString {
  const validations = [{ rule: `self.matches(${celText(pattern)})`, message: remedy }, ...rules];
  return z
    .string()
    .min(length.min ?? 1)
    .max(length.max)
    .regex(pattern, remedy)
    .meta({ 'x-kubernetes-validations': validations });
}

/** A regular expression as a raw CEL string. */
export function celText(pattern: RegExp): string {
  if (pattern.source.includes("'"))
    throw new Error(`${pattern.source} cannot be written as a CEL raw string`);
  return `r'${pattern.source.replaceAll('\\/', '/')}'`;
}

// Digits are bounded so that no text overflows CEL's 64-bit nanoseconds: 11 years of hours at most.
const DURATION = /^([0-9]{1,5}h)?([0-9]{1,7}m)?([0-9]{1,8}s)?([0-9]{1,9}ms)?$/;
const DURATION_REMEDY =
  'must be a duration in whole numbers, largest unit first, such as 500ms, 30s, 5m or 1h30m';

/**
 * A length of time as `30s`, `5m`, `1h30m`; parsed by domain/time.ts.
 * @param shortest refuses anything shorter; given in the same notation
 * @param longest refuses anything longer
 */
export function durationText(shortest?: string, longest?: string): z.ZodString {
  const rules: CelRule[] = [];
  // The first half keeps an unparsable text from failing twice: the pattern's rule has said it.
  const bound = (comparison: string, message: string): void =>
    void rules.push({
      rule: `!self.matches(${celText(DURATION)}) || size(self) == 0 || duration(self) ${comparison}`,
      message,
    });
  if (shortest !== undefined) bound(`>= duration('${shortest}')`, `must be ${shortest} or longer`);
  if (longest !== undefined) bound(`<= duration('${longest}')`, `must be ${longest} or shorter`);
  return textMatching(DURATION, DURATION_REMEDY, { min: 2, max: 16 }, rules);
}
