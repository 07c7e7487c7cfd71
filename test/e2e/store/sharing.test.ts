/** Several operators on one bucket of a real S3 server, at the same moment. */
import { beforeAll, expect, test } from 'vitest';
import { ADD_ON_TIMEOUT_MS } from '../../../hack/harness/add-on.ts';
import { ensureS3, type LabS3 } from '../../../hack/harness/s3.ts';
import type { PruneRequest } from '../../../src/engines/engine.ts';
import { nativeEngine } from '../../../src/engines/native/engine.ts';
import { StoreError } from '../../../src/store/store.ts';
import { getLab } from '../lab.ts';
import { bucketStore, makePoint, shop, silent, wallClock } from './support.ts';

const MINUTE = 60_000;
const START = Date.parse('2026-11-23T12:00:00Z');
const signal = new AbortController().signal;
/** Scenarios of the same name, each in an objective cluster of its own. */
const OPERATORS = ['1', '2', '3'].map((id) => ({
  scenario: { ...shop, uid: `uid-${id}` },
  objective: `cluster-${id}`,
}));

let server: LabS3;
beforeAll(async () => {
  server = await ensureS3(await getLab());
  await server.makeBucket('shared');
}, ADD_ON_TIMEOUT_MS);

const keepOne: PruneRequest = {
  listed: [],
  policy: { keep: 1, hourly: 0, daily: 0, weekly: 0, monthly: 0, maxAge: undefined },
  verified: new Set(),
  use: async () => ({ inUse: new Map(), offered: new Set(), undecided: undefined }),
};

test('operators that capture and prune at once, under the same name and second, keep every point they published', async () => {
  const rounds = 5;
  const own = OPERATORS.map(() => [] as string[]);
  const refusals: string[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const at = START + round * MINUTE;
    await Promise.all(
      OPERATORS.map(async (operator, index) => {
        const store = bucketStore(server, 'shared', { prefix: 'dr' });
        const engine = nativeEngine({ store, clock: wallClock(at + 600 * MINUTE), log: silent, ...operator });
        const made = await makePoint(store, at, `of ${index}`, signal, operator).catch(
          (error: unknown) => error,
        );
        // One of those that chose the same name at the same moment is told so, and chooses another next time.
        if (made instanceof StoreError) refusals.push(made.code);
        else if (made instanceof Error) throw made;
        else own[index]?.push((made as { manifest: { name: string } }).manifest.name);
        await engine.prune(operator.scenario, keepOne, signal);
      }),
    );
  }
  expect(own.flat().length).toBeGreaterThanOrEqual(rounds);
  expect(refusals).toEqual(refusals.map(() => 'StoreBusy'));
  const reader = nativeEngine({
    store: bucketStore(server, 'shared', { prefix: 'dr' }),
    clock: wallClock(START),
    log: silent,
  });
  const left = (await reader.points(shop, signal)).map(({ name }) => name);
  const newest = own.flatMap((names) => names.slice(-1));
  expect(left.toSorted()).toEqual(newest.toSorted());
  for (const [index, { objective }] of OPERATORS.entries()) {
    for (const name of own[index]?.slice(-1) ?? []) {
      const point = await reader.open(name, signal);
      expect(point.manifest.objective).toBe(objective);
      expect(point.object('Secret/shop/db')).toMatchObject({
        data: { value: Buffer.from(`of ${index}`).toString('base64') },
      });
    }
  }
});
