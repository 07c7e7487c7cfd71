import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import type { ProbeOutcome } from '../domain/health/probe-history.ts';
import { millis, seconds } from '../domain/time.ts';
import { manualClock } from '../testing/manual-clock.ts';
import { proberFor } from './prober.ts';
import { resolveHost } from './resolve.ts';

const cleanups: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

const never = new AbortController().signal;
const probe = proberFor(systemClock);

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const open = new Set<{ destroy(): void }>();
  server.on('connection', (socket) => open.add(socket));
  cleanups.push(() => {
    for (const socket of open) socket.destroy();
    return new Promise((resolve) => server.close(() => resolve()));
  });
  return (server.address() as AddressInfo).port;
}

async function http(handler: RequestListener): Promise<URL> {
  return new URL(`http://127.0.0.1:${await listen(createServer(handler))}/healthz`);
}

const ask = (url: URL, expectedStatus = [200]): Promise<ProbeOutcome> =>
  probe({ kind: 'http', url, expectedStatus }, seconds(5), never);

const reasonOf = (outcome: ProbeOutcome): string =>
  outcome.kind === 'passed' ? 'passed' : `${outcome.reason}: ${outcome.message}`;

describe('an HTTP probe', () => {
  test('passes on an expected status and measures the time to the headers', async () => {
    const url = await http((_request, response) => response.end('ok'));
    const outcome = await ask(url);
    expect(outcome.kind).toBe('passed');
    expect(outcome.latency).toBeGreaterThan(0);
  });

  test('fails on another status and names it', async () => {
    const url = await http((_request, response) => response.writeHead(503).end());
    expect(reasonOf(await ask(url))).toBe('status: answered with status 503');
  });

  test('does not follow a redirect, which counts by its own status', async () => {
    const url = await http((_request, response) => response.writeHead(302, { location: '/other' }).end());
    expect(reasonOf(await ask(url))).toBe('status: answered with status 302');
    expect(reasonOf(await ask(url, [302]))).toBe('passed');
  });

  test('does not wait for a body that never ends', async () => {
    const url = await http((_request, response) => {
      response.writeHead(200).write('first of many');
    });
    expect(reasonOf(await ask(url))).toBe('passed');
  });

  test('opens a connection for every probe, so that a server which accepts nobody is seen', async () => {
    let connections = 0;
    const server = createServer((_request, response) => response.end('ok'));
    server.on('connection', () => {
      connections += 1;
    });
    const url = new URL(`http://127.0.0.1:${await listen(server)}/`);
    await ask(url);
    await ask(url);
    expect(connections).toBe(2);
  });

  test('fails with refused when nobody listens', async () => {
    const url = await http((_request, response) => response.end());
    for (const cleanup of cleanups.splice(0)) await cleanup();
    expect(reasonOf(await ask(url))).toBe('refused: connection refused');
  });

  test('fails with a protocol error when the answer is not HTTP', async () => {
    const port = await listen(createTcpServer((socket) => socket.write('SSH-2.0-OpenSSH\r\n\r\n')));
    const outcome = await ask(new URL(`http://127.0.0.1:${port}/`));
    expect(reasonOf(outcome)).toBe('protocol: the answer is not HTTP');
  });

  test('fails with tls when the certificate is not signed by a known authority', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'antipode-probe-'));
    cleanups.push(() => rmSync(directory, { recursive: true }));
    const [key, cert] = [join(directory, 'key'), join(directory, 'cert')];
    const subject = ['-subj', '/CN=localhost', '-days', '1', '-nodes'];
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        ...subject,
        '-keyout',
        key,
        '-out',
        cert,
      ],
      { stdio: 'ignore' },
    );
    const server = createTlsServer(
      { key: readFileSync(key), cert: readFileSync(cert) },
      (_request, response) => response.end(),
    );
    const url = new URL(`https://localhost:${await listen(server)}/`);
    expect(reasonOf(await ask(url))).toBe('tls: certificate is self-signed');
  });

  test('fails with timeout, and not before its time, when the server accepts and says nothing', async () => {
    const clock = manualClock();
    const server = createTcpServer();
    const connected = once(server, 'connection');
    const port = await listen(server);
    const url = new URL(`http://127.0.0.1:${port}/`);
    const pending = proberFor(clock)({ kind: 'http', url, expectedStatus: [200] }, seconds(2), never);
    await connected;
    await clock.advance(millis(1999));
    expect(clock.sleeping()).toBe(1);
    await clock.advance(millis(1));
    expect(await pending).toEqual({
      kind: 'failed',
      latency: 2000,
      reason: 'timeout',
      message: 'no answer within 2s',
    });
  });

  test('ends with its time, and leaves no connection behind, while the connection is still being made', async () => {
    const clock = manualClock();
    const server = createTcpServer();
    const connected = once(server, 'connection');
    const url = new URL(`https://127.0.0.1:${await listen(server)}/`);
    const pending = proberFor(clock)({ kind: 'http', url, expectedStatus: [200] }, seconds(2), never);
    const [socket] = (await connected) as [Socket];
    const closed = once(socket.on('error', () => undefined).resume(), 'close');
    const begin = performance.now();
    await clock.advance(seconds(2));
    expect(reasonOf(await pending)).toBe('timeout: no answer within 2s');
    await closed;
    // After ten seconds undici gives up a connection by itself.
    expect(performance.now() - begin).toBeLessThan(9_000);
  });

  test('is given up at once, with the reason of the signal, when the operator stops', async () => {
    const stop = new AbortController();
    const port = await listen(createTcpServer(() => stop.abort(new Error('shutting down'))));
    const target = {
      kind: 'http',
      url: new URL(`http://127.0.0.1:${port}/`),
      expectedStatus: [200],
    } as const;
    await expect(probe(target, seconds(30), stop.signal)).rejects.toThrow('shutting down');
  });
});

