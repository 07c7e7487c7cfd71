/** The bucket is lost with the source region: said before, said while it lasts, and no reason to give up. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ADD_ON_TIMEOUT_MS } from '../../../hack/harness/add-on.ts';
import { ensureS3, type LabS3 } from '../../../hack/harness/s3.ts';
import type { Lab } from '../../../hack/lab/types.ts';
import { systemClock } from '../../../src/clock.ts';
import { drExecutionReconciler } from '../../../src/controllers/dr-execution/controller.ts';
import { between, seconds } from '../../../src/domain/time.ts';
import { nativeEngine } from '../../../src/engines/native/engine.ts';
import { directoryStore } from '../../../src/store/testing/directory-store.ts';
import { quiet } from '../connect.ts';
import { getLab } from '../lab.ts';
import { bucketStore } from '../store/support.ts';
import { application } from './application.ts';
import { type Bench, drive, never, setUp } from './bench.ts';

const BUCKET = 'dead-region';
/** A person who looks at a stuck failover looks sooner than this. */
const TOLD_WITHIN = seconds(60);

let lab: Lab;
let server: LabS3;
let bench: Bench;

beforeAll(async () => {
  lab = await getLab();
  server = await ensureS3(lab);
  await server.makeBucket(BUCKET);
  bench = await setUp(lab, 'dead-store', application);
}, ADD_ON_TIMEOUT_MS);
afterAll(async () => {
  await server?.start();
  await lab?.source.start();
  await bench?.close();
});

/** The same points in the bucket, and an operator that has them only there. */
async function inBucket({ deps, store }: Bench): Promise<Bench> {
  const [from, to] = [directoryStore(store), bucketStore(server, BUCKET)];
  for (const key of await from.list('', never))
    await to.put(key, (await from.get(key, never)) ?? new Uint8Array(), never);
  const engine = nativeEngine({ store: to, clock: systemClock, log: quiet });
  return { ...bench, deps: { ...deps, engine: () => engine } };
}

test('case 23, the object store is in the dead region: the failover says which server does not answer, touches nothing, and goes on when it does', async () => {
  const operator = await inBucket(bench);
  await Promise.all([lab.source.kill(), server.kill()]);
  const key = await operator.execute('failover');
  const reconcile = drExecutionReconciler(operator.deps);

  const begun = systemClock.tick();
  const next = await reconcile(key, never);
  const waiting = await operator.status(key);

  expect(between(begun, systemClock.tick())).toBeLessThan(TOLD_WITHIN);
  expect(next.kind).not.toBe('done');
  expect(waiting.phase).toBe('Pending');
  expect(waiting.message).toContain(server.endpoint);
  expect(waiting.message).toContain('spec.replication.store.s3.endpoint');
  expect(waiting.conditions).toContainEqual(
    expect.objectContaining({ type: 'Admitted', status: 'Unknown', reason: 'StoreUnavailable' }),
  );
  await expect(lab.recovery.kubectl(['get', 'namespace', bench.namespace])).rejects.toThrow('not found');

  await server.start();
  expect((await drive(operator, key)).phase).toBe('Succeeded');
});
