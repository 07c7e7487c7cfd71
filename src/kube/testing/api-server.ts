/**
 * A server on this machine that speaks TLS and answers as a test says, and
 * kubeconfigs that lead to it. It knows nothing of Kubernetes: for tests of how
 * requests reach a server, not of what is in them.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Instant } from '../../domain/time.ts';
import { type Connection, parseKubeconfig } from '../kubeconfig.ts';
import { KEY_OF_SERVER_CERTIFICATE, SERVER_CERTIFICATE } from './certificates.ts';

export interface TestServer {
  readonly port: number;
  /** Connections that are open now. */
  connections(): number;
  /** Connections that were ever opened. */
  opened(): number;
  close(): Promise<void>;
}

/** @param answer gets the token that a request carries, '' for none */
export async function startServer(
  answer: (token: string, request: IncomingMessage, response: ServerResponse) => void,
): Promise<TestServer> {
  const open = new Set<Socket>();
  let opened = 0;
  const server = createServer({ cert: SERVER_CERTIFICATE, key: KEY_OF_SERVER_CERTIFICATE });
  server.on('connection', (socket: Socket) => {
    opened += 1;
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  server.on('request', (request: IncomingMessage, response: ServerResponse) =>
    answer((request.headers.authorization ?? '').replace('Bearer ', ''), request, response),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a server without a port');
  return {
    port: address.port,
    connections: () => open.size,
    opened: () => opened,
    close: () => {
      for (const socket of open) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** A kubeconfig as it stands in a Secret. */
export function kubeconfigOf(server: string, user: object, authority = SERVER_CERTIFICATE): string {
  const cluster = { server, 'certificate-authority-data': Buffer.from(authority).toString('base64') };
  return JSON.stringify({
    'current-context': 'x',
    contexts: [{ name: 'x', context: { cluster: 'x', user: 'x' } }],
    clusters: [{ name: 'x', cluster }],
    users: [{ name: 'x', user }],
  });
}

/** @throws Error when it cannot be used at `now` */
export function connectionFrom(kubeconfig: string, now: Instant): Connection {
  const parsed = parseKubeconfig(kubeconfig, { kind: 'secret' }, now);
  if (parsed.kind === 'invalid') throw new Error(parsed.message);
  return parsed.connection;
}
