import { describe, expect, test } from 'vitest';
import type { StepStatus } from '../../api/v1alpha1/dr-execution.ts';
import type { AnnounceResult } from '../../dns/external-dns.ts';
import type { ServerReply, ServerView } from '../../domain/dns/judge.ts';
import type { Claim } from '../../domain/dns/owner.ts';
import { millis } from '../../domain/time.ts';
import { switchName } from './switch-name.ts';
import { depsOf, scenarioSpec, worldOf } from './testing/world.ts';

const hostname = 'shop.example.com';
const step: StepStatus = { id: `dns/${hostname}`, kind: 'DNS', phase: 'Running' };
const announced: AnnounceResult = {
  kind: 'announced',
  desired: { hostname, ttl: 30, targets: [{ type: 'A', value: '198.51.100.1' }] },
  resource: 'service/dr/antipode-shop',
};
const answer = (address: string): ServerReply => ({
  kind: 'answers',
  records: { A: [address], AAAA: [], CNAME: [] },
  ttl: 30,
});
const right = answer('198.51.100.1');
const old = answer('192.0.2.1');
const silent: ServerReply = { kind: 'silent', message: 'does not answer' };

function look(
  world: {
    readonly says?: AnnounceResult;
    readonly replies?: readonly ServerReply[];
    readonly claims?: readonly Claim[];
  },
  when: { readonly age?: number; readonly applied?: boolean; readonly name?: string } = {},
) {
  const views = (world.replies ?? []).map(
    (reply, index): ServerView => ({ server: `ns${index + 1}`, reply }),
  );
  const deps = depsOf({
    announcer: { announce: async () => world.says ?? announced },
    authority: { ask: async () => views, claims: async () => world.claims ?? [] },
  });
  const context = {
    scenario: { namespace: 'dr', name: 'shop' },
    spec: scenarioSpec,
    plan: worldOf([]).plan,
    deps,
    age: millis(when.age ?? 0),
  };
  const running = when.applied === true ? { ...step, appliedAt: '2026-01-01T00:00:00Z' } : step;
  return switchName(when.name ?? hostname, running, context, new AbortController().signal);
}

describe('switching a name', () => {
  test('is done when every authoritative server gives exactly the new answer', async () => {
    expect(await look({ replies: [right, right] })).toMatchObject({ kind: 'done' });
  });

  test('is announced, then waited for, while the old answer is given', async () => {
    expect(await look({ replies: [old] })).toMatchObject({ kind: 'applied' });
    expect(await look({ replies: [old] }, { applied: true })).toMatchObject({
      kind: 'waiting',
      message: 'ns1 answers 192.0.2.1 instead of 198.51.100.1',
    });
  });

  test('says who holds a name that does not move', async () => {
    const claims = [{ record: `a-${hostname}`, owner: 'region-a', resource: 'ingress/shop/web' }];
    expect(await look({ replies: [old], claims }, { age: 11_000 })).toMatchObject({
      message: expect.stringContaining('held by external-dns owner "region-a"'),
    });
  });

  test('waits a while for a silent server, then ends with a warning when all others agree', async () => {
    expect(await look({ replies: [right, silent] })).toMatchObject({ kind: 'applied' });
    expect(await look({ replies: [right, silent] }, { age: 16_000 })).toMatchObject({
      kind: 'done',
      message: expect.stringContaining('could not be checked: ns2'),
    });
  });

  test('tries again while the recovery region has no address for it', async () => {
    expect(await look({ says: { kind: 'waiting', message: 'no address yet' } })).toEqual({
      kind: 'blocked',
      message: 'no address yet',
    });
  });

  test('fails when it must not be announced, or is not wished for any more', async () => {
    expect(await look({ says: { kind: 'refused', message: 'made by hand' } })).toMatchObject({
      kind: 'failed',
    });
    expect(await look({}, { name: 'gone.example.com' })).toMatchObject({ kind: 'failed' });
  });
});
