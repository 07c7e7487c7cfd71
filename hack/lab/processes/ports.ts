/**
 * Loopback ports for servers that must come back on the same port after a
 * kill. They are taken from below the range the kernel hands out for outgoing
 * connections, or one of those could sit on a killed server's port when it
 * returns, and are held by a listener of ours until the server is started.
 */
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { LabError } from '../errors.ts';

const FIRST = 20_000;
/** Linux gives out 32768 and up, other systems 49152 and up. */
const LAST = 32_000;
const ATTEMPTS = 200;
export const LOOPBACK = '127.0.0.1';

export interface HeldPort {
  readonly port: number;
  /** Lets go, right before the server that shall have it is started. Repeating it does nothing. */
  release(): Promise<void>;
}

/** @throws LabError 'NoFreePort' */
export async function holdPort(): Promise<HeldPort> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const held = await tryHold(randomInt(FIRST, LAST));
    if (held !== undefined) return held;
  }
  throw new LabError('NoFreePort', `found no free port from ${FIRST} to ${LAST} on ${LOOPBACK}`);
}

/** As many different ports as asked for, held together. */
export async function holdPorts(count: number): Promise<readonly HeldPort[]> {
  const held: HeldPort[] = [];
  while (held.length < count) held.push(await holdPort());
  return held;
}

export async function releaseAll(ports: readonly HeldPort[]): Promise<void> {
  await Promise.all(ports.map((port) => port.release()));
}

/** Both TCP and UDP, as a DNS server needs the same number of both. */
async function tryHold(port: number): Promise<HeldPort | undefined> {
  const tcp = await listenTcp(port);
  if (tcp === undefined) return undefined;
  const udp = await listenUdp(port);
  if (udp === undefined) {
    await tcp();
    return undefined;
  }
  let released: Promise<unknown> | undefined;
  return {
    port,
    release: async () => {
      released ??= Promise.all([tcp(), udp()]);
      await released;
    },
  };
}

function listenTcp(port: number): Promise<(() => Promise<void>) | undefined> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', () => resolve(undefined));
    server.listen({ port, host: LOOPBACK, exclusive: true }, () => {
      server.unref();
      resolve(() => new Promise((done) => server.close(() => done())));
    });
  });
}

function listenUdp(port: number): Promise<(() => Promise<void>) | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => resolve(undefined));
    socket.bind({ port, address: LOOPBACK, exclusive: true }, () => {
      socket.unref();
      resolve(() => new Promise((done) => socket.close(() => done())));
    });
  });
}
