/** An archive that has not changed is copied by the S3 server itself and not sent again: each point stays whole on its own. */
import { beforeAll, expect, test } from 'vitest';
import { ADD_ON_TIMEOUT_MS } from '../../../hack/harness/add-on.ts';
import { ensureS3, type LabS3 } from '../../../hack/harness/s3.ts';
import { systemClock } from '../../../src/clock.ts';
import { nativeEngine } from '../../../src/engines/native/engine.ts';
import { archiveKey } from '../../../src/engines/native/points/layout.ts';
import { erasePoint } from '../../../src/engines/native/points/publish.ts';
import type { Store } from '../../../src/store/store.ts';
import { getLab } from '../lab.ts';
import { bucketStore, makePoint, shop, silent } from './support.ts';

const BUCKET = 'copied';
const START = Date.parse('2026-11-23T12:00:00Z');
const MINUTE = 60_000;
const RACES = 20;
const signal = new AbortController().signal;

let server: LabS3;
let folders = 0;
beforeAll(async () => {
  server = await ensureS3(await getLab());
  await server.makeBucket(BUCKET);
}, ADD_ON_TIMEOUT_MS);

/** An empty folder of the bucket, and what was sent to it: keys of bodies that left this process. */
function aStore(): { readonly store: Store; readonly sent: readonly string[] } {
  const real = bucketStore(server, BUCKET, { prefix: `run-${(folders += 1)}` });
  const sent: string[] = [];
  const put: Store['put'] = async (key, body, putting, pace) => {
    sent.push(key);
    await real.put(key, body, putting, pace);
  };
  return { store: { ...real, put }, sent };
}

const engineOn = (store: Store) =>
  nativeEngine({ store, clock: systemClock, log: silent, objective: 'cluster-1' });

test('the archive of an unchanged source is not sent again, and outlives the point it was copied from', async () => {
  const { store, sent } = aStore();
  const first = await makePoint(store, START, 'same', signal);
  const second = await makePoint(store, START + MINUTE, 'same', signal, { like: first });

  expect(sent).toContain(archiveKey(first.manifest.name));
  expect(sent).not.toContain(archiveKey(second.manifest.name));
  await erasePoint(store, first.manifest.name, signal);
  const opened = await engineOn(store).open(second.manifest.name, signal);
  expect(opened.object('Secret/shop/db')).toMatchObject({ kind: 'Secret' });
  expect((await engineOn(store).points(shop, signal)).map(({ name }) => name)).toEqual([
    second.manifest.name,
  ]);
});

test('a changed source is sent, whatever the last point was', async () => {
  const { store, sent } = aStore();
  const first = await makePoint(store, START, 'one', signal);
  const second = await makePoint(store, START + MINUTE, 'two', signal, { like: first });

  expect(sent).toContain(archiveKey(second.manifest.name));
  await engineOn(store).open(second.manifest.name, signal);
});

test('the archive is sent when the point to copy from was pruned meanwhile', async () => {
  const { store, sent } = aStore();
  const first = await makePoint(store, START, 'same', signal);
  await erasePoint(store, first.manifest.name, signal);
  const second = await makePoint(store, START + MINUTE, 'same', signal, { like: first });

  expect(sent).toContain(archiveKey(second.manifest.name));
  await engineOn(store).open(second.manifest.name, signal);
});

test('a point that is pruned while it is copied from spoils neither', async () => {
  const { store } = aStore();
  for (let race = 0; race < RACES; race += 1) {
    const at = START + race * 10 * MINUTE;
    const first = await makePoint(store, at, `race ${race}`, signal);
    const [second] = await Promise.all([
      makePoint(store, at + MINUTE, `race ${race}`, signal, { like: first }),
      erasePoint(store, first.manifest.name, signal),
    ]);
    await engineOn(store).open(second.manifest.name, signal);
    const names = (await engineOn(store).points(shop, signal)).map(({ name }) => name);
    expect(names).toContain(second.manifest.name);
    expect(names).not.toContain(first.manifest.name);
  }
});
