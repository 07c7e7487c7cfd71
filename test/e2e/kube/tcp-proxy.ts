/**
 * A TCP proxy on loopback that a test controls: counts connections, breaks them
 * with a reset, refuses new ones. The lab's own links hang and slow; they do not
 * reset or count.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';

export interface TcpProxy {
  readonly port: number;
  /** Connections accepted since the start. */
  accepted(): number;
  /** Connections open now. */
  open(): number;
  /** Breaks every open connection with a TCP reset. */
  reset(): void;
  /** Refuses new connections until `listen`; open ones stay. */
  refuse(): Promise<void>;
  listen(): Promise<void>;
  close(): Promise<void>;
}

export async function tcpProxy(targetPort: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let accepted = 0;
  let port = 0;
  let server: Server | undefined;

  const listen = async (): Promise<void> => {
    if (server !== undefined) return;
    const created = createServer((incoming) => {
      accepted += 1;
      join(incoming, connect(targetPort, '127.0.0.1'), sockets);
    });
    await new Promise<void>((resolve, reject) => {
      created.once('error', reject).listen(port, '127.0.0.1', resolve);
    });
    const address = created.address();
    if (address !== null && typeof address === 'object') port = address.port;
    server = created;
  };
  const reset = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  const refuse = async (): Promise<void> => {
    server?.close();
    server = undefined;
  };
  await listen();
  return {
    port,
    accepted: () => accepted,
    open: () => sockets.size,
    reset,
    refuse,
    listen,
    close: async () => {
      await refuse();
      reset();
    },
  };
}

function join(incoming: Socket, outgoing: Socket, sockets: Set<Socket>): void {
  sockets.add(incoming);
  incoming.pipe(outgoing);
  outgoing.pipe(incoming);
  const end = (): void => {
    sockets.delete(incoming);
    incoming.destroy();
    outgoing.destroy();
  };
  for (const socket of [incoming, outgoing]) socket.on('error', end).on('close', end);
}
