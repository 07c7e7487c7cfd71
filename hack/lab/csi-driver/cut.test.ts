import { spawn } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Cut, cut } from './cut.ts';

let root: string;
let taken: Cut | undefined;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'cut-'));
  mkdirSync(join(root, 'volume'));
});
afterEach(() => {
  taken?.close();
  taken = undefined;
  rmSync(root, { recursive: true });
});
const inVolume = (name: string) => join(root, 'volume', name);
const inCopy = (name: string) => join(root, 'copy', name);
const read = (file: string) => readFileSync(file, 'utf8');

/** @param between runs at each look at the clock, which lies between two looks at the directories */
function cutVolume(between: () => void = () => undefined): Cut {
  let time = 0;
  taken = cut([join(root, 'volume')], () => {
    between();
    time += 700;
    return time;
  });
  return taken;
}

describe('a cut', () => {
  it('copies folders, files, links, modes and times', async () => {
    mkdirSync(inVolume('a/empty'), { recursive: true });
    writeFileSync(inVolume('a/file'), 'text');
    writeFileSync(inVolume('nothing'), '');
    chmodSync(inVolume('a/file'), 0o640);
    symlinkSync('a/file', inVolume('link'));
    utimesSync(inVolume('a'), 1000, 1000);

    await cutVolume().copy(0, join(root, 'copy'));

    expect(read(inCopy('a/file'))).toBe('text');
    expect(read(inCopy('nothing'))).toBe('');
    expect(readlinkSync(inCopy('link'))).toBe('a/file');
    expect(lstatSync(inCopy('a/empty')).isDirectory()).toBe(true);
    expect(lstatSync(inCopy('a/file')).mode & 0o777).toBe(0o640);
    expect(lstatSync(inCopy('a')).mtimeMs).toBe(1_000_000);
  });

  it('is of the instant at which nothing changed between two looks', async () => {
    writeFileSync(inVolume('log'), '');
    let rows = 0;
    const result = cutVolume(() => {
      if (rows < 2) appendFileSync(inVolume('log'), `${(rows += 1)}\n`);
    });

    await result.copy(0, join(root, 'copy'));
    // The clock was read once for the deadline; then came a row, and then nothing.
    expect(result.at).toBe(3 * 700);
    expect(read(inCopy('log'))).toBe('1\n2\n');
  });

  it('leaves out what is written after it', async () => {
    for (const name of ['grown', 'replaced', 'removed']) writeFileSync(inVolume(name), 'before');
    const result = cutVolume();
    appendFileSync(inVolume('grown'), ' and after');
    writeFileSync(inVolume('new'), 'after');
    renameSync(inVolume('new'), inVolume('replaced'));
    rmSync(inVolume('removed'));
    writeFileSync(inVolume('new'), 'after');

    await result.copy(0, join(root, 'copy'));
    expect(['grown', 'replaced', 'removed'].map((name) => read(inCopy(name)))).toEqual(
      Array(3).fill('before'),
    );
    expect(() => lstatSync(inCopy('new'))).toThrow('ENOENT');
  });

  it('is refused while the directories never hold still', () => {
    writeFileSync(inVolume('log'), '');
    expect(() => cutVolume(() => appendFileSync(inVolume('log'), 'row\n'))).toThrow(
      expect.objectContaining({ code: 'ABORTED' }),
    );
  });

  it('is not copied when a file was shortened meanwhile', async () => {
    writeFileSync(inVolume('file'), 'long enough');
    const result = cutVolume();
    truncateSync(inVolume('file'), 3);
    await expect(result.copy(0, join(root, 'copy'))).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('of two directories never holds a later write without an earlier one', async () => {
    mkdirSync(join(root, 'second'));
    const volumes = [join(root, 'volume'), join(root, 'second')];
    // To the first volume, then to the second, over and over, as a log and the table it is for.
    const program = `
      const fs = require('node:fs'), rest = new Int32Array(new SharedArrayBuffer(4));
      const files = ${JSON.stringify(volumes.map((volume) => join(volume, 'rows')))};
      for (let row = 0; ; row++) {
        for (const file of files) fs.appendFileSync(file, row + '\\n');
        if (row === 0) process.stdout.write('begun');
        if (row % 5 === 0) Atomics.wait(rest, 0, 0, 1);
      }`;
    const writer = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = new Promise((resolve) => writer.once('exit', resolve));
    try {
      await new Promise((resolve) => writer.stdout.once('data', resolve));
      for (let round = 0; round < 20; round++) {
        const result = cut(volumes, () => Date.now());
        await result.copy(0, join(root, `first-${round}`));
        await result.copy(1, join(root, `second-${round}`));
        result.close();
        const [log, table] = ['first', 'second'].map((copy) =>
          read(join(root, `${copy}-${round}`, 'rows'))
            .split('\n')
            .map(Number),
        ) as [number[], number[]];
        expect([0, 1]).toContain(log.length - table.length);
        expect(log.slice(0, -1)).toEqual(log.slice(0, -1).map((_, index) => index));
      }
    } finally {
      writer.kill('SIGKILL');
      await ended;
    }
  });
});
