/**
 * The last errors of a log that Velero has left in the bucket, short enough for
 * a message: what it says went wrong, and of the other fields of a line nothing.
 */
import { StringDecoder } from 'node:string_decoder';
import { createGunzip } from 'node:zlib';
import { textAt } from '../../../api/fields.ts';
import { type Store, StoreError } from '../../../store/store.ts';
import { harmless } from './harmless.ts';

/** Of different ones, the last. */
const TOLD = 3;
const LONGEST = 300;
/** Unpacked; of a longer log the beginning is read, as a packed file can be many times its size. */
const MOST_BYTES = 64 * 1024 * 1024;
/** One that is longer is no line of a log. */
const LONGEST_LINE = 64 * 1024;

/**
 * What Velero gives as its reason, with the last errors of its log where there are any.
 * @param key of the log
 */
export async function withLog(
  reason: string,
  key: string,
  store: Store,
  signal: AbortSignal,
): Promise<string> {
  const told = await toldByLog(reason, key, store, signal);
  return told === undefined ? reason : `${reason}; ${told}`;
}

/**
 * The last errors of a log; that it cannot be read is said in their place.
 * @param said already, so not once more
 * @returns undefined when the log has none, or there is no log
 */
export async function toldByLog(
  said: string,
  key: string,
  store: Store,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const packed = await store.get(key, signal);
    const errors = packed === undefined ? [] : await lastErrors(packed);
    const more = errors.filter((error) => !said.includes(withoutPlugin(error).replace(/…$/, '')));
    return more.length === 0 ? undefined : `the last errors of its log: ${more.join('; ')}`;
  } catch (error) {
    if (!(error instanceof StoreError) || signal.aborted) throw error;
    return `its log cannot be read: ${error.message}`;
  }
}

/** What went on after the objects were written is in the log with the plugin that did it, or is not there yet. */
const withoutPlugin = (error: string): string => error.replace(/, plugin: \S+$/, '');

/** @param packed the file as Velero wrote it; one that was cut off is read as far as it goes */
export async function lastErrors(packed: Uint8Array): Promise<readonly string[]> {
  const errors = new Set<string>();
  const take = (line: string): void => {
    const error = errorIn(line);
    if (error === undefined) return;
    // The last of its kind counts.
    errors.delete(error);
    errors.add(error);
    const [oldest] = errors;
    if (errors.size > TOLD && oldest !== undefined) errors.delete(oldest);
  };
  const unpacked = createGunzip();
  unpacked.end(packed);
  const decoder = new StringDecoder('utf8');
  let [bytes, rest] = [0, ''];
  try {
    for await (const chunk of unpacked.iterator()) {
      if (!Buffer.isBuffer(chunk)) break;
      bytes += chunk.byteLength;
      const lines = (rest + decoder.write(chunk)).split('\n');
      rest = (lines.pop() ?? '').slice(0, LONGEST_LINE);
      for (const line of lines) take(line);
      if (bytes > MOST_BYTES) break;
    }
  } catch (error) {
    if (!isPackingError(error)) throw error;
  }
  take(rest);
  return [...errors];
}

const isPackingError = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && String(error.code).startsWith('Z_');

/** Pure. @returns undefined when the line tells of no error. */
function errorIn(line: string): string | undefined {
  const fields = line.startsWith('{') ? jsonFields(line) : textFields(line);
  const level = fields('level');
  if (level !== 'error' && level !== 'fatal' && level !== 'panic') return undefined;
  const said = [fields('msg'), fields('error') ?? fields('error.message')].filter(
    (part) => part !== undefined && part !== '',
  );
  return said.length === 0 ? undefined : harmless(said.join(': '), LONGEST);
}

type FieldsOf = (name: string) => string | undefined;

function jsonFields(line: string): FieldsOf {
  try {
    const value: unknown = JSON.parse(line);
    return (name) => textAt(value, name);
  } catch {
    return () => undefined;
  }
}

/** `level=error msg="no such thing" name=web`, as logrus writes it. */
const FIELD = /(?<name>[A-Za-z][\w.]*)=(?<value>"(?:[^"\\]|\\.)*"|\S*)/g;

function textFields(line: string): FieldsOf {
  const fields = new Map<string, string>();
  for (const { groups } of line.matchAll(FIELD)) {
    const { name = '', value = '' } = groups ?? {};
    if (!fields.has(name)) fields.set(name, value.startsWith('"') ? unquoted(value) : value);
  }
  return (name) => fields.get(name);
}

const unquoted = (text: string): string =>
  text
    .slice(1, -1)
    .replaceAll(/\\[nt]/g, ' ')
    .replaceAll(/\\(.)/g, '$1');
