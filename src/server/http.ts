/** The operator's own endpoint: liveness, readiness and metrics. Plain HTTP inside the cluster, read only. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Metrics } from '../metrics/metrics.ts';
import { type ListenAddress, listenText } from './listen.ts';

export interface Health {
  /** What is still missing before this replica is of use; empty when ready. */
  missing(): readonly string[];
}

export interface RunningServer {
  readonly address: string;
  close(): Promise<void>;
}

/**
 * Resolves when it listens.
 * @throws the system error when the address cannot be bound
 */
export async function serve(
  { host, port }: ListenAddress,
  health: Health,
  metrics: Metrics,
): Promise<RunningServer> {
  const server = createServer((request, response) => {
    answer(request.url ?? '/', health, metrics).then(
      ({ status, contentType, body }) =>
        response.writeHead(status, { 'content-type': contentType }).end(body),
      (error: unknown) => response.writeHead(500, { 'content-type': 'text/plain' }).end(String(error)),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(host === undefined ? { port } : { host, port }, resolve);
  });
  return { address: addressOf(server), close: () => closed(server) };
}

interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

const plain = (status: number, body: string): Answer => ({
  status,
  contentType: 'text/plain; charset=utf-8',
  body: `${body}\n`,
});

async function answer(path: string, health: Health, metrics: Metrics): Promise<Answer> {
  const [route = '/'] = path.split('?');
  switch (route) {
    case '/healthz':
      // Answering is all there is to it: only a process that hangs cannot.
      return plain(200, 'ok');
    case '/readyz': {
      const missing = health.missing();
      return missing.length === 0 ? plain(200, 'ok') : plain(503, `not ready: ${missing.join('; ')}`);
    }
    case '/metrics':
      return { status: 200, ...(await metrics.render()) };
    default:
      return plain(404, 'not found; try /healthz, /readyz or /metrics');
  }
}

function addressOf(server: Server): string {
  const address: AddressInfo | string | null = server.address();
  return address === null || typeof address === 'string'
    ? String(address)
    : listenText(address.address, address.port);
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error === undefined ? resolve() : reject(error)));
    server.closeAllConnections();
  });
}
