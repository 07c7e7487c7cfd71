import { describe, expect, test } from 'vitest';
import type { Hosts } from './alias.ts';
import type { Desired } from './desired.ts';
import { addressesServed, judge, type ServerReply, type ServerView } from './judge.ts';

const desired: Desired = {
  hostname: 'shop.test',
  ttl: 30,
  targets: [
    { type: 'A', value: '192.0.2.1' },
    { type: 'A', value: '192.0.2.2' },
  ],
};
const answers = (
  a: readonly string[],
  more: { aaaa?: string[]; cname?: string[]; ttl?: number } = {},
): ServerReply => ({
  kind: 'answers',
  records: { A: a, AAAA: more.aaaa ?? [], CNAME: more.cname ?? [] },
  ttl: more.ttl ?? 30,
});
const views = (...replies: ServerReply[]): ServerView[] =>
  replies.map((reply, index) => ({ server: `ns${index + 1}`, reply }));
const right = answers(['192.0.2.2', '192.0.2.1']);
const silent: ServerReply = { kind: 'silent', message: 'does not answer' };

describe('the servers of a name', () => {
  test('match when each answers exactly the desired set, in any order', () => {
    expect(judge(desired, views(right, right))).toMatchObject({ kind: 'matches' });
  });

  test.each<[string, ServerReply]>([
    ['the old address', answers(['203.0.113.9'])],
    ['old and new addresses together', answers(['192.0.2.1', '192.0.2.2', '203.0.113.9'])],
    ['only some of the addresses', answers(['192.0.2.1'])],
    ['an IPv6 address that was left behind', answers(['192.0.2.1', '192.0.2.2'], { aaaa: ['2001:db8::9'] })],
    [
      'an alias that leads to the right addresses',
      answers(['192.0.2.1', '192.0.2.2'], { cname: ['lb.test'] }),
    ],
    ['that the name does not exist', { kind: 'nxdomain' }],
    ['that it will not say', { kind: 'unable', message: 'refuses the question' }],
  ])('do not match while one answers %s', (_, wrong) => {
    const judgement = judge(desired, views(right, wrong));
    expect(judgement.kind).toBe('differs');
    expect(judgement.message).toContain('ns2');
  });

  test('match in part when all that speak agree and some are silent', () => {
    expect(judge(desired, views(right, silent))).toMatchObject({ kind: 'partial', silent: ['ns2'] });
  });

  test('do not match when all are silent or none is known', () => {
    expect(judge(desired, views(silent, silent)).kind).toBe('differs');
    expect(judge(desired, []).kind).toBe('differs');
  });

  test('are compared by meaning: letter case, final dots and spelling of IPv6 do not count', () => {
    const alias: Desired = { ...desired, targets: [{ type: 'CNAME', value: 'lb.example.com' }] };
    expect(judge(alias, views(answers([], { cname: ['LB.example.com.'] }))).kind).toBe('matches');
    const six: Desired = { ...desired, targets: [{ type: 'AAAA', value: '2001:db8::1' }] };
    expect(judge(six, views(answers([], { aaaa: ['2001:0db8:0:0::1'] }))).kind).toBe('matches');
  });

  test('match with a warning when clients are told to remember the answer for longer than wished', () => {
    expect(judge(desired, views(answers(['192.0.2.1', '192.0.2.2'], { ttl: 300 }))).message).toContain(
      'TTL of 300s instead of 30s',
    );
  });
});

describe('a host name whose zone answers with addresses, as Route 53 does with an ALIAS', () => {
  const alias: Desired = { ...desired, targets: [{ type: 'CNAME', value: 'new.elb.test' }] };
  const hosts: Hosts = {
    wished: { name: 'new.elb.test', found: { kind: 'resolved', addresses: ['192.0.2.1', '192.0.2.2'] } },
    left: { name: 'old.elb.test', found: { kind: 'resolved', addresses: ['203.0.113.9'] } },
    before: ['203.0.113.9'],
    isBalancer: false,
  };

  test('matches when these are the addresses of that host name, on each server', () => {
    expect(judge(alias, views(right, answers(['192.0.2.2'])), hosts)).toMatchObject({
      kind: 'matches',
      message: expect.stringContaining(
        'answers 192.0.2.1, 192.0.2.2, addresses of new.elb.test, on ns1, ns2',
      ),
    });
  });

  test('matches in part when some of them are not explained, and says which', () => {
    const judgement = judge(alias, views(right, answers(['192.0.2.1', '192.0.2.7']), silent), hosts);
    expect(judgement).toMatchObject({
      kind: 'partial',
      silent: ['ns3'],
      message: expect.stringMatching(
        /on ns1.*; ns2 .*192\.0\.2\.7 is not among.*; could not be checked: ns3/,
      ),
    });
  });

  test('does not match while one server answers with the addresses that it is to leave', () => {
    expect(judge(alias, views(right, answers(['203.0.113.9'])), hosts)).toMatchObject({
      kind: 'differs',
      message: 'ns2 answers 203.0.113.9 instead of new.elb.test: 203.0.113.9 is of old.elb.test',
    });
  });

  test('is not judged by its addresses when there is an alias to another name, nothing at all, or no look-up', () => {
    const another = answers(['192.0.2.1'], { cname: ['old.elb.test'] });
    expect(judge(alias, views(another), hosts).kind).toBe('differs');
    expect(judge(alias, views(answers([])), hosts).message).toBe(
      'ns1 answers nothing instead of new.elb.test',
    );
    expect(judge(alias, views(right)).kind).toBe('differs');
  });

  test('has served what its servers say together, and what is not known while none speaks', () => {
    const unable: ServerReply = { kind: 'unable', message: 'refuses the question' };
    expect(addressesServed(views(right, answers(['192.0.2.7']), silent))).toEqual([
      '192.0.2.1',
      '192.0.2.2',
      '192.0.2.7',
    ]);
    expect(addressesServed(views({ kind: 'nxdomain' }, silent))).toEqual([]);
    expect(addressesServed(views(answers(['192.0.2.1'], { cname: ['old.elb.test'] })))).toEqual([]);
    expect(addressesServed(views(unable, silent))).toBeUndefined();
  });
});
