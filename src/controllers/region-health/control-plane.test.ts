import { expect, test } from 'vitest';
import { seconds } from '../../domain/time.ts';
import { KubeError, type KubeErrorCode } from '../../kube/errors.ts';
import { manualClock } from '../../testing/manual-clock.ts';
import { partialCluster } from '../../testing/region.ts';
import { type ControlPlaneSight, lookAtControlPlane } from './control-plane.ts';

const never = new AbortController().signal;

/** What is seen of a control plane whose calls fail with `code`, with the HTTP status of its answer if it gave one. */
function sightOf(code: KubeErrorCode, status?: number): Promise<ControlPlaneSight> {
  const details = { cluster: 'west', ...(status === undefined ? {} : { status }) };
  const cluster = partialCluster('west', {
    raw: () => Promise.reject(new KubeError(code, 'west: cannot get /readyz', details)),
  });
  const watch = { cluster, nodes: async () => [], uid: async () => 'uid', stop: () => undefined };
  return lookAtControlPlane(watch, manualClock(), seconds(2), never);
}

test.each([
  ['Unauthorized', 401],
  ['Forbidden', 403],
  ['TooManyRequests', 429],
  ['UntrustedCertificate', undefined],
  ['Malformed', undefined],
] as const)('%s with status %s is a sign of life, and not how a lost region looks', async (code, status) => {
  expect(await sightOf(code, status)).toMatchObject({ kind: 'silent', contact: true, asIfLost: false });
});

test('a gateway without a server behind it is a sign of life, but how a lost region may look', async () => {
  expect(await sightOf('Unavailable', 503)).toMatchObject({
    reason: 'NotReady',
    contact: true,
    asIfLost: true,
  });
});

test('no answer is no sign of life, and how a lost region looks', async () => {
  expect(await sightOf('Unreachable')).toMatchObject({ reason: 'NoAnswer', contact: false, asIfLost: true });
});

test('without credentials nothing was asked, and nobody answered', async () => {
  expect(await sightOf('Unauthorized')).toMatchObject({
    reason: 'NotAsked',
    why: 'cannot be asked',
    detail: 'west: cannot get /readyz',
    contact: false,
    asIfLost: false,
  });
});
