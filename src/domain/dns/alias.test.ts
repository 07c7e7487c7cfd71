import { describe, expect, test } from 'vitest';
import { type Hosts, judgeAddresses, type Resolution } from './alias.ts';

const [first, second, third] = ['198.51.100.1', '198.51.100.2', '198.51.100.3'] as const;
const old = '192.0.2.1';
const resolved = (...addresses: string[]): Resolution => ({ kind: 'resolved', addresses });
const unresolved: Resolution = { kind: 'unresolved', message: 'the DNS resolver does not answer' };
const wished = (found: Resolution) => ({ name: 'shop.eu-north.elb.test', found });
const left = (found: Resolution) => ({ name: 'shop.eu-west.elb.test', found });

/** Both sides are host names in the spec, and the name answered with the old one's address, unless it is told otherwise. */
const hosts = (changes: Partial<Hosts> = {}): Hosts => ({
  wished: wished(resolved(first, second)),
  left: left(resolved(old)),
  before: [old],
  isBalancer: false,
  ...changes,
});
/** Both sides are Services, and nothing is remembered of before. */
const balancers = (found: Resolution, before?: readonly string[]) =>
  hosts({ wished: wished(found), left: undefined, before, isBalancer: true });

describe('addresses that are served for a host name', () => {
  test.each<[string, readonly string[], Hosts]>([
    ['all of those it has', [first, second], hosts()],
    ['some of those it has, as of a balancer with many', [second], hosts()],
    ['those of a balancer, which nobody else has', [first], balancers(resolved(first))],
    ['those of a balancer that the name led to before already', [first], balancers(resolved(first), [first])],
    ['those it has, in another spelling', ['2001:db8:0::1'], balancers(resolved('2001:db8::1'))],
    [
      'others than before, when the old host name has none any more',
      [first],
      hosts({ left: left(resolved()) }),
    ],
    ['others than before, when the old host name is not known', [first], hosts({ left: undefined })],
    ['some where nothing was served before', [first], hosts({ before: [] })],
  ])('show that the name has moved: %s', (_, served, known) => {
    expect(judgeAddresses(served, known)).toMatchObject({ kind: 'shown' });
  });

  test.each<[string, readonly string[], Hosts, RegExp]>([
    [
      'one of them is not among those it has now, as a balancer may exchange them',
      [first, third],
      hosts(),
      /198\.51\.100\.3 is not among those that shop\.eu-north\.elb\.test has now/,
    ],
    [
      'they are those it has, but what was served before is not remembered',
      [first, second],
      hosts({ before: undefined }),
      /others may have them too/,
    ],
  ])('make it likely: %s', (_, served, known, says) => {
    const evidence = judgeAddresses(served, known);
    expect(evidence).toMatchObject({ kind: 'likely', message: expect.stringMatching(says) });
  });

  test.each<[string, readonly string[], Hosts, RegExp]>([
    ['they are those of the old host name', [old], hosts(), /192\.0\.2\.1 is of shop\.eu-west\.elb\.test$/],
    ['one of them is of the old host name', [first, old], hosts(), /192\.0\.2\.1 is of shop\.eu-west/],
    [
      'one of them was served before, though only the old region knows whose it is',
      [first, old],
      balancers(resolved(first), [old]),
      /192\.0\.2\.1 is from before it was announced$/,
    ],
    [
      'both host names have them, as behind one proxy',
      [first],
      hosts({ left: left(resolved(first, second)), before: undefined }),
      /shop\.eu-west\.elb\.test has it too.* does not show where the name leads$/,
    ],
    [
      'they were served before too, as by a proxy that the new host name is also behind',
      [first, second],
      hosts({ before: [first, second] }),
      /did so before it was announced.* does not show where the name leads$/,
    ],
    [
      'neither has them, as of a proxy',
      ['203.0.113.9'],
      hosts(),
      /, which has 198\.51\.100\.1, 198\.51\.100\.2$/,
    ],
    ['the wished name has none yet', ['203.0.113.9'], balancers(resolved()), /, which has no address$/],
    [
      'those of the wished name cannot be found',
      [first],
      balancers(unresolved),
      /cannot be compared with it: the DNS resolver does not answer$/,
    ],
  ])('do not show it: %s', (_, served, known, says) => {
    const evidence = judgeAddresses(served, known);
    expect(evidence).toMatchObject({ kind: 'not-shown', message: expect.stringMatching(says) });
  });
});
