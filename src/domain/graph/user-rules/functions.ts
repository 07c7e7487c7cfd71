/**
 * The functions that rules may call. A closed list: what is not here is refused
 * when the rule is read. `matches` is missing on purpose: JavaScript's regular
 * expressions backtrack, and a pattern such as `(a+)+$` would never end.
 */
import { isFields } from '../../../api/fields.ts';
import type { Meter } from './meter.ts';
import { describeType, Failure, isList, isNumber, stepsFor } from './values.ts';

type CelFunction = (meter: Meter, args: readonly unknown[]) => unknown;

/** By `name/number of arguments`, the receiver being one of them. */
export const FUNCTIONS: ReadonlyMap<string, CelFunction> = new Map([
  ['size/1', (meter, [value]) => size(value, meter)],
  ['dyn/1', (_meter, [value]) => value],
  ['string/1', (_meter, [value]) => asText(value)],
  ['int/1', (_meter, [value]) => asInt(value)],
  ['startsWith/2', onTexts((text, part) => text.startsWith(part))],
  ['endsWith/2', onTexts((text, part) => text.endsWith(part))],
  ['contains/2', searching((text, part) => text.includes(part))],
  ['indexOf/2', searching((text, part) => BigInt(text.indexOf(part)))],
  ['lastIndexOf/2', searching((text, part) => BigInt(text.lastIndexOf(part)))],
  ['split/2', searching(split)],
  ['lowerAscii/1', onTexts((text) => inOtherCase(text, 'A', 'Z'), 2)],
  ['upperAscii/1', onTexts((text) => inOtherCase(text, 'a', 'z'), 2)],
  ['trim/1', onTexts((text) => text.trim())],
  ['substring/2', (meter, [text, start]) => substring(meter, text, start)],
  ['substring/3', (meter, [text, start, end]) => substring(meter, text, start, end)],
  ['join/1', (meter, [list]) => join(meter, list, '')],
  ['join/2', (meter, [list, separator]) => join(meter, list, separator)],
] satisfies [string, CelFunction][]);

const wrongArguments = (args: readonly unknown[]): Failure =>
  new Failure(`a function does not take ${args.map(describeType).join(' and ')}`);

/**
 * A function of texts that looks at each character a few times at most.
 * @param effort how many times as long as copying the text it takes
 */
function onTexts(work: (text: string, part: string) => unknown, effort = 1): CelFunction {
  return (meter, args) => {
    const [text, part = ''] = args;
    if (typeof text !== 'string' || typeof part !== 'string') return wrongArguments(args);
    meter.spend(effort * stepsFor(text.length));
    return work(text, part);
  };
}

/** A function that looks for one text in another: at worst, each character of the one is compared with the whole other. */
function searching(work: (text: string, part: string, meter: Meter) => unknown): CelFunction {
  return (meter, args) => {
    const [text, part] = args;
    if (typeof text !== 'string' || typeof part !== 'string') return wrongArguments(args);
    meter.spend(stepsFor(text.length * (part.length + 1)));
    return work(text, part, meter);
  };
}

/** Each part is paid for when it is found: a text of a million characters may have as many parts, and must not. */
function split(text: string, separator: string, meter: Meter): readonly string[] {
  // Without a separator every character becomes an item of its own.
  if (separator === '') {
    meter.spend(text.length);
    return text.split('');
  }
  const parts: string[] = [];
  let start = 0;
  for (let end = text.indexOf(separator); end >= 0; end = text.indexOf(separator, start)) {
    meter.spend(1);
    parts.push(text.slice(start, end));
    start = end + separator.length;
  }
  parts.push(text.slice(start));
  return parts;
}

/** Between a large and a small letter of ASCII. */
const CASE_BIT = 0x20;

/**
 * On bytes, since a call for each letter or run of letters takes a hundred times as long.
 * @param first and `last`: the letters of ASCII that are changed
 */
function inOtherCase(text: string, first: string, last: string): string {
  const [from, to] = [first.charCodeAt(0), last.charCodeAt(0)];
  // Two bytes for each character, the lower one first.
  const bytes = Buffer.from(text, 'utf16le');
  for (let index = 0; index < bytes.length; index += 2) {
    const low = bytes[index] ?? 0;
    if (bytes[index + 1] === 0 && low >= from && low <= to) bytes[index] = low ^ CASE_BIT;
  }
  return bytes.toString('utf16le');
}

function size(value: unknown, meter: Meter): unknown {
  if (isList(value)) return BigInt(value.length);
  if (typeof value === 'string') {
    // Looks at each character by itself, which is slower than copying them.
    meter.spend(2 * stepsFor(value.length));
    return BigInt(codePointsOf(value));
  }
  if (!isFields(value)) return wrongArguments([value]);
  const keys = Object.keys(value);
  meter.spend(keys.length);
  return BigInt(keys.length);
}

/** CEL counts code points, JavaScript halves of them. */
function codePointsOf(text: string): number {
  let pairs = 0;
  for (let index = 1; index < text.length; index += 1) {
    const isPair = isWithin(text.charCodeAt(index), 0xdc00) && isWithin(text.charCodeAt(index - 1), 0xd800);
    if (isPair) pairs += 1;
  }
  return text.length - pairs;
}

/** Of the halves: one of the 1024 codes from `first` on. */
const isWithin = (code: number, first: number): boolean => code >= first && code < first + 0x400;

function asText(value: unknown): unknown {
  if (typeof value === 'string') return value;
  return isNumber(value) || typeof value === 'boolean' ? `${value}` : wrongArguments([value]);
}

function asInt(value: unknown): unknown {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return BigInt(Math.trunc(value));
  // A long text is not even looked at.
  return typeof value === 'string' && value.length < 20 && /^-?[0-9]{1,18}$/.test(value)
    ? BigInt(value)
    : new Failure('int() was given something that is not a whole number');
}

function substring(meter: Meter, text: unknown, from: unknown, to?: unknown): unknown {
  const end = to === undefined && typeof text === 'string' ? BigInt(text.length) : to;
  if (typeof text !== 'string' || typeof from !== 'bigint' || typeof end !== 'bigint') {
    return wrongArguments([text, from, end]);
  }
  if (from < 0 || end < from || end > text.length) return new Failure('substring() reaches beyond its text');
  meter.spend(stepsFor(Number(end - from)));
  return text.slice(Number(from), Number(end));
}

function join(meter: Meter, list: unknown, separator: unknown): unknown {
  if (!isList(list) || typeof separator !== 'string') return wrongArguments([list, separator]);
  meter.spend(list.length);
  const texts = list.filter((item) => typeof item === 'string');
  if (texts.length < list.length) return new Failure('join() was given a list that holds more than texts');
  const characters = texts.reduce((sum, text) => sum + text.length + separator.length, 0);
  meter.spend(stepsFor(characters));
  return texts.join(separator);
}
