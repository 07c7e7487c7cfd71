import { expect, test } from 'vitest';
import type { Fields } from '../api/fields.ts';
import type { S3StoreSpec } from '../api/v1alpha1/dr-scenario-store.ts';
import { seconds } from '../domain/time.ts';
import { manualClock } from '../testing/manual-clock.ts';
import { s3Access } from './s3-access.ts';
import { StoreError } from './store.ts';

const signal = new AbortController().signal;
const spec: S3StoreSpec = {
  bucket: 'points',
  region: 'eu-central-1',
  forcePathStyle: false,
  credentialsSecret: 'bucket',
};
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const keys = (id: string, token?: string): Fields => ({
  accessKeyId: base64(id),
  secretAccessKey: base64('secret'),
  ...(token === undefined ? {} : { sessionToken: base64(token) }),
});

function setting(first: Fields | undefined) {
  const clock = manualClock();
  const state = { data: first, reads: 0, broken: false };
  const secrets = async () => {
    state.reads += 1;
    if (state.broken) throw new Error('the API server is gone');
    return state.data;
  };
  return { clock, state, access: s3Access(spec, secrets, clock) };
}

test('a client uses the region and the credentials it was told, and no checksums that old servers keep as data', async () => {
  const { access } = setting(keys('first', 'session'));
  const { client } = await access.connected(signal);
  expect(await client.config.region()).toBe('eu-central-1');
  expect(await client.config.credentials()).toMatchObject({
    accessKeyId: 'first',
    secretAccessKey: 'secret',
    sessionToken: 'session',
  });
  expect(await client.config.requestChecksumCalculation()).toBe('WHEN_REQUIRED');
  expect(await client.config.maxAttempts()).toBe(1);
});

test('the Secret is read again after a while, and a new client made only when it has changed', async () => {
  const { access, clock, state } = setting(keys('first'));
  const first = await access.connected(signal);
  state.data = keys('second');
  expect(await access.connected(signal)).toBe(first);
  expect(state.reads).toBe(1);
  await clock.advance(seconds(31));
  const second = await access.connected(signal);
  expect(second).not.toBe(first);
  expect(await second.client.config.credentials()).toMatchObject({ accessKeyId: 'second' });
  await clock.advance(seconds(31));
  expect(await access.connected(signal)).toBe(second);
});

test('a refusal has it read at once', async () => {
  const { access, state } = setting(keys('first'));
  const first = await access.connected(signal);
  expect(await access.renewed(signal)).toBe(first);
  state.data = keys('second');
  expect(await access.renewed(signal)).not.toBe(first);
});

test('credentials that worked stay in use while the Secret cannot be read', async () => {
  const { access, clock, state } = setting(keys('first'));
  const first = await access.connected(signal);
  state.broken = true;
  await clock.advance(seconds(31));
  expect(await access.connected(signal)).toBe(first);
});

test('a Secret that cannot be read at the start is a store that is unavailable', async () => {
  const { access, state } = setting(undefined);
  state.broken = true;
  const error: unknown = await access.connected(signal).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(StoreError);
  expect(error).toMatchObject({ code: 'StoreUnavailable' });
  expect(String(error)).toContain('the API server is gone');
});

test('a Secret that was deleted is told, though its credentials may still work', async () => {
  const { access, clock, state } = setting(keys('first'));
  await access.connected(signal);
  state.data = undefined;
  await clock.advance(seconds(31));
  await expect(access.connected(signal)).rejects.toThrow("is not in the operator's namespace");
});
