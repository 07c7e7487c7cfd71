/**
 * Run by store-faults.test.ts in a mount namespace of its own: publishes a
 * small point into the directory, then, when told to go on, one that is too
 * large or comes too late. Prints what happened as JSON.
 */

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { nativeEngine } from '../../../src/engines/native/engine.ts';
import { objectDigest } from '../../../src/engines/native/objects/digest.ts';
import { publish } from '../../../src/engines/native/points/publish.ts';
import { StoreError } from '../../../src/store/store.ts';
import { directoryStore } from '../../../src/store/testing/directory-store.ts';
import { clock, silent } from './support.ts';

const [directory = ''] = process.argv.slice(2);
const scenario = { namespace: 'dr', name: 'shop', uid: 'u' };
const signal = new AbortController().signal;
const store = directoryStore(directory);
const engine = nativeEngine({ store, clock, log: silent });

async function publishOf(name: string, bytes: number): Promise<void> {
  const object = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'db', namespace: 'shop', resourceVersion: '1' },
    // Random, so that it does not shrink when compressed.
    data: { value: randomBytes(bytes).toString('base64') },
  };
  const key = 'Secret/shop/db';
  const at = new Date().toISOString();
  const draft = {
    formatVersion: 1 as const,
    name,
    scenario,
    sourceRegion: 'eu-west',
    capturedAt: at,
    finishedAt: at,
    resourceVersions: {},
    objects: [{ key, apiVersion: 'v1', digest: objectDigest(object), resourceVersion: '1', bytes }],
    leftOut: [],
    units: [],
    edges: [],
    longestPath: [],
    volumesWithoutData: [],
  };
  const objects = [{ object, type: { resource: 'secrets', version: 'v1' } }];
  await publish({ draft, objects, namespaces: ['shop'] }, store, silent, signal);
}

await publishOf('dr-shop-1', 100);
console.log('published');
await once(process.stdin, 'data');
const error: unknown = await publishOf('dr-shop-2', 200_000).catch((thrown: unknown) => thrown);
const points = await engine.points(scenario, signal);
await engine.open('dr-shop-1', signal);
console.log(
  JSON.stringify({
    code: error instanceof StoreError ? error.code : undefined,
    message: String(error),
    points: points.map(({ name }) => name),
    left: (await store.list('', signal)).filter((key) => key.includes('dr-shop-2')),
  }),
);
process.exit(0);
