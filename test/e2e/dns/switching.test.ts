/** Names are announced in the objective cluster, published by the real external-dns, and asked of the real server. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { waitFor } from '../../../hack/harness/wait.ts';
import type { Lab } from '../../../hack/lab/types.ts';
import { authority } from '../../../src/dns/authoritative.ts';
import { type AnnounceResult, externalDnsAnnouncer, serviceName } from '../../../src/dns/external-dns.ts';
import type { DnsRecord, Side } from '../../../src/domain/dns/desired.ts';
import { judge } from '../../../src/domain/dns/judge.ts';
import { explainStillness } from '../../../src/domain/dns/owner.ts';
import { seconds } from '../../../src/domain/time.ts';
import type { Cluster } from '../../../src/kube/cluster.ts';
import { connect } from '../connect.ts';
import { getLab } from '../lab.ts';

const never = new AbortController().signal;
// A lab may outlive a run: what an earlier one announced is left alone.
const RUN = Date.now().toString(36);
const NAMESPACE = `dns-${RUN}`;
const OTHER_NAMESPACE = `dns-other-${RUN}`;
const dns = authority({ timeout: seconds(10) });
let lab: Lab;
let objective: Cluster;

beforeAll(async () => {
  lab = await getLab();
  objective = await connect(lab.objective);
  for (const name of [NAMESPACE, OTHER_NAMESPACE]) {
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
    await objective.apply(namespace, { fieldManager: 'test' }, never);
  }
});
afterAll(() => objective.close());

const recordOf = (label: string, recovery: readonly string[] = ['198.51.100.1']): DnsRecord => ({
  hostname: `${label}-${RUN}.${lab.dns.zone}`,
  ttl: 30,
  source: { addresses: ['192.0.2.1'] },
  recovery: { addresses: [...recovery] },
});

const announce = (record: DnsRecord, side: Side, namespace = NAMESPACE): Promise<AnnounceResult> =>
  externalDnsAnnouncer(objective).announce(
    {
      scenario: { namespace, name: 'shop' },
      record,
      side,
      regionName: side === 'source' ? 'eu-west' : 'eu-north',
      region: { kind: 'available', cluster: objective },
    },
    never,
  );

const ask = (hostname: string) => dns.ask(hostname, [lab.dns.server], never);

async function published(record: DnsRecord, side: Side): Promise<string> {
  const result = await announce(record, side);
  if (result.kind !== 'announced') throw new Error(result.message);
  return waitFor({ what: `${record.hostname} on ${side}`, seconds: 120 }, async () => {
    const judgement = judge(result.desired, await ask(record.hostname));
    if (judgement.kind !== 'matches') throw new Error(judgement.message);
    return judgement.message;
  });
}

const kubectl = (...args: string[]) => lab.objective.kubectl(['-n', NAMESPACE, ...args]);

describe('a name', () => {
  test('is answered with the recovery address by the authoritative server after a switch', async () => {
    const record = recordOf('switch');
    expect(await published(record, 'source')).toContain('192.0.2.1');
    expect(await published(record, 'recovery')).toContain('198.51.100.1');
  });

  test('is announced in both annotation prefixes, and again only when it differs', async () => {
    const record = recordOf('prefixes', ['198.51.100.2', '198.51.100.1']);
    await announce(record, 'recovery');
    const read = async () =>
      JSON.parse(await kubectl('get', 'service', serviceName(record.hostname), '-o', 'json'));
    const first = await read();
    await announce(record, 'recovery');
    const second = await read();

    for (const prefix of ['external-dns.alpha.kubernetes.io', 'external-dns.kubernetes.io']) {
      expect(first.metadata.annotations).toMatchObject({
        [`${prefix}/hostname`]: record.hostname,
        [`${prefix}/target`]: '198.51.100.1,198.51.100.2',
        [`${prefix}/ttl`]: '30',
      });
    }
    expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
  });

  test('is announced again after somebody changed the announcement', async () => {
    const record = recordOf('drift');
    await announce(record, 'recovery');
    const name = serviceName(record.hostname);
    await kubectl(
      'annotate',
      '--overwrite',
      'service',
      name,
      'external-dns.kubernetes.io/target=203.0.113.66',
    );
    await announce(record, 'recovery');
    const path = '{.metadata.annotations.external-dns\\.kubernetes\\.io/target}';
    expect(await kubectl('get', 'service', name, '-o', `jsonpath=${path}`)).toBe('198.51.100.1');
  });

  test('that another external-dns holds does not move, and it is said who holds it', async () => {
    const record = recordOf('held');
    await lab.dns.seedForeignRecord(record.hostname, '203.0.113.7', 'region-a');
    const result = await announce(record, 'recovery');
    if (result.kind !== 'announced') throw new Error(result.message);
    const claims = await waitFor({ what: 'the claim to be served', seconds: 60 }, async () => {
      const found = await dns.claims(record.hostname, [lab.dns.server], never);
      return found.length > 0 ? found : undefined;
    });

    expect(explainStillness(claims, result.resource, 'addresses')).toContain(
      'held by external-dns owner "region-a"',
    );
    expect(judge(result.desired, await ask(record.hostname)).message).toContain(
      'answers 203.0.113.7 instead of',
    );
  });

  test('is not announced over a Service that Antipode did not make', async () => {
    const record = recordOf('foreign');
    const name = serviceName(record.hostname);
    await kubectl('create', 'service', 'externalname', name, '--external-name=example.com');
    const read = () => kubectl('get', 'service', name, '-o', 'yaml');
    const before = await read();

    expect(await announce(record, 'recovery')).toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('was not made by Antipode'),
    });
    expect(await read()).toBe(before);
  });

  test('is not announced by two scenarios, which would answer with the addresses of both', async () => {
    const record = recordOf('twice');
    await announce(record, 'source');
    expect(await announce(record, 'recovery', OTHER_NAMESPACE)).toMatchObject({
      kind: 'refused',
      message: expect.stringContaining(`announced by scenario ${NAMESPACE}.shop already`),
    });
  });

  test('does not turn from addresses into an alias', async () => {
    await announce(recordOf('types'), 'source');
    expect(await announce(recordOf('types', ['lb.example.com']), 'recovery')).toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('from A (192.0.2.1) to CNAME (lb.example.com)'),
    });
  });

  test('waits for the load balancer whose address it is to have', async () => {
    const balancer = { namespace: NAMESPACE, name: 'no-such-balancer' };
    const record = { ...recordOf('balancer'), recovery: { service: balancer } };
    expect(await announce(record, 'recovery')).toMatchObject({
      kind: 'waiting',
      message: expect.stringContaining('does not exist'),
    });
  });
});

describe('an authoritative server', () => {
  test('says that a name does not exist', async () => {
    const [view] = await ask(`nothing-here.${lab.dns.zone}`);
    expect(view?.reply).toEqual({ kind: 'nxdomain' });
  });

  test('that nothing listens for is silent rather than an error', async () => {
    const [view] = await dns.ask(`any.${lab.dns.zone}`, ['127.0.0.1:1'], never);
    expect(view?.reply.kind).toBe('silent');
  });

  test('that will not speak of a zone is unable', async () => {
    const [view] = await ask('example.org');
    expect(view?.reply.kind).toBe('unable');
  });
});
