import { request } from 'node:http';
import { networkInterfaces } from 'node:os';
import { afterEach, expect, test } from 'vitest';
import { createMetrics } from '../metrics/metrics.ts';
import { manualClock } from '../testing/manual-clock.ts';
import { type RunningServer, serve } from './http.ts';
import { parseListen } from './listen.ts';

const running: RunningServer[] = [];
afterEach(async () => {
  for (const server of running.splice(0)) await server.close();
});

async function listenOn(text: string): Promise<RunningServer> {
  const listen = parseListen(text);
  if (listen === undefined) throw new Error(`${text} is no address`);
  const server = await serve(listen, { missing: () => [] }, createMetrics(manualClock()));
  running.push(server);
  return server;
}

function statusAt(host: string, { address }: RunningServer): Promise<number | undefined> {
  const port = Number(address.slice(address.lastIndexOf(':') + 1));
  return new Promise((resolve, reject) => {
    request({ host, port, path: '/healthz', agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

/** What became of it, whichever machine this is. */
const outcomeOf = (asked: Promise<unknown>): Promise<string> =>
  asked.then(String, (error: unknown) => `refused: ${String(error)}`);

const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === '::1'),
);

test.each([
  ['127.0.0.1:0', { host: '127.0.0.1', port: 0 }],
  ['localhost:8080', { host: 'localhost', port: 8080 }],
  ['[::1]:8080', { host: '::1', port: 8080 }],
  ['[fe80::1%eth0]:8080', { host: 'fe80::1%eth0', port: 8080 }],
  [':8080', { host: undefined, port: 8080 }],
])('%s is where to listen', (text, address) => {
  expect(parseListen(text)).toEqual(address);
});

test.each(['8080', '::1:8080', '[::1]', '[]:8080', 'localhost:', 'localhost:http', 'localhost:65536', ''])(
  '"%s" is not',
  (text) => {
    expect(parseListen(text)).toBeUndefined();
  },
);

test('an address of IPv4 is listened on, and told as it is asked for', async () => {
  const server = await listenOn('127.0.0.1:0');
  expect(server.address).toMatch(/^127\.0\.0\.1:\d+$/);
  expect(await statusAt('127.0.0.1', server)).toBe(200);
});

test('an address of IPv6 is listened on, and told as it is asked for; without IPv6 it is refused', async () => {
  const listened = listenOn('[::1]:0').then(
    async (server) => `${await statusAt('::1', server)} ${server.address}`,
  );
  expect(await outcomeOf(listened)).toMatch(hasIpv6 ? /^200 \[::1\]:\d+$/ : /^refused: .*::1/);
});

test('a port without a host is listened on at every address of IPv4', async () => {
  expect(await statusAt('127.0.0.1', await listenOn(':0'))).toBe(200);
});

test('a port without a host is listened on at every address of IPv6 too, where there are any', async () => {
  const asked = statusAt('::1', await listenOn(':0'));
  expect(await outcomeOf(asked)).toMatch(hasIpv6 ? /^200$/ : /^refused: .*::1/);
});
