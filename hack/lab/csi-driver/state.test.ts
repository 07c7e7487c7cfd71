import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Backend, idOf, openBackend } from './state.ts';

let directory: string;
let backend: Backend;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'backend-'));
  backend = openBackend(directory);
});
afterEach(() => rmSync(directory, { recursive: true }));
const volume = { id: idOf('vol', 'one'), sizeBytes: 1 };
const fill = async (data: string) => writeFileSync(join(data, 'file'), 'contents');

it('what is published is there for any other driver of the backend', async () => {
  await backend.volumes.publish(volume, fill);
  const other = openBackend(directory);
  expect(other.volumes.get(volume.id)).toEqual(volume);
  expect(other.volumes.list()).toEqual([volume]);
  expect(readFileSync(join(other.volumes.data(volume.id), 'file'), 'utf8')).toBe('contents');
});

it('what could not be filled is not there, and can be tried again', async () => {
  const failing = backend.volumes.publish(volume, async (data) => {
    await fill(data);
    throw new Error('disk full');
  });
  await expect(failing).rejects.toThrow('disk full');
  expect(backend.volumes.get(volume.id)).toBeUndefined();
  expect(readdirSync(join(directory, 'volumes'))).toEqual([]);
  await backend.volumes.publish(volume, fill);
  expect(backend.volumes.get(volume.id)).toEqual(volume);
});

it('what is not complete yet is seen by nobody', async () => {
  await backend.volumes.publish(volume, async (data) => {
    await fill(data);
    expect(backend.volumes.get(volume.id)).toBeUndefined();
    expect(backend.volumes.list()).toEqual([]);
  });
  expect(backend.volumes.list()).toEqual([volume]);
});

it('a record can be replaced, and removing is repeatable', async () => {
  await backend.volumes.publish(volume, fill);
  backend.volumes.update({ ...volume, sizeBytes: 2 });
  expect(backend.volumes.get(volume.id)).toMatchObject({ sizeBytes: 2 });
  backend.volumes.remove(volume.id);
  backend.volumes.remove(volume.id);
  expect(backend.volumes.get(volume.id)).toBeUndefined();
  expect(existsSync(backend.volumes.data(volume.id))).toBe(false);
});

it('an id that leads elsewhere is not known', async () => {
  await backend.volumes.publish(volume, fill);
  for (const id of [`../volumes/${volume.id}`, '..', '', '.', 'vol-1']) {
    expect(backend.snapshots.get(id)).toBeUndefined();
    backend.snapshots.remove(id);
  }
  expect(backend.volumes.list()).toEqual([volume]);
});

it('a name always has the same id', () => {
  expect(idOf('snap', 'a')).toBe(idOf('snap', 'a'));
  expect(idOf('snap', 'a')).not.toBe(idOf('snap', 'b'));
});
