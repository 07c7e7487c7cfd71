/**
 * A database for the lab: appends rows to a file in a volume's directory and
 * makes each durable before it counts as acknowledged, so that what a recovery
 * lost is counted and not assumed. It runs in the process of the test, which
 * thereby knows what was acknowledged when the region is long gone.
 */
import { type FileHandle, mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Acknowledged, formatRow, nextRow, parseRows, type Row, type Rows } from './writer-rows.ts';

const FILE = 'rows.csv';

export interface WriterOptions {
  /** Aimed at; less when the disk is slower. */
  readonly rowsPerSecond: number;
}

export interface Writer {
  /** Rows that are durable, oldest first; grows while it writes. */
  readonly acknowledged: readonly Acknowledged[];
  /** Resolves when this many rows are acknowledged. @throws what ended the writer before that */
  reached(rows: number): Promise<void>;
  /** Resolves when the row that is being written is done. @throws what ended the writer before */
  stop(): Promise<void>;
}

/**
 * Goes on after the rows that are there already, as a database does that comes
 * up on a restored volume: a torn last line is removed.
 * @throws Error when the rows that are there are not in order
 */
export async function startWriter(directory: string, options: WriterOptions): Promise<Writer> {
  await mkdir(directory, { recursive: true });
  const found = await readRows(directory);
  if (found.corrupt.length > 0 || found.firstMissing !== undefined) {
    throw new Error(
      `the rows in ${directory} are damaged: lines ${found.corrupt.join(', ') || 'none'} corrupt, first missing ${found.firstMissing ?? 'none'}`,
    );
  }
  const file = await open(join(directory, FILE), 'a');
  await file.truncate(found.wholeBytes);
  const acknowledged: Acknowledged[] = [];
  const waiting = new Set<() => void>();
  const ending = new AbortController();
  const done = writeRows(file, found.last, options, ending.signal, (row) => {
    acknowledged.push(row);
    for (const look of waiting) look();
  });
  // Told to whoever stops it or waits for it, not to the process.
  done.catch(() => undefined);
  return {
    acknowledged,
    reached: (rows) => {
      const enough = new Promise<void>((resolve) => {
        const look = () => {
          if (acknowledged.length < rows) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      });
      const ended = done.then(() => {
        if (acknowledged.length < rows) throw new Error(`the writer ended after ${acknowledged.length} rows`);
      });
      return Promise.race([enough, ended]);
    },
    stop: async () => {
      ending.abort();
      await done;
    },
  };
}

/** The rows in a directory; none when there is no file of them. */
export async function readRows(directory: string): Promise<Rows> {
  try {
    return parseRows(await readFile(join(directory, FILE), 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return parseRows('');
    throw error;
  }
}

async function writeRows(
  file: FileHandle,
  last: Row | undefined,
  { rowsPerSecond }: WriterOptions,
  ending: AbortSignal,
  acknowledge: (row: Acknowledged) => void,
): Promise<void> {
  const started = performance.now();
  let previous = last;
  try {
    for (let written = 0; ; written++) {
      // By the clock since the start, so that one slow row does not lower the rate.
      const due = started + (written * 1000) / rowsPerSecond - performance.now();
      await pause(Math.max(0, due), undefined, { signal: ending }).catch(() => undefined);
      if (ending.aborted) return;
      const row = nextRow(previous, Date.now());
      await file.appendFile(formatRow(row));
      await file.datasync();
      acknowledge({ ...row, acknowledgedAt: Date.now() });
      previous = row;
    }
  } finally {
    await file.close();
  }
}
