import { expect, test } from 'vitest';
import { seconds } from '../domain/time.ts';
import { CredentialsError } from './connection-pool.ts';
import { DeadlineExceededError } from './deadline.ts';
import { errorFromFailure, errorFromResponse, saysObjectMissing } from './status-error.ts';

const context = { cluster: 'eu-west', verb: 'apply', kind: 'Deployment', name: 'shop/web' };
const status = (fields: object): string => JSON.stringify({ kind: 'Status', status: 'Failure', ...fields });

test.each([
  [400, status({ reason: 'BadRequest', message: 'no' }), 'Invalid', 'never'],
  [401, status({ reason: 'Unauthorized', message: 'Unauthorized' }), 'Unauthorized', 'never'],
  [403, status({ reason: 'Forbidden', message: 'no' }), 'Forbidden', 'never'],
  [404, '404 page not found', 'NotFound', 'never'],
  [409, status({ reason: 'AlreadyExists', message: 'no' }), 'AlreadyExists', 'never'],
  [409, status({ reason: 'Conflict', message: 'no' }), 'Conflict', 'backoff'],
  [410, status({ reason: 'Expired', message: 'no' }), 'Gone', 'backoff'],
  [422, status({ reason: 'Invalid', message: 'no' }), 'Invalid', 'never'],
  [429, 'Too many requests', 'TooManyRequests', 'backoff'],
  [500, status({ reason: 'InternalError', message: 'no' }), 'Unavailable', 'backoff'],
  [500, status({ message: 'failed to create typed patch object (…)' }), 'Invalid', 'never'],
  [503, '', 'Unavailable', 'backoff'],
  [302, '', 'Malformed', 'never'],
])('status %i %s becomes %s', (code, body, expected, retry) => {
  const error = errorFromResponse(code, body, context);
  expect({ code: error.code, retry: error.retry, status: error.status }).toEqual({
    code: expected,
    retry,
    status: code,
  });
});

test.each([
  ['pods "web" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1', 'quota'],
  ['User "op" cannot create resource "pods" in API group "" in the namespace "shop"', 'rbac'],
  [
    'secrets "db" is forbidden: cannot set blockOwnerDeletion if an ownerReference refers to a resource you can\'t set finalizers on: , <nil>',
    'rbac',
  ],
  [
    'secrets "db" is forbidden: cannot set an ownerRef on a resource you can\'t delete: RBAC: no such role, <nil>',
    'rbac',
  ],
  ['pods "web" is forbidden: violates PodSecurity "restricted:latest"', 'admission'],
  ['unable to create new content in namespace shop because it is being terminated', 'admission'],
])('a refusal says what denied it: %s', (message, denial) => {
  const error = errorFromResponse(403, status({ reason: 'Forbidden', message }), context);
  expect(error.denial).toBe(denial);
  expect(error.message).toBe(`eu-west: cannot apply Deployment shop/web: ${message}`);
});

test('a denial by a webhook is one whatever status the webhook chose', () => {
  const message = 'admission webhook "deny.example.com" denied the request: not on a Friday';
  for (const code of [400, 403, 422, 500]) {
    const error = errorFromResponse(code, status({ message }), context);
    expect(error).toMatchObject({ code: 'Forbidden', denial: 'admission' });
  }
});

test('what a server says about a Secret is reduced to the names of fields', () => {
  const body = status({
    reason: 'Invalid',
    message: 'Secret "db" is invalid: data[password]: Invalid value: "hunter2"',
    details: {
      causes: [{ reason: 'FieldValueInvalid', message: 'Invalid value: "hunter2"', field: 'data[password]' }],
    },
  });
  const error = errorFromResponse(422, body, { ...context, kind: 'Secret', name: 'shop/db' });
  expect(error.message).toBe('eu-west: cannot apply Secret shop/db: Invalid (data[password])');
});

test('values that server-side apply quotes are cut out', () => {
  const message =
    '.data.x: expected string, got &value.valueUnstructured{Value:map[string]interface {}{"a":"hunter2"}}';
  const error = errorFromResponse(
    500,
    status({ message: `failed to create typed patch object: ${message}` }),
    context,
  );
  expect(error.message).not.toContain('hunter2');
  expect(error.message).toContain('.data.x: expected string, got a value of another type');
});

test('a long or many-lined message becomes one line of about a thousand characters', () => {
  const error = errorFromResponse(
    422,
    status({ reason: 'Invalid', message: 'line\n'.repeat(2000) }),
    context,
  );
  expect(error.message.length).toBeLessThan(1100);
  expect(error.message).not.toContain('\n');
});

test.each([
  ['CERT_HAS_EXPIRED', 'UntrustedCertificate', "the server's certificate has expired"],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'UntrustedCertificate', 'wrong certificate-authority-data'],
  ['ECONNREFUSED', 'Unreachable', 'the connection was refused'],
  ['SOMETHING_ELSE', 'Unreachable', 'no answer (SOMETHING_ELSE)'],
])('a failure with code %s becomes %s', (code, expected, words) => {
  const cause = Object.assign(new Error('with details'), { code });
  const error = errorFromFailure(new Error('wrapped', { cause }), context);
  expect(error.code).toBe(expected);
  expect(error.message).toContain(words);
});

test('a passed deadline says how long was waited', () => {
  const error = errorFromFailure(new DeadlineExceededError(seconds(10)), context);
  expect(error.message).toBe('eu-west: cannot apply Deployment shop/web: no answer within 10s');
});

test('a failing credential command is told without its words', () => {
  const failure = new CredentialsError({ cause: new Error('token=hunter2') });
  const error = errorFromFailure(failure, context);
  expect(error.code).toBe('Unauthorized');
  expect(JSON.stringify([error.message, error.cause])).not.toContain('hunter2');
});

test('a missing object is told apart from a missing kind', () => {
  const missing = status({ reason: 'NotFound', details: { name: 'web', kind: 'deployments' } });
  expect(saysObjectMissing(404, missing)).toBe(true);
  expect(saysObjectMissing(404, '404 page not found')).toBe(false);
  expect(saysObjectMissing(404, status({ reason: 'NotFound', details: {} }))).toBe(false);
});

test.each([
  ['spec.selector', 'Invalid value: {"matchLabels":{"app":"b"}}: field is immutable'],
  ['data', 'Forbidden: field is immutable when `immutable` is set'],
  ['spec', "Forbidden: updates to statefulset spec for fields other than 'replicas' are forbidden"],
  ['roleRef', 'Invalid value: {"kind":"Role"}: cannot change roleRef'],
  ['spec.clusterIPs[0]', 'Invalid value: ["10.0.0.1"]: may not change once set'],
  ['value', 'Forbidden: may not be changed in an update.'],
  ['parameters', 'Forbidden: updates to parameters are forbidden.'],
  ['spec', 'Forbidden: pod updates may not change fields other than `spec.containers[*].image`'],
  ['spec', 'Forbidden: spec is immutable after creation except resources.requests'],
])('a field that cannot be changed is named: %s, %s', (field, message) => {
  const causes = [
    { reason: 'FieldValueInvalid', field, message },
    { reason: 'FieldValueInvalid', field: 'spec.replicas', message: 'must be greater than or equal to 0' },
  ];
  const body = status({ reason: 'Invalid', message: 'no', details: { causes } });
  expect(errorFromResponse(422, body, context).unchangeable).toEqual([field]);
  // Names of fields are no secret.
  expect(errorFromResponse(422, body, { ...context, kind: 'Secret' }).unchangeable).toEqual([field]);
});
