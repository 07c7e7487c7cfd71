import { describe, expect, it } from 'vitest';
import { anObject } from '../../testing/objects.ts';
import { readinessOf } from './readiness.ts';
import { all3, context, inWords, live, plain, type ReadinessRow } from './testing/readiness.ts';
import { compiledReadiness } from './user-rules/compiled.ts';

const accountToken = (data: object) =>
  anObject('Secret', 'shop/web-token', {
    type: 'kubernetes.io/service-account-token',
    metadata: { annotations: { 'kubernetes.io/service-account.name': 'web' } },
    data,
  });

const rows: readonly ReadinessRow[] = [
  ['Service', plain('Service', { type: 'ClusterIP' }, {}), 'ready'],
  [
    'load balancer without address',
    plain('Service', { type: 'LoadBalancer' }, {}),
    'progressing: waiting for the address of its load balancer',
  ],
  [
    'load balancer',
    plain('Service', { type: 'LoadBalancer' }, { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } }),
    'ready',
  ],
  ['Namespace', plain('Namespace', {}, { phase: 'Active' }), 'ready'],
  [
    'Namespace, terminating',
    anObject('Namespace', 'x', {
      metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' },
      status: { phase: 'Terminating' },
    }),
    'progressing: it is being deleted',
  ],
  ['quota, new', plain('ResourceQuota', { hard: { pods: '9' } }, {}), 'progressing: nothing is counted yet'],
  [
    'quota, counted',
    plain('ResourceQuota', { hard: { pods: '9' } }, { hard: { pods: '9' }, used: { pods: '0' } }),
    'ready',
  ],
  ['Secret', anObject('Secret', 'shop/db', { type: 'Opaque' }), 'ready'],
  ['token, new', accountToken({}), 'progressing: the token of its account is not there yet'],
  ['token', accountToken({ token: 'eA==' }), 'ready'],
  ['anything else', plain('ConfigMap', {}, {}), 'ready'],
];

describe('readinessOf', () => {
  it.each(rows)('%s', (_, object, expected) => {
    expect(inWords(readinessOf(object, context))).toBe(expected);
  });

  it("asks the user's rule first where one is about the object, but not of what is being deleted", () => {
    const rules = compiledReadiness([
      { name: 'warm', match: "object.kind == 'Deployment'", ready: 'object.status.warm' },
    ]);
    const byRule = { ...context, rules };
    const warm = live('Deployment', { replicas: 3 }, { warm: true });
    expect(readinessOf(warm, context).kind).toBe('progressing');
    expect(readinessOf(warm, byRule)).toEqual({ kind: 'ready' });
    expect(readinessOf(live('Deployment', { replicas: 3 }, { ...all3, warm: false }), byRule)).toMatchObject({
      message: expect.stringContaining('"warm"'),
    });
    const ending = { ...warm, metadata: { ...warm.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } };
    expect(readinessOf(ending, byRule)).toMatchObject({ message: 'it is being deleted' });
    expect(readinessOf(plain('ConfigMap', {}, {}), byRule)).toEqual({ kind: 'ready' });
  });
});
