import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { abandonDirectory, claimDirectory, labsDirectory, ownerOf, sweep } from './directories.ts';

let labs: string;
beforeEach(() => {
  labs = mkdtempSync(join(tmpdir(), 'directories-test-'));
});
afterEach(() => rmSync(labs, { recursive: true, force: true }));

describe('claimDirectory', () => {
  test('gives a folder that names this process as its owner', () => {
    const directory = claimDirectory(labs, 'mine');

    expect(ownerOf(directory)?.pid).toBe(process.pid);
  });

  test('refuses a name whose owner lives, and leaves no draft behind', () => {
    claimDirectory(labs, 'mine');

    expect(() => claimDirectory(labs, 'mine')).toThrow(/running already/);
    expect(existsSync(join(labs, 'mine', 'owner.json'))).toBe(true);
  });

  test('takes over a name whose owner is dead, without its files', () => {
    dead('mine');

    const directory = claimDirectory(labs, 'mine');

    expect(existsSync(join(directory, 'data'))).toBe(false);
    expect(ownerOf(directory)?.pid).toBe(process.pid);
  });
});

test('an abandoned folder keeps its files until the next claim', () => {
  const directory = claimDirectory(labs, 'failed');
  writeFileSync(join(directory, 'log'), 'why it failed');

  abandonDirectory(directory);

  expect(existsSync(join(directory, 'log'))).toBe(true);
  claimDirectory(labs, 'other');
  expect(existsSync(directory)).toBe(false);
});

describe('sweep', () => {
  test('removes labs of dead owners and nothing else', () => {
    claimDirectory(labs, 'alive');
    dead('gone');
    mkdirSync(join(labs, 'not-a-lab'));

    expect(sweep(labs)).toEqual(['gone']);

    expect(existsSync(join(labs, 'gone'))).toBe(false);
    expect(existsSync(join(labs, 'alive'))).toBe(true);
    expect(existsSync(join(labs, 'not-a-lab'))).toBe(true);
  });

  test('finds nothing where no lab ever was', () => {
    expect(sweep(join(labs, 'nowhere'))).toEqual([]);
  });
});

test('labsDirectory prefers what the user configured', () => {
  expect(labsDirectory({ ANTIPODE_LAB_DIR: '/somewhere' })).toBe('/somewhere');
  expect(labsDirectory({ ANTIPODE_LAB_DIR: '' }).startsWith(tmpdir())).toBe(true);
});

function dead(name: string): void {
  mkdirSync(join(labs, name));
  // The pid lives, but as another process: it started at another time.
  writeFileSync(join(labs, name, 'owner.json'), JSON.stringify({ pid: process.pid, started: '1' }));
  writeFileSync(join(labs, name, 'data'), 'old');
}
