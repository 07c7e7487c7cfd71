/**
 * The rows that the lab's database writes, and what is made of a file of them
 * found somewhere else. Pure: `writer.ts` does the writing and reading. Each row
 * carries the checksum of itself and its predecessor, so a row that is missing,
 * altered or in the wrong place shows, and two databases whose last rows have
 * equal checksums are equal throughout.
 */
import { createHash } from 'node:crypto';

export interface Row {
  /** From 1, without gaps. */
  readonly number: number;
  /** Milliseconds since 1970, taken just before it was written. */
  readonly writtenAt: number;
  /** SHA-256, in hex, of the predecessor's checksum, the number and the time. */
  readonly checksum: string;
}

/** A row that is durable, and that the database's clients were told is there. */
export interface Acknowledged extends Row {
  /** Milliseconds since 1970. Only what was acknowledged before a cut must be in it. */
  readonly acknowledgedAt: number;
}

export interface Rows {
  /** How many whole and unaltered ones there are. */
  readonly rows: number;
  /** The last of these. */
  readonly last: Row | undefined;
  /** Milliseconds since 1970 at which the last one was written; undefined without rows. */
  readonly lastRowAt: number | undefined;
  /** The lowest number that is absent although a higher one is there. */
  readonly firstMissing: number | undefined;
  /** Lines, from 1, that are no row, out of place, or do not match their checksum. */
  readonly corrupt: readonly number[];
  /** Length, in bytes, of what is whole; a torn last line begins there. */
  readonly wholeBytes: number;
}

/** What was lost, as the database that lost it knows. */
export interface Loss {
  /** Acknowledged rows that are not there. */
  readonly rows: number;
  /** From the last row there is to the last one acknowledged; 0 when nothing is lost. */
  readonly milliseconds: number;
  /** The row that both should have has another checksum: what is there is not a prefix of what was written. */
  readonly differs: boolean;
}

const ROW = /^([1-9]\d*),(\d+),([0-9a-f]{64})$/;

export function nextRow(previous: Row | undefined, writtenAt: number): Row {
  const number = (previous?.number ?? 0) + 1;
  return { number, writtenAt, checksum: checksumOf(previous?.checksum ?? '', number, writtenAt) };
}

export function formatRow({ number, writtenAt, checksum }: Row): string {
  return `${number},${writtenAt},${checksum}\n`;
}

/** A last line without its end is one that was being written: nobody was told that it is there. */
export function parseRows(text: string): Rows {
  const lines = text.split('\n');
  const torn = lines.pop() ?? '';
  const corrupt: number[] = [];
  let rows = 0;
  let last: Row | undefined;
  /** The row before, sound or not: the next one's checksum holds its. */
  let previous: Row | undefined;
  let firstMissing: number | undefined;
  for (const [index, line] of lines.entries()) {
    const row = parseRow(line);
    const due = (previous?.number ?? 0) + 1;
    if (row === undefined || row.number < due) {
      corrupt.push(index + 1);
      continue;
    }
    // Without its predecessor a checksum cannot be told right from wrong.
    const matches = row.checksum === checksumOf(previous?.checksum ?? '', row.number, row.writtenAt);
    previous = row;
    if (row.number > due) firstMissing ??= due;
    else if (!matches) {
      corrupt.push(index + 1);
      continue;
    }
    rows += 1;
    last = row;
  }
  const wholeBytes = Buffer.byteLength(text) - Buffer.byteLength(torn);
  return { rows, last, lastRowAt: last?.writtenAt, firstMissing, corrupt, wholeBytes };
}

/** @param acknowledged all rows of which the database said that they are there, in order */
export function lossOf(acknowledged: readonly Acknowledged[], found: Rows): Loss {
  const lastThere = found.last?.number ?? 0;
  const lost = acknowledged.filter((row) => row.number > lastThere);
  const last = acknowledged.at(-1);
  const since = found.lastRowAt ?? acknowledged[0]?.writtenAt ?? 0;
  const same = acknowledged.find((row) => row.number === lastThere);
  return {
    rows: lost.length,
    milliseconds: lost.length === 0 || last === undefined ? 0 : last.writtenAt - since,
    differs: same !== undefined && same.checksum !== found.last?.checksum,
  };
}

function parseRow(line: string): Row | undefined {
  const [, number, writtenAt, checksum] = ROW.exec(line) ?? [];
  if (number === undefined || writtenAt === undefined || checksum === undefined) return undefined;
  return { number: Number(number), writtenAt: Number(writtenAt), checksum };
}

function checksumOf(previous: string, number: number, writtenAt: number): string {
  return createHash('sha256').update(`${previous},${number},${writtenAt}`).digest('hex');
}
