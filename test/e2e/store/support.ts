/** What the tests of stores share: buckets of the lab's S3 server, points made without any cluster, stores that break. */
import type { LabS3 } from '../../../hack/harness/s3.ts';
import type { KubeObject } from '../../../src/api/object.ts';
import { objectKey } from '../../../src/api/object.ts';
import type { S3StoreSpec } from '../../../src/api/v1alpha1/dr-scenario-store.ts';
import { systemClock } from '../../../src/clock.ts';
import { type Clock, instant, toRfc3339 } from '../../../src/domain/time.ts';
import type { PublishedPoint, ScenarioIdentity } from '../../../src/engines/engine.ts';
import { objectDigest } from '../../../src/engines/native/objects/digest.ts';
import { freeName, publish } from '../../../src/engines/native/points/publish.ts';
import type { Log } from '../../../src/kube/log.ts';
import { type S3Deps, s3Store } from '../../../src/store/s3.ts';
import type { Store } from '../../../src/store/store.ts';

export const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Wall time that a test sets. */
export function wallClock(start: number): Clock & { at: number } {
  const wall = { ...systemClock, at: start, now: () => instant(wall.at) };
  return wall;
}

export const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** The Secrets that the operator would read, as a test has them at the moment. */
export type Secrets = Record<string, Record<string, string> | undefined>;

export const credentialsOf = ({ accessKeyId, secretAccessKey }: LabS3): Record<string, string> => ({
  accessKeyId: base64(accessKeyId),
  secretAccessKey: base64(secretAccessKey),
});

export function depsWith(secrets: Secrets): S3Deps {
  return { clock: systemClock, random: Math.random, secrets: async (name) => secrets[name] };
}

export function specOf(server: LabS3, bucket: string, more: Partial<S3StoreSpec> = {}): S3StoreSpec {
  const { endpoint, region } = server;
  return { bucket, region, endpoint, forcePathStyle: true, credentialsSecret: 'bucket', ...more };
}

export function bucketStore(server: LabS3, bucket: string, more: Partial<S3StoreSpec> = {}): Store {
  return s3Store(specOf(server, bucket, more), depsWith({ bucket: credentialsOf(server) }));
}

export const shop: ScenarioIdentity = { namespace: 'dr', name: 'shop', uid: 'uid-1' };

export const secretObject = (value: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'db', namespace: 'shop', uid: 'x', resourceVersion: '7' },
  data: { value: base64(value) },
});

export interface Making {
  readonly scenario?: ScenarioIdentity;
  readonly objective?: string;
  readonly name?: string;
  /** A point whose archive may be the same. */
  readonly like?: PublishedPoint;
}

/** Publishes a point of one Secret, as a capture at `at` would. */
export async function makePoint(
  store: Store,
  at: number,
  value: string,
  signal: AbortSignal,
  { scenario = shop, objective, name, like }: Making = {},
): Promise<PublishedPoint> {
  const capturedAt = toRfc3339(instant(at));
  const object = secretObject(value);
  const draft = {
    formatVersion: 1 as const,
    name: name ?? (await freeName(store, scenario, capturedAt, new Set(), signal)),
    scenario,
    ...(objective === undefined ? {} : { objective }),
    sourceRegion: 'eu-west',
    capturedAt,
    finishedAt: capturedAt,
    resourceVersions: {},
    objects: [
      {
        key: objectKey(object),
        apiVersion: 'v1',
        digest: objectDigest(object),
        resourceVersion: '7',
        bytes: 1,
      },
    ],
    leftOut: [],
    units: [],
    edges: [],
    longestPath: [],
    volumesWithoutData: [],
  };
  const objects = [{ object, type: { resource: 'secrets', version: 'v1' } }];
  const publication = { draft, objects, namespaces: ['shop'], like: like?.manifest };
  return publish(publication, store, silent, signal);
}

export class KilledError extends Error {
  override readonly name = 'KilledError';
}

/**
 * The same store for a process that is killed at its n-th call, reading or
 * writing: that call happens or not, its answer is never seen, and nothing
 * comes after it.
 */
export function killedAt(
  store: Store,
  n: number,
  moment: 'before' | 'after',
): Store & { readonly calls: () => number } {
  let calls = 0;
  const call = async <T>(work: () => Promise<T>): Promise<T> => {
    calls += 1;
    if (calls > n || (calls === n && moment === 'before')) throw new KilledError();
    const answer = await work();
    if (calls === n) throw new KilledError();
    return answer;
  };
  return {
    location: store.location,
    calls: () => calls,
    put: (key, body, signal, pace) => call(() => store.put(key, body, signal, pace)),
    create: (key, body, signal) => call(() => store.create(key, body, signal)),
    copy: (from, to, signal) => call(() => store.copy(from, to, signal)),
    get: (key, signal) => call(() => store.get(key, signal)),
    list: (prefix, signal) => call(() => store.list(prefix, signal)),
    remove: (key, signal) => call(() => store.remove(key, signal)),
  };
}
