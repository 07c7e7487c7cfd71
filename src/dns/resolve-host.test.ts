import { createSocket } from 'node:dgram';
import { afterEach, expect, test } from 'vitest';
import { seconds } from '../domain/time.ts';
import { hostResolver } from './resolve-host.ts';

const { signal } = new AbortController();
const timeout = seconds(2);
const NO_ERROR = 0;
const SERVER_FAILURE = 2;
const NO_SUCH_NAME = 3;
const TYPE_A = 1;

let cleanup: (() => Promise<void>) | undefined;
afterEach(() => cleanup?.());

/** A DNS server that gives every name these IPv4 addresses and no others. */
async function nameServer(responseCode: number, ...addresses: readonly string[]): Promise<string> {
  const socket = createSocket('udp4');
  socket.on('message', (question, from) =>
    socket.send(answerTo(question, responseCode, addresses), from.port, from.address),
  );
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  cleanup = () => new Promise((resolve) => socket.close(() => resolve()));
  return `127.0.0.1:${socket.address().port}`;
}

/** RFC 1035, 4.1: header, the question as it was asked, and a record for each address that points to its name. */
function answerTo(question: Buffer, responseCode: number, addresses: readonly string[]): Buffer {
  const end = question.indexOf(0, 12) + 5;
  const given = question.readUInt16BE(end - 4) === TYPE_A ? addresses : [];
  const header = Buffer.alloc(12);
  question.copy(header, 0, 0, 2);
  header.writeUInt16BE(0x8180 | responseCode, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(given.length, 6);
  const records = given.map((address) =>
    Buffer.from([0xc0, 12, 0, TYPE_A, 0, 1, 0, 0, 0, 60, 0, 4, ...address.split('.').map(Number)]),
  );
  return Buffer.concat([header, question.subarray(12, end), ...records]);
}

const resolve = (server: string) => hostResolver({ timeout, servers: [server] })('lb.example.com', signal);

test('finds all addresses of a host name', async () => {
  const found = await resolve(await nameServer(NO_ERROR, '198.51.100.1', '198.51.100.2'));
  expect(found).toEqual({ kind: 'resolved', addresses: ['198.51.100.1', '198.51.100.2'] });
});

test('finds none of a name that does not exist, or has none', async () => {
  const nothing = { kind: 'resolved', addresses: [] };
  expect(await resolve(await nameServer(NO_SUCH_NAME))).toEqual(nothing);
  await cleanup?.();
  expect(await resolve(await nameServer(NO_ERROR))).toEqual(nothing);
});

test('says what is the matter with the resolver', async () => {
  expect(await resolve(await nameServer(SERVER_FAILURE))).toEqual({
    kind: 'unresolved',
    message: 'the DNS resolver answers with a server failure',
  });
});
