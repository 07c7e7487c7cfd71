import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { recordKey } from './dns-records.ts';
import { proxyRate } from './links.ts';
import { firstFree } from './load-balancers.ts';
import { holdPort, holdPorts, releaseAll } from './ports.ts';

describe('load balancer addresses', () => {
  test('are handed out in order and never twice', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 600 }), (count) => {
        const taken = new Set<string>();
        for (let given = 0; given < count; given += 1) taken.add(firstFree('127.1', taken));

        expect(taken.size).toBe(count);
        expect([...taken].every((address) => /^127\.1\.\d{1,3}\.\d{1,3}$/.test(address))).toBe(true);
      }),
      { numRuns: 10 },
    );
  });

  test('a freed one is given again', () => {
    expect(firstFree('127.1', new Set(['127.1.0.1', '127.1.0.3']))).toBe('127.1.0.2');
  });
});

describe('held ports', () => {
  test('are different from each other and outside what the kernel gives to outgoing connections', async () => {
    const ports = await holdPorts(5);

    expect(new Set(ports.map(({ port }) => port)).size).toBe(5);
    expect(ports.every(({ port }) => port >= 20_000 && port < 32_768)).toBe(true);
    await releaseAll(ports);
  });

  test('may be released twice', async () => {
    const held = await holdPort();
    await held.release();

    await expect(held.release()).resolves.toBeUndefined();
  });
});

test('a throttle never becomes a stop', () => {
  expect(proxyRate(1000)).toBe(1024);
  expect(proxyRate(0.0001)).toBe(1);
});

test('a record is filed under its labels in reverse, below a part of its own', () => {
  expect(recordKey('shop.dr.test')).toBe('/skydns/test/dr/shop/foreign');
});