describe('a TCP probe', () => {
  test('passes when the connection opens', async () => {
    const port = await listen(createTcpServer());
    const outcome = await probe({ kind: 'tcp', host: 'localhost', port }, seconds(5), never);
    expect(reasonOf(outcome)).toBe('passed');
  });

  test('fails with refused when nobody listens', async () => {
    const port = await listen(createTcpServer());
    for (const cleanup of cleanups.splice(0)) await cleanup();
    const outcome = await probe({ kind: 'tcp', host: '127.0.0.1', port }, seconds(5), never);
    expect(reasonOf(outcome)).toBe('refused: connection refused');
  });
});

/** An address, a response code without any, or no answer at all. */
type NameAnswer = 'address' | number | 'silent';

/** A DNS server that answers every question of a type in one way. */
async function nameServer(v4: NameAnswer, v6: NameAnswer = v4): Promise<string> {
  const socket = createSocket('udp4');
  socket.on('message', (question, from) => {
    const endOfName = question.indexOf(0, HEADER_BYTES) + 1;
    const type = question.readUInt16BE(endOfName);
    const answer = type === AAAA ? v6 : v4;
    if (answer === 'silent') return;
    const head = Buffer.from(question.subarray(0, endOfName + 4));
    head.writeUInt16BE(0x8180 | (answer === 'address' ? 0 : answer), 2);
    // One question, as many answers, and none of the additional records that the question carried.
    head.writeBigUInt64BE(answer === 'address' ? 0x0001_0001_0000_0000n : 0x0001_0000_0000_0000n, 4);
    const records = answer === 'address' ? [recordOf(type)] : [];
    socket.send(Buffer.concat([head, ...records]), from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  cleanups.push(() => new Promise((resolve) => socket.close(() => resolve())));
  return `127.0.0.1:${socket.address().port}`;
}

const HEADER_BYTES = 12;
const AAAA = 28;
/** The response code of a name that has no record of the type asked for. */
const NO_DATA = 0;

/** 192.0.2.7 or 2001:db8::7 for the name in the question. */
function recordOf(type: number): Buffer {
  const address = Buffer.from(type === AAAA ? '20010db8000000000000000000000007' : 'c0000207', 'hex');
  const head = Buffer.from('c00c000000010000003c0000', 'hex');
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(address.length, 10);
  return Buffer.concat([head, address]);
}

const resolve = (host: string, server: string, signal = never, clock = manualClock()): Promise<string> =>
  resolveHost(host, clock, signal, [server]);

describe('resolving a host', () => {
  test('leaves addresses as they are, IPv6 in brackets too', async () => {
    expect(await resolve('192.0.2.7', '127.0.0.1:1')).toBe('192.0.2.7');
    expect(await resolve('[2001:db8::1]', '127.0.0.1:1')).toBe('2001:db8::1');
  });

  test('an IPv4 address is enough, and is not kept waiting by an IPv6 one that does not come', async () => {
    const begin = performance.now();
    expect(await resolve('shop.example', await nameServer('address', 'silent'))).toBe('192.0.2.7');
    // After five seconds the resolver would ask again.
    expect(performance.now() - begin).toBeLessThan(4_500);
  });

  test.each([
    ['no IPv4 address', NO_DATA],
    ['an error for IPv4', 2],
  ])('an IPv6 address is enough where there is %s', async (_, v4) => {
    expect(await resolve('shop.example', await nameServer(v4, 'address'))).toBe('2001:db8::7');
  });

  test('an IPv6 address is taken when the IPv4 one does not come within half a second', async () => {
    const clock = manualClock();
    const server = await nameServer('silent', 'address');
    const pending = resolve('shop.example', server, never, clock);
    while (clock.sleeping() === 0) await new Promise(setImmediate);
    await clock.advance(millis(499));
    expect(clock.sleeping()).toBe(1);
    await clock.advance(millis(1));
    expect(await pending).toBe('2001:db8::7');
  });

  test('a name that does not exist is the failure of the target', async () => {
    const server = await nameServer(3);
    await expect(resolve('gone.example', server)).rejects.toMatchObject({ reason: 'dns' });
  });

  test.each([
    ['fails', 2, 2],
    ['fails for IPv4 only', 2, NO_DATA],
    ['fails for IPv6 only', NO_DATA, 2],
  ])('a resolver that %s is not held against the target', async (_, v4, v6) => {
    const server = await nameServer(v4, v6);
    await expect(resolve('shop.example', server)).rejects.toMatchObject({ reason: 'resolver' });
  });

  test.each([
    ['nothing', 'silent', 'silent'],
    ['only that there is no IPv4 address', NO_DATA, 'silent'],
  ] as const)(
    'a resolver that answered %s when time was up is not held against the target',
    async (_, v4, v6) => {
      const stop = new AbortController();
      const pending = resolve('shop.example', await nameServer(v4, v6), stop.signal);
      stop.abort();
      await expect(pending).rejects.toMatchObject({ reason: 'resolver' });
    },
  );

  test('a time that was up before an address could be chosen is not held against the target', async () => {
    const stop = new AbortController();
    const clock = manualClock();
    const pending = resolve('shop.example', await nameServer('silent', 'address'), stop.signal, clock);
    while (clock.sleeping() === 0) await new Promise(setImmediate);
    stop.abort();
    await expect(pending).rejects.toMatchObject({ reason: 'resolver' });
  });
});
