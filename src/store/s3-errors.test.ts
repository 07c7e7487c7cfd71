import { describe, expect, test } from 'vitest';
import type { S3StoreSpec } from '../api/v1alpha1/dr-scenario-store.ts';
import { concernsCredentials, explainS3, isNamed, mayPass, statusOf } from './s3-errors.ts';
import { StoreError } from './store.ts';

const spec: S3StoreSpec = {
  bucket: 'points',
  region: 'us-east-1',
  endpoint: 'https://s3.example.com',
  forcePathStyle: true,
};

/** As the library throws the answer of a server. */
const answer = (name: string, httpStatusCode: number): Error =>
  Object.assign(new Error(`${name} said the server`), { name, $metadata: { httpStatusCode } });
/** As Node throws what happens on the way. */
const trouble = (code: string): Error => Object.assign(new Error(`some text ${code}`), { code });

describe.each([
  ['NoSuchBucket', answer('NoSuchBucket', 404), 'StoreNotFound', 's3.bucket'],
  ['a redirect to another region', answer('PermanentRedirect', 301), 'StoreMisconfigured', 's3.region'],
  ['a redirect without a name', answer('Error', 301), 'StoreMisconfigured', 's3.region'],
  ['an unknown access key', answer('InvalidAccessKeyId', 403), 'StoreUnauthorized', 'accessKeyId'],
  ['a wrong secret key', answer('SignatureDoesNotMatch', 403), 'StoreUnauthorized', 'secretAccessKey'],
  ['an expired session', answer('ExpiredToken', 400), 'StoreUnauthorized', 'sessionToken'],
  ['clocks that differ', answer('RequestTimeTooSkewed', 403), 'StoreUnauthorized', 'NTP'],
  ['no credentials at all', answer('CredentialsProviderError', 0), 'StoreUnauthorized', 'credentialsSecret'],
  ['denied access', answer('AccessDenied', 403), 'StoreReadOnly', 's3:PutObject'],
  ['a refusal without a name', answer('UnknownError', 403), 'StoreReadOnly', 's3:PutObject'],
  ['a disabled key', answer('KMS.DisabledException', 400), 'StoreMisconfigured', 'kmsKeyId'],
  ['a full bucket', answer('QuotaExceeded', 403), 'StoreFull', 'quota'],
  ['a full MinIO', answer('XMinioStorageFull', 507), 'StoreFull', 'free space'],
  ['a server that is asked too much', answer('SlowDown', 503), 'StoreBusy', 'tried again'],
  [
    'a request against a rule of the bucket',
    answer('InvalidRequest', 400),
    'StoreMisconfigured',
    'Object Lock',
  ],
  ['an archived object', answer('InvalidObjectState', 403), 'StoreUnavailable', 'lifecycle'],
  ['a name that is not resolved', trouble('ENOTFOUND'), 'StoreUnavailable', 's3.endpoint'],
  ['a server that is not there', trouble('ECONNREFUSED'), 'StoreUnavailable', 'NetworkPolicy'],
  ['an unknown authority', trouble('SELF_SIGNED_CERT_IN_CHAIN'), 'StoreMisconfigured', 's3.caSecret'],
  [
    'a certificate for another host',
    trouble('ERR_TLS_CERT_ALTNAME_INVALID'),
    'StoreMisconfigured',
    'forcePathStyle',
  ],
  ['an expired certificate', trouble('CERT_HAS_EXPIRED'), 'StoreMisconfigured', 'renew'],
  ['anything else', answer('InternalError', 500), 'StoreUnavailable', "server's own logs"],
])('%s', (_, error, code, remedy) => {
  test(`is ${code}, with the bucket, the server and what to do`, () => {
    const explained = explainS3(error, spec);
    expect(explained).toBeInstanceOf(StoreError);
    expect(explained).toMatchObject({ code, retry: 'backoff', cause: error });
    expect(String(explained)).toContain('bucket points at https://s3.example.com');
    expect(String(explained)).toContain(remedy);
    // What a server says may quote the request, and with it credentials.
    expect(String(explained)).not.toContain(error.message);
  });
});

test('a failure of several addresses is explained by the first', () => {
  const all = new AggregateError([trouble('ECONNREFUSED'), trouble('ENETUNREACH')], '');
  expect(explainS3(all, spec)).toMatchObject({ code: 'StoreUnavailable' });
  expect(String(explainS3(all, spec))).toContain('cannot be reached');
  expect(mayPass(all)).toBe(true);
});

test('a store error passes unchanged, as does what is no error', () => {
  const error = new StoreError('StoreFull', 'full');
  expect(explainS3(error, spec)).toBe(error);
  expect(explainS3('text', spec)).toBe('text');
});

test.each([
  [answer('InternalError', 500), true],
  [answer('ServiceUnavailable', 503), true],
  [answer('Throttled', 429), true],
  [answer('RequestTimeTooSkewed', 403), true],
  [answer('ConditionalRequestConflict', 409), true],
  [trouble('ECONNRESET'), true],
  [answer('NotImplemented', 501), false],
  [answer('PreconditionFailed', 412), false],
  [answer('AccessDenied', 403), false],
  [answer('NoSuchKey', 404), false],
  [trouble('ENOTFOUND'), false],
  [trouble('CERT_HAS_EXPIRED'), false],
])('%s may pass: %s', (error, expected) => {
  expect(mayPass(error)).toBe(expected);
});

test('other credentials may help where access is refused, and nowhere else', () => {
  expect(concernsCredentials(answer('ExpiredToken', 400))).toBe(true);
  expect(concernsCredentials(answer('AccessDenied', 403))).toBe(true);
  expect(concernsCredentials(answer('NoSuchBucket', 404))).toBe(false);
  expect(concernsCredentials(trouble('ECONNRESET'))).toBe(false);
});

test('an error is known by its name, and has the status of the answer if there was one', () => {
  expect(isNamed(answer('NoSuchKey', 404), 'NoSuchKey', 'NotFound')).toBe(true);
  expect(isNamed(trouble('ENOTFOUND'), 'NoSuchKey')).toBe(false);
  expect(statusOf(answer('NoSuchKey', 404))).toBe(404);
  expect(statusOf(trouble('ENOTFOUND'))).toBeUndefined();
});
