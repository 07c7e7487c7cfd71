import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { manifestOf } from '../../../domain/execution/testing/manifest.ts';
import { millis } from '../../../domain/time.ts';
import type { Store } from '../../../store/store.ts';
import { directoryStore } from '../../../store/testing/directory-store.ts';
import { type ManualClock, manualClock } from '../../../testing/manual-clock.ts';
import { anObject } from '../../../testing/objects.ts';
import type { PublishedPoint } from '../../engine.ts';
import { archiveKey, manifestKey } from '../points/layout.ts';
import { publish } from '../points/publish.ts';
import { type Memory, markVerified, scenarioKey } from './remembered.ts';
import { isStored, READ_AGAIN, recall } from './stored.ts';

const signal = new AbortController().signal;
const { archive: _, ...draft } = manifestOf();
const key = scenarioKey(draft.scenario);

let root: string;
let clock: ManualClock;
let store: Store;
let memory: Memory;
let point: PublishedPoint;
const told: unknown[] = [];
const ignore = () => undefined;
const log = { debug: ignore, info: ignore, warn: (fields: unknown) => void told.push(fields), error: ignore };

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'antipode-stored-'));
  clock = manualClock();
  store = directoryStore(root);
  const objects = [{ object: anObject('Secret', 'shop/db'), type: { resource: 'secrets', version: 'v1' } }];
  point = await publish({ draft, objects, namespaces: ['shop'] }, store, log, signal);
  memory = new Map([[key, { point, question: '', reads: [], provenAt: undefined }]]);
  markVerified(memory, point, clock.tick());
  told.length = 0;
});
afterEach(() => rm(root, { recursive: true, force: true }));

const recalled = () => recall({ store, memory, clock, log }, draft.scenario, signal);

async function flipAByte(file: string): Promise<void> {
  const path = join(root, file);
  const body = await readFile(path);
  const middle = body.length >> 1;
  body[middle] = (body[middle] ?? 0) ^ 1;
  await writeFile(path, body);
}

test.each(['archive', 'manifest'] as const)(
  'a point whose %s has rotted is not seen by the names of its files, and forgotten when its proof has become old',
  async (part) => {
    const { name } = point.manifest;
    await flipAByte(part === 'archive' ? archiveKey(name) : manifestKey(name));
    expect(await isStored(store, point, signal)).toBe(true);
    await clock.advance(millis(READ_AGAIN - 1));
    expect(await recalled()).toMatchObject({ last: { point }, warnings: [] });

    await clock.advance(millis(1));
    const { last, warnings } = await recalled();
    expect(last).toBeUndefined();
    expect(warnings.join()).toContain(`recovery point ${name} in ${store.location}: its ${part}`);
    expect(memory.size).toBe(0);
    expect(told).toEqual([{ point: name, store: store.location }]);
  },
);

test('a point that is as it was published stays, and is not read again before its proof is old again', async () => {
  await clock.advance(READ_AGAIN);
  expect(await recalled()).toMatchObject({ last: { point, provenAt: clock.tick() }, warnings: [] });
  await flipAByte(archiveKey(point.manifest.name));
  expect(await recalled()).toMatchObject({ last: { point } });
  await clock.advance(READ_AGAIN);
  expect(await recalled()).toMatchObject({ last: undefined });
});

test('a point that is gone is remembered, to be missed by whoever asks whether it may stand for the present', async () => {
  await store.remove(archiveKey(point.manifest.name), signal);
  await clock.advance(READ_AGAIN);
  expect(await recalled()).toMatchObject({ last: { point }, warnings: [] });
  expect(await isStored(store, point, signal)).toBe(false);
});
