import { describe, expect, test } from 'vitest';
import { changeProblem, type DnsRecord, desiredOf, typeChange } from './desired.ts';

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
