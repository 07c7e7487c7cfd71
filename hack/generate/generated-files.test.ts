import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findStale, writeGenerated } from './generated-files.ts';

const files = [{ path: 'out/a.yaml', text: 'a' }];
const directories = [{ path: 'out', ending: '.yaml' }];
let root = '';

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'antipode-generated-'));
});

afterEach(async () => {
  await rm(root, { recursive: true });
});

describe('generated files', () => {
  it('are not stale right after they were written', async () => {
    await writeGenerated(root, files, directories);

    expect(await findStale(root, files, directories)).toEqual([]);
  });

  it('are stale when missing', async () => {
    expect(await findStale(root, files, directories)).toEqual([{ path: 'out/a.yaml', why: 'is missing' }]);
  });

  it('are stale when changed by hand or left behind by a kind that is gone', async () => {
    await writeGenerated(root, files, directories);
    await writeFile(path.join(root, 'out/a.yaml'), 'b');
    await writeFile(path.join(root, 'out/gone.yaml'), '');

    expect(await findStale(root, files, directories)).toEqual([
      { path: 'out/a.yaml', why: 'differs from its source' },
      { path: 'out/gone.yaml', why: 'has no source any more' },
    ]);
  });

  it('replace what was there, and leave files of another ending alone', async () => {
    await writeGenerated(root, files, directories);
    await writeFile(path.join(root, 'out/gone.yaml'), '');
    await writeFile(path.join(root, 'out/README.md'), 'mine');

    await writeGenerated(root, [{ path: 'out/a.yaml', text: 'new' }], directories);

    expect((await readdir(path.join(root, 'out'))).toSorted()).toEqual(['README.md', 'a.yaml']);
    expect(await readFile(path.join(root, 'out/a.yaml'), 'utf8')).toBe('new');
  });
});
