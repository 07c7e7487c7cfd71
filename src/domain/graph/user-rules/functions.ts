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
  ['lowerAscii/1', onTexts((text) => text.replaceAll(/[A-Z]+/g, (upper) => upper.toLowerCase()))],
  ['upperAscii/1', onTexts((text) => text.replaceAll(/[a-z]+/g, (lower) => lower.toUpperCase()))],
  ['trim/1', onTexts((text) => text.trim())],
  ['substring/2', (meter, [text, start]) => substring(meter, text, start)],
  ['substring/3', (meter, [text, start, end]) => substring(meter, text, start, end)],
  ['join/1', (meter, [list]) => join(meter, list, '')],
  ['join/2', (meter, [list, separator]) => join(meter, list, separator)],
] satisfies [string, CelFunction][]);

const wrongArguments = (args: readonly unknown[]): Failure =>
  new Failure(`a function does not take ${args.map(describeType).join(' and ')}`);

/** A function of texts that looks at each character a few times at most. */
function onTexts(work: (text: string, part: string) => unknown): CelFunction {
  return (meter, args) => {
    const [text, part = ''] = args;
    if (typeof text !== 'string' || typeof part !== 'string') return wrongArguments(args);
    meter.spend(stepsFor(text.length));
    return work(text, part);
  };
}

/** A function that looks for one text in another: at worst, each character of the one is compared with the whole other. */
function searching(work: (text: string, part: string, meter: Meter) => unknown): CelFunction {
  return (meter, args) => {
    const [text, part] = args;
    if (typeof text !== 'string' || typeof part !== 'string') return wrongArguments(args);
    meter.spend(stepsFor(text.length * Math.max(part.length, 1)));
    return work(text, part, meter);
  };
}

function split(text: string, separator: string, meter: Meter): readonly string[] {
  // Without a separator every character becomes an item of its own.
  if (separator === '') meter.spend(text.length);
  const parts = text.split(separator);
  meter.spend(parts.length);
  return parts;
}

function size(value: unknown, meter: Meter): unknown {
  if (isList(value)) return BigInt(value.length);
  if (typeof value === 'string') {
    meter.spend(stepsFor(value.length));
    // CEL counts code points, JavaScript halves of them.
    return BigInt(value.length - (value.match(/[\uD800-\uDBFF][\uDC00-\uDFFF]/g)?.length ?? 0));
  }
  if (!isFields(value)) return wrongArguments([value]);
  const keys = Object.keys(value);
  meter.spend(keys.length);
  return BigInt(keys.length);
}

function asText(value: unknown): unknown {
  if (typeof value === 'string') return value;
  return isNumber(value) || typeof value === 'boolean' ? `${value}` : wrongArguments([value]);
}

function asInt(value: unknown): unknown {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return BigInt(Math.trunc(value));
  return typeof value === 'string' && /^-?[0-9]{1,18}$/.test(value)
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
