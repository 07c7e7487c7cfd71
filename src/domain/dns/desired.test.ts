import { describe, expect, test } from 'vitest';
import {
  announcementProblem,
  changeProblem,
  type DnsRecord,
  desiredOf,
  moveProblem,
  stuckNames,
  typeChange,
} from './desired.ts';

const record: DnsRecord = {
  hostname: 'shop.example.com',
  ttl: 30,
  source: { addresses: ['192.0.2.1'] },
  recovery: { addresses: ['198.51.100.1'] },
};
const targets = (...addresses: string[]) => {
  const result = desiredOf(record, addresses);
  if (result.kind !== 'desired') throw new Error(result.message);
  return result.desired.targets;
};

describe('desiredOf', () => {
  test('sorts addresses, drops repetitions and writes IPv6 in one form', () => {
    expect(targets('2001:DB8:0::1', '198.51.100.1', '192.0.2.1', '192.0.2.1')).toEqual([
      { type: 'A', value: '192.0.2.1' },
      { type: 'A', value: '198.51.100.1' },
      { type: 'AAAA', value: '2001:db8::1' },
    ]);
  });

  test('takes one host name as an alias', () => {
    expect(targets('LB.example.com.')).toEqual([{ type: 'CNAME', value: 'lb.example.com' }]);
  });

  test('has nothing to say while there is no address', () => {
    expect(desiredOf(record, [])).toMatchObject({ kind: 'empty' });
  });

  test.each([
    ['addresses mixed with a name', ['192.0.2.1', 'lb.example.com']],
    ['two names', ['a.example.com', 'b.example.com']],
    ['an address with a number too large', ['192.0.2.256']],
    ['an address with too few numbers', ['192.0.2']],
    ['a malformed IPv6 address', ['2001:db8:::1']],
    ['something that is neither', ['not a name']],
  ])('refuses %s', (_, addresses) => {
    expect(desiredOf(record, addresses)).toMatchObject({ kind: 'refused' });
  });
});

describe('a name that is to change', () => {
  test('may get other addresses of the same kind', () => {
    expect(changeProblem('a', targets('192.0.2.1'), targets('198.51.100.1', '198.51.100.2'))).toBeUndefined();
  });

  test('may be announced for the first time', () => {
    expect(changeProblem('a', [], targets('192.0.2.1'))).toBeUndefined();
  });

  test('must not turn from an address into an alias', () => {
    expect(changeProblem('a', targets('192.0.2.1'), targets('lb.example.com'))).toContain(
      'from A (192.0.2.1) to CNAME',
    );
  });

  test('must not leave an IPv6 address of the lost region behind', () => {
    const problem = changeProblem('a', targets('192.0.2.1', '2001:db8::1'), targets('198.51.100.1'));
    expect(problem).toContain('from A+AAAA');
  });

  test('is judged from the spec when both sides are written there', () => {
    expect(typeChange(record)).toBeUndefined();
    expect(typeChange({ ...record, recovery: { addresses: ['lb.example.com'] } })).toContain('CNAME');
    expect(
      typeChange({ ...record, recovery: { service: { namespace: 'shop', name: 'web' } } }),
    ).toBeUndefined();
  });
});

describe('what a name is to be announced with in place of what is announced', () => {
  const announced = (...addresses: string[]) => ({
    service: 'dr/antipode-shop',
    targets: targets(...addresses),
  });
  const service = { service: { namespace: 'shop', name: 'web' } };
  const aliases: DnsRecord = {
    ...record,
    source: { addresses: ['lb.eu-west.example.com'] },
    recovery: { addresses: ['lb.eu-north.example.com'] },
  };

  test('may be other addresses of the same kind', () => {
    const problem = announcementProblem(record, 'recovery', targets('198.51.100.1'), announced('192.0.2.1'));
    expect(problem).toBeUndefined();
  });

  test.each(['source', 'recovery'] as const)(
    'says what brings a type into force that both sides have by now, from the side of the %s',
    (side) => {
      const after = targets(...(aliases[side].addresses ?? []));
      const problem = announcementProblem(aliases, side, after, announced('192.0.2.1'));

      expect(problem).toContain('from A (192.0.2.1) to CNAME');
      expect(problem).toContain('both sides of the record are CNAME by now');
      expect(problem).toMatch(/delete Service dr\/antipode-shop .* once.*TXT records.*expect a gap/);
      expect(problem).not.toContain('use the same types');
    },
  );

  test('asks for the same types where the sides differ', () => {
    const problem = announcementProblem(
      { ...record, source: service },
      'source',
      targets('lb.example.com'),
      announced('192.0.2.1'),
    );
    expect(problem).toMatch(/use the same types on both sides$/);
  });

  test('offers both where the other side is known to its region only', () => {
    const problem = announcementProblem(
      { ...record, source: service },
      'recovery',
      targets('198.51.100.1'),
      announced('lb.example.com'),
    );
    expect(problem).toMatch(/use the same types on both sides, or delete Service dr\/antipode-shop/);
  });

  test('may have addresses of another family besides, once both sides have them', () => {
    const both = { addresses: ['192.0.2.1', '2001:db8::1'] };
    const dual: DnsRecord = { ...record, source: both, recovery: both };
    const after = targets(...both.addresses);

    expect(announcementProblem(dual, 'source', after, announced('192.0.2.1'))).toBeUndefined();
    expect(
      announcementProblem({ ...dual, recovery: service }, 'source', after, announced('192.0.2.1')),
    ).toContain('from A (192.0.2.1) to A+AAAA');
  });
});

describe('a name whose source is a Service', () => {
  const mixed: DnsRecord = { ...record, source: { service: { namespace: 'shop', name: 'web' } } };
  const balancer = targets('shop-1.eu-west-1.elb.amazonaws.com');
  const service = 'dr/antipode-shop';

  test('cannot be moved when it is announced with a host name and is to get addresses', () => {
    expect(moveProblem(mixed, balancer)).toMatch(
      /from CNAME .* to A \(198\.51\.100\.1\).*same types on both sides$/,
    );
  });

  test('can be moved between addresses, and is not judged while the recovery region alone knows its address', () => {
    expect(moveProblem(mixed, targets('192.0.2.1'))).toBeUndefined();
    expect(moveProblem({ ...mixed, recovery: mixed.source }, balancer)).toBeUndefined();
  });

  test('is told of, with the way out, before a failover comes to it', () => {
    const names = [{ hostname: record.hostname, service, targets: balancer }];
    const [stuck, ...others] = stuckNames([mixed, { ...record, hostname: 'new.example.com' }], names);

    expect(stuck).toMatch(/same types on both sides, or delete Service dr\/antipode-shop/);
    expect(others).toEqual([]);
  });
});
