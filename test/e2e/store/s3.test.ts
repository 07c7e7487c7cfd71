/** A bucket on a real S3 server: what the store promises, and what it says when something is wrong. */
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { ADD_ON_TIMEOUT_MS } from '../../../hack/harness/add-on.ts';
import { ensureS3, type LabS3 } from '../../../hack/harness/s3.ts';
import { systemClock } from '../../../src/clock.ts';
import { createPace } from '../../../src/store/pace.ts';
import { s3Store } from '../../../src/store/s3.ts';
import { PART_SIZE } from '../../../src/store/s3-upload.ts';
import { type Store, StoreError } from '../../../src/store/store.ts';
import { getLab } from '../lab.ts';
import { base64, bucketStore, credentialsOf, depsWith, type Secrets, specOf } from './support.ts';

const signal = new AbortController().signal;
const BUCKET = 'store-tests';

let server: LabS3;
let secure: LabS3;
let folders = 0;
/** An empty folder of the bucket each time. */
const aStore = (): Store => bucketStore(server, BUCKET, { prefix: `folder-${(folders += 1)}/points` });
beforeAll(async () => {
  const lab = await getLab();
  server = await ensureS3(lab);
  secure = await ensureS3(lab, { tls: true });
  await server.makeBucket(BUCKET);
  await secure.makeBucket(BUCKET);
}, ADD_ON_TIMEOUT_MS);

const bytes = (text: string): Uint8Array => Buffer.from(text);
const textOf = (body: Uint8Array | undefined): string | undefined => body && Buffer.from(body).toString();

