/** The services without gRPC around them: what a repeated, interrupted or impossible request does. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { z } from 'zod';
import type { Deps, Handlers } from './deps.ts';
import type { Faults } from './faults.ts';
import { groupHandlers } from './groups.ts';
import { snapshotHandlers } from './snapshots.ts';
import { openBackend } from './state.ts';
import { createTurns } from './turns.ts';
import { volumeHandlers } from './volumes.ts';

let directory: string;
let deps: Deps;
let faults: Faults;
let handlers: Handlers;
let time: number;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'handlers-'));
  faults = {};
  time = 1_700_000_000_123;
  deps = {
    backend: openBackend(directory),
    inTurn: createTurns(),
    faults: () => faults,
    now: () => time,
    topology: undefined,
  };
  handlers = { ...volumeHandlers(deps), ...snapshotHandlers(deps), ...groupHandlers(deps) };
});
afterEach(() => rmSync(directory, { recursive: true }));

const call = async (name: string, request: object): Promise<unknown> => handlers[name]?.(request);
const volumeSchema = z.object({
  volume: z.object({ volume_id: z.string(), volume_context: z.object({ path: z.string() }) }),
});
const snapshotSchema = z.object({
  snapshot_id: z.string(),
  creation_time: z.object({ seconds: z.number(), nanos: z.number() }),
  ready_to_use: z.boolean(),
});

async function createVolume(name: string, more: object = {}): Promise<{ id: string; path: string }> {
  const { volume } = volumeSchema.parse(await call('CreateVolume', { name, ...more }));
  return { id: volume.volume_id, path: volume.volume_context.path };
}
async function createSnapshot(name: string, volume: string): Promise<z.infer<typeof snapshotSchema>> {
  const answer = await call('CreateSnapshot', { name, source_volume_id: volume });
  return z.object({ snapshot: snapshotSchema }).parse(answer).snapshot;
}
const fromSnapshot = (id: string) => ({ volume_content_source: { snapshot: { snapshot_id: id } } });

it('requests for one volume that come at the same time make one', async () => {
  const made = await Promise.all([createVolume('a'), createVolume('a'), createVolume('a')]);
  expect(new Set(made.map(({ id }) => id)).size).toBe(1);
  expect(deps.backend.volumes.list()).toHaveLength(1);
});

it('a volume cannot be asked for again with a greater size, but can be grown', async () => {
  const { id } = await createVolume('a', { capacity_range: { required_bytes: 10 } });
  const greater = { capacity_range: { required_bytes: 11 } };
  await expect(createVolume('a', greater)).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
  await call('ControllerExpandVolume', { volume_id: id, ...greater });
  expect(await createVolume('a', greater)).toMatchObject({ id });
});

it('a snapshot asked for again is the one that was cut first', async () => {
  const { id, path } = await createVolume('a');
  writeFileSync(join(path, 'file'), 'first');
  const first = await createSnapshot('s', id);
  expect(first.creation_time).toEqual({ seconds: 1_700_000_000, nanos: 123_000_000 });
  time += 5000;
  writeFileSync(join(path, 'file'), 'second');

  expect(await createSnapshot('s', id)).toEqual(first);
  const copy = await createVolume('b', fromSnapshot(first.snapshot_id));
  expect(readFileSync(join(copy.path, 'file'), 'utf8')).toBe('first');
});

it('a name taken by a snapshot of another volume is refused', async () => {
  const [a, b] = [await createVolume('a'), await createVolume('b')];
  await createSnapshot('s', a.id);
  await expect(createSnapshot('s', b.id)).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
});

it('what does not exist is not found, and deleting it succeeds', async () => {
  const nothing = 'snap-000000000000000000000000';
  await expect(createSnapshot('s', nothing)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(createVolume('b', fromSnapshot(nothing))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect(await call('DeleteSnapshot', { snapshot_id: nothing })).toEqual({});
  expect(await call('DeleteVolume', { volume_id: '../..' })).toEqual({});
  expect(await call('ListSnapshots', { snapshot_id: nothing, source_volume_id: '' })).toEqual({
    entries: [],
  });
});

it('a volume is copied from another one', async () => {
  const { id, path } = await createVolume('a');
  writeFileSync(join(path, 'file'), 'contents');
  const copy = await createVolume('b', { volume_content_source: { volume: { volume_id: id } } });
  expect(readFileSync(join(copy.path, 'file'), 'utf8')).toBe('contents');
});

it('a snapshot is ready when the fault says so', async () => {
  const { id } = await createVolume('a');
  faults = { readyAfter: 1000 };
  expect(await createSnapshot('s', id)).toMatchObject({ ready_to_use: false });
  time += 1000;
  expect(await createSnapshot('s', id)).toMatchObject({ ready_to_use: true });
  faults = { readyAfter: 'never' };
  expect(await createSnapshot('s', id)).toMatchObject({ ready_to_use: false });
});

it('a snapshot deleted while it is restored makes no volume', async () => {
  const { id } = await createVolume('a');
  const { snapshot_id: snapshot } = await createSnapshot('s', id);
  faults = { deleteWhileRestoring: true };
  await expect(createVolume('b', fromSnapshot(snapshot))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect(deps.backend.volumes.list()).toHaveLength(1);
});

it('a group is one cut, asked for again the same, and deleted with its snapshots', async () => {
  const volumes = [await createVolume('a'), await createVolume('b')].map(({ id }) => id);
  const first = await call('CreateVolumeGroupSnapshot', { name: 'g', source_volume_ids: volumes });
  time += 1000;
  expect(await call('CreateVolumeGroupSnapshot', { name: 'g', source_volume_ids: volumes })).toEqual(first);
  expect(deps.backend.snapshots.list().map(({ cutAt }) => cutAt)).toEqual(Array(2).fill(1_700_000_000_123));
  const [group] = deps.backend.groups.list();
  await call('DeleteVolumeGroupSnapshot', { group_snapshot_id: group?.id });
  expect(deps.backend.snapshots.list()).toEqual([]);
});

it('the snapshots of a group that was not completed are not mixed with later ones', async () => {
  const volumes = [await createVolume('a'), await createVolume('b')].map(({ id }) => id);
  await call('CreateVolumeGroupSnapshot', { name: 'g', source_volume_ids: volumes });
  const [group] = deps.backend.groups.list();
  // As when the driver ended before the last of its steps.
  deps.backend.groups.remove(group?.id ?? '');
  deps.backend.snapshots.remove(group?.snapshotIds[1] ?? '');
  time += 1000;
  await call('CreateVolumeGroupSnapshot', { name: 'g', source_volume_ids: volumes });
  expect(deps.backend.snapshots.list().map(({ cutAt }) => cutAt)).toEqual(Array(2).fill(time));
});
