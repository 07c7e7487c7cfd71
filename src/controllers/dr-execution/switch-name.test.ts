import { describe, expect, test } from 'vitest';
import type { StepStatus } from '../../api/v1alpha1/dr-execution.ts';
import type { DnsRecordSpec } from '../../api/v1alpha1/dr-scenario.ts';
import type { AnnounceResult } from '../../dns/external-dns.ts';
import type { Resolution } from '../../domain/dns/alias.ts';
import type { ServerReply, ServerView } from '../../domain/dns/judge.ts';
import type { Claim } from '../../domain/dns/owner.ts';
import { millis } from '../../domain/time.ts';
import { emptyMemory } from './deps.ts';
import { switchName } from './switch-name.ts';
import { clockOf, depsOf, scenarioSpec, worldOf } from './testing/world.ts';

const hostname = 'shop.example.com';
const step: StepStatus = { id: `dns/${hostname}`, kind: 'DNS', phase: 'Running' };
const announced = {
  kind: 'announced' as const,
  desired: { hostname, ttl: 30, targets: [{ type: 'A' as const, value: '198.51.100.1' }] },
  resource: 'service/dr/antipode-shop',
  isChanged: false,
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
    /** Of the scenario. Default: one of addresses. */
    readonly record?: Partial<DnsRecordSpec>;
    /** What host names have; all others cannot be found. */
    readonly hosts?: Readonly<Record<string, readonly string[]>>;
    /** How long the servers take to answer, in milliseconds. Default: no time. */
    readonly takes?: number;
  },
  when: { readonly age?: number; readonly applied?: boolean; readonly name?: string } = {},
  memory = emptyMemory(),
) {
  const views = (world.replies ?? []).map(
    (reply, index): ServerView => ({ server: `ns${index + 1}`, reply }),
  );
  const deps = depsOf({
    clock: clockOf(world.takes),
    announcer: { announce: async () => world.says ?? announced },
    authority: { ask: async () => views, claims: async () => world.claims ?? [] },
    resolveHost: async (host): Promise<Resolution> => {
      const addresses = world.hosts?.[host];
      return addresses === undefined
        ? { kind: 'unresolved', message: 'the DNS resolver does not answer' }
        : { kind: 'resolved', addresses };
    },
  });
  const records = scenarioSpec.dns.records.map((record) => ({ ...record, ...world.record }));
  const context = {
    scenario: { namespace: 'dr', name: 'shop' },
    spec: { ...scenarioSpec, dns: { ...scenarioSpec.dns, records } },
    plan: worldOf([]).plan,
    deps,
    memory,
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

describe('switching a name to the host name of a load balancer', () => {
  const balancer = 'shop-2.eu-north-1.elb.amazonaws.com';
  const oldBalancer = 'shop-1.eu-west-1.elb.amazonaws.com';
  const service = { service: { namespace: 'shop', name: 'web' } };
  const says = {
    ...announced,
    desired: { ...announced.desired, targets: [{ type: 'CNAME' as const, value: balancer }] },
  };
  const byServices = { says, record: { source: service, recovery: service } };
  const byNames = {
    says,
    record: { source: { addresses: [oldBalancer] }, recovery: { addresses: [balancer] } },
  };
  const published = answer('198.51.100.1');
  const claims = [{ record: `cname-${hostname}`, owner: 'dr', resource: announced.resource }];

  const hosts = { [balancer]: ['198.51.100.1', '198.51.100.2'], [oldBalancer]: ['192.0.2.1'] };
  const moved = {
    kind: 'done',
    message: `${hostname} answers 198.51.100.1, addresses of ${balancer}, on ns1`,
  };

  test('is done when its zone answers with the addresses that the balancer of a Service has', async () => {
    expect(await look({ ...byServices, hosts, replies: [published] })).toEqual(moved);
  });

  test('is done when such addresses come in place of those that were served when it was announced', async () => {
    const memory = emptyMemory();
    const first = { ...byNames, hosts, says: { ...says, isChanged: true }, replies: [old] };

    expect(await look(first, {}, memory)).toMatchObject({ kind: 'applied' });
    expect(await look({ ...byNames, hosts, replies: [published] }, { applied: true }, memory)).toEqual(moved);
  });

  test('ends with a warning when an operator that was restarted does not know what was served before', async () => {
    const world = { ...byNames, hosts, replies: [published] };
    expect(await look(world, { applied: true })).toMatchObject({ kind: 'waiting' });
    expect(await look(world, { applied: true, age: 16_000 })).toMatchObject({
      kind: 'done',
      message: expect.stringMatching(/^warning: .*others may have them too/),
    });
  });

  test('does not take for the former answer what servers have said long after it was announced', async () => {
    const memory = emptyMemory();
    const slow = { ...byNames, hosts, says: { ...says, isChanged: true }, replies: [published], takes: 6000 };

    await look(slow, {}, memory);

    expect(memory.servedBefore).toEqual(new Map());
  });

  test('has not moved for a proxy that answers as before, though the new host name is behind it too', async () => {
    const memory = emptyMemory();
    const proxy = {
      ...byNames,
      hosts: { ...hosts, [balancer]: ['203.0.113.9'] },
      replies: [answer('203.0.113.9')],
    };

    await look({ ...proxy, says: { ...says, isChanged: true } }, {}, memory);

    expect(await look(proxy, { applied: true, age: 110_000 }, memory)).toMatchObject({
      kind: 'waiting',
      message: expect.stringContaining('it did so before it was announced'),
    });
  });

  test('is waited for while the addresses of the old one are served', async () => {
    const world = { ...byNames, hosts, claims, replies: [old] };
    expect(await look(world, { applied: true, age: 100_000 })).toMatchObject({
      kind: 'waiting',
      message: expect.stringContaining(`192.0.2.1 is of ${oldBalancer}`),
    });
  });

  test('ends with a warning when addresses come and go, after others had time to be seen', async () => {
    const world = { ...byServices, hosts: { [balancer]: ['198.51.100.1'] } };
    const mixed: ServerReply = {
      kind: 'answers',
      records: { A: ['198.51.100.1', '198.51.100.7'], AAAA: [], CNAME: [] },
      ttl: 30,
    };
    expect(await look({ ...world, replies: [mixed] })).toMatchObject({ kind: 'applied' });
    expect(await look({ ...world, replies: [mixed] }, { age: 16_000 })).toMatchObject({
      kind: 'done',
      message: expect.stringMatching(/^warning: ns1 .*198\.51\.100\.7 is not among/),
    });
  });

  test('never says that it has moved when a proxy answers, and says what is not known', async () => {
    const proxied = answer('203.0.113.9');
    const world = { ...byServices, hosts: { [balancer]: ['198.51.100.1'] }, claims, replies: [proxied] };
    expect(await look(world, { applied: true, age: 110_000 })).toMatchObject({
      kind: 'waiting',
      message: expect.stringMatching(
        /203\.0\.113\.9 instead of .*; .*a proxy.*where the name leads is not known/,
      ),
    });
  });

  test('is waited for while the resolver does not answer, which is said', async () => {
    expect(await look({ ...byServices, replies: [published] }, { applied: true })).toMatchObject({
      kind: 'waiting',
      message: expect.stringContaining('the DNS resolver does not answer'),
    });
  });

  test('takes a right answer as ever, and looks nothing up for it', async () => {
    const alias: ServerReply = {
      kind: 'answers',
      records: { A: [], AAAA: [], CNAME: [balancer] },
      ttl: undefined,
    };
    expect(await look({ ...byServices, replies: [alias] })).toMatchObject({ kind: 'done' });
  });
});