async function failureOf(work: Promise<unknown>): Promise<StoreError> {
  const error: unknown = await work.then(
    () => new Error('it did not fail'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof StoreError) return error;
  throw error;
}

describe('a bucket', () => {
  test.each([0, 1, 100_000, PART_SIZE, PART_SIZE + 1, 2 * PART_SIZE + 12_345])(
    'gives back %i bytes as they were put',
    async (length) => {
      const store = aStore();
      const body = randomBytes(length);
      await store.put('a/b.bin', body, signal);
      expect(Buffer.compare(Buffer.from((await store.get('a/b.bin', signal)) ?? []), body)).toBe(0);
    },
  );

  test('lists the keys of its prefix, however many, sorted, and nothing beside it', async () => {
    const folder = `folder-${(folders += 1)}`;
    const directory = join(server.directory, BUCKET, folder, 'points', 'many');
    await mkdir(directory, { recursive: true });
    const names = Array.from({ length: 2100 }, (_, index) => `many/${String(index).padStart(4, '0')}`);
    for (const name of names) await writeFile(join(directory, '..', name), 'x');
    await bucketStore(server, BUCKET, { prefix: folder }).put('points-of-another', bytes('x'), signal);
    const store = bucketStore(server, BUCKET, { prefix: `${folder}/points` });
    expect(await store.list('', signal)).toEqual(names);
    expect(await store.list('many/20', signal)).toEqual(names.slice(2000));
  });

  test('has nothing where nothing was put', async () => {
    const store = aStore();
    expect(await store.get('a', signal)).toBeUndefined();
    expect(await store.list('', signal)).toEqual([]);
    await store.remove('a', signal);
  });

  test('creates a key once', async () => {
    const store = aStore();
    expect(await store.create('claim', bytes('first'), signal)).toBe(true);
    expect(await store.create('claim', bytes('second'), signal)).toBe(false);
    expect(textOf(await store.get('claim', signal))).toBe('first');
  });

  test('copies within itself; a copy outlives what it was made of', async () => {
    const store = aStore();
    await store.put('a/one', bytes('body'), signal);
    expect(await store.copy('a/one', 'b/two', signal)).toBe(true);
    await store.remove('a/one', signal);
    expect(await store.list('', signal)).toEqual(['b/two']);
    expect(textOf(await store.get('b/two', signal))).toBe('body');
    expect(await store.copy('a/one', 'c', signal)).toBe(false);
  });

  test('takes a body at a pace, whole and no faster', async () => {
    const store = aStore();
    const body = randomBytes(512 * 1024);
    const begun = systemClock.tick();
    await store.put('slow', body, signal, createPace(512 * 1024, systemClock));
    // All but the last of eight chunks have been waited for.
    expect(systemClock.tick() - begun).toBeGreaterThan(850);
    expect(Buffer.compare(Buffer.from((await store.get('slow', signal)) ?? []), body)).toBe(0);
  });

  test('shows nothing of a write that was told to stop half-way', async () => {
    const store = aStore();
    const stop = new AbortController();
    const pace = createPace(64 * 1024, systemClock);
    const written = store.put('half', randomBytes(PART_SIZE + 1), stop.signal, {
      ...pace,
      take: async (size, waiting) => {
        await pace.take(size, waiting);
        if (!stop.signal.aborted) stop.abort(new Error('the lease was lost'));
      },
    });
    await expect(written).rejects.toThrow('the lease was lost');
    expect(await store.list('', signal)).toEqual([]);
  });

  test('takes what is to be encrypted by the server', async () => {
    const store = bucketStore(server, BUCKET, { encryption: { algorithm: 'AES256' } });
    await store.put('encrypted', bytes('body'), signal);
    expect(await store.copy('encrypted', 'copied', signal)).toBe(true);
    expect(textOf(await store.get('copied', signal))).toBe('body');
  });

  test('is as it was when its server was killed and came back', async () => {
    const store = aStore();
    await store.put('kept', bytes('body'), signal);
    await server.kill();
    const failure = await failureOf(store.put('lost', bytes('x'), signal));
    expect(failure).toMatchObject({ code: 'StoreUnavailable' });
    expect(failure.message).toContain(server.endpoint);
    await server.start();
    expect(await store.list('', signal)).toEqual(['kept']);
    await store.put('after', bytes('x'), signal);
  });
});

describe('credentials', () => {
  const wrong = { accessKeyId: base64('antipode-lab'), secretAccessKey: base64('not the key') };

  test('that were rotated are followed at the first refusal', async () => {
    const secrets: Secrets = { bucket: credentialsOf(server) };
    const store = s3Store(specOf(server, BUCKET), depsWith(secrets));
    await store.put('rotated', bytes('1'), signal);
    secrets['bucket'] = wrong;
    // The old ones still work, so nobody asks for new ones yet.
    await store.put('rotated', bytes('2'), signal);
    const other = s3Store(specOf(server, BUCKET), depsWith(secrets));
    const failure = await failureOf(other.put('rotated', bytes('3'), signal));
    expect(failure).toMatchObject({ code: 'StoreUnauthorized', retry: 'backoff' });
    expect(failure.message).toContain('spec.replication.store.s3.credentialsSecret');
    expect(failure.message).not.toContain('not the key');
    secrets['bucket'] = credentialsOf(server);
    await other.put('rotated', bytes('4'), signal);
    expect(textOf(await other.get('rotated', signal))).toBe('4');
  });

  test('may end with the line end of the file they came from', async () => {
    const { accessKeyId, secretAccessKey } = server;
    const secret = {
      accessKeyId: base64(`${accessKeyId}\n`),
      secretAccessKey: base64(`${secretAccessKey}\n`),
    };
    const store = s3Store(specOf(server, BUCKET), depsWith({ bucket: secret }));
    expect(await store.get('nothing', signal)).toBeUndefined();
  });

  test('that are not known are told apart from those that are wrong', async () => {
    const unknown = { bucket: { ...wrong, accessKeyId: base64('nobody') } };
    const failure = await failureOf(s3Store(specOf(server, BUCKET), depsWith(unknown)).list('', signal));
    expect(failure.code).toBe('StoreUnauthorized');
    expect(failure.message).toContain('accessKeyId');
  });

  test.each([
    [{}, 'Secret bucket (spec.replication.store.s3.credentialsSecret) is not in the operator'],
    [{ bucket: { accessKeyId: base64('x') } }, 'has no secretAccessKey: add it'],
  ])('that are missing are named', async (secrets, expected) => {
    const failure = await failureOf(s3Store(specOf(server, BUCKET), depsWith(secrets)).list('', signal));
    expect(failure.code).toBe('StoreUnauthorized');
    expect(failure.message).toContain(expected);
  });
});

describe('what is wrong is said with the field to correct', () => {
  const attempt = (more: Parameters<typeof specOf>[2], bucket = BUCKET) =>
    failureOf(bucketStore(server, bucket, more).put('a', bytes('x'), signal));

  test('no such bucket', async () => {
    const failure = await attempt({}, 'no-such-bucket');
    expect(failure.code).toBe('StoreNotFound');
    expect(failure.message).toContain('bucket no-such-bucket at');
    expect(failure.message).toContain('spec.replication.store.s3.bucket');
    // Also where a missing object would be no error.
    expect(await failureOf(bucketStore(server, 'no-such-bucket').get('a', signal))).toMatchObject({
      code: 'StoreNotFound',
    });
  });

  test.each([
    ['another region', { region: 'eu-west-1' }, 'StoreMisconfigured', 's3.region'],
    [
      'a host name that is not resolved',
      { endpoint: 'http://nowhere.invalid' },
      'StoreUnavailable',
      's3.endpoint',
    ],
  ])('%s', async (_, more, code, field) => {
    const failure = await attempt(more);
    expect(failure.code).toBe(code);
    expect(failure.message).toContain(field);
  });

  test('https where http is spoken', async () => {
    const failure = await attempt({ endpoint: server.endpoint.replace('http:', 'https:') });
    expect(failure.code).toBe('StoreMisconfigured');
    expect(failure.message).toContain('http or https');
  });

  test('a certificate of an unknown authority, until caSecret names it', async () => {
    const secrets: Secrets = { bucket: credentialsOf(secure) };
    const failure = await failureOf(s3Store(specOf(secure, BUCKET), depsWith(secrets)).list('', signal));
    expect(failure.code).toBe('StoreMisconfigured');
    expect(failure.message).toContain('spec.replication.store.s3.caSecret');
    secrets['authority'] = { 'ca.crt': base64(secure.authority ?? '') };
    const store = s3Store(specOf(secure, BUCKET, { caSecret: 'authority' }), depsWith(secrets));
    const body = randomBytes(3_000_000);
    await store.put('over-tls', body, signal);
    expect(Buffer.compare(Buffer.from((await store.get('over-tls', signal)) ?? []), body)).toBe(0);
  });
});
