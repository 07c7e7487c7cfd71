/**
 * The exec endpoint of a kubelet, served by the test itself: the API server
 * forwards to it what it accepts. Programs are named by what they do. Frames are
 * written here by hand, so that the client is not tested against itself.
 */
import { createHash } from 'node:crypto';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { createAuthority, issueServer } from '../../../hack/lab/pki/certificate.ts';

export interface Kubelet {
  readonly port: number;
  /** What it was asked to run: `namespace/pod/container: command`. */
  readonly asked: readonly string[];
  /** Ends the programs that run `until-told`. */
  tell(): void;
  stop(): Promise<void>;
}

const DAY = 86_400_000;
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const PROTOCOL = 'v4.channel.k8s.io';

export async function startKubelet(): Promise<Kubelet> {
  const validity = { notBefore: Date.now() - DAY, notAfter: Date.now() + DAY };
  const authority = createAuthority('kubelet-authority', validity);
  const { certificate, key } = issueServer(
    authority,
    { commonName: 'kubelet' },
    { names: ['localhost'], addresses: ['127.0.0.1'] },
    validity,
  );
  const asked: string[] = [];
  const server = createServer({ cert: certificate, key }, (_request, response) => {
    response.writeHead(400);
    response.end('only exec is served here');
  });
  const sockets = new Set<Duplex>();
  const waiting: (() => void)[] = [];
  server.on('upgrade', (request, socket) => {
    sockets.add(socket);
    const url = new URL(request.url ?? '', 'https://kubelet');
    const [, verb, namespace, pod, container] = url.pathname.split('/');
    const command = url.searchParams.getAll('command');
    asked.push(`${namespace}/${pod}/${container}: ${command.join(' ')}`);
    const protocols = (request.headers['sec-websocket-protocol'] ?? '').split(/, */);
    if (verb !== 'exec' || !protocols.includes(PROTOCOL)) {
      socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    const accept = createHash('sha1')
      .update(`${request.headers['sec-websocket-key']}${GUID}`)
      .digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n` +
        `sec-websocket-accept: ${accept}\r\nsec-websocket-protocol: ${PROTOCOL}\r\n\r\n`,
    );
    socket.on('error', () => socket.destroy());
    run(command, socket, waiting);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    asked,
    tell: () => {
      for (const end of waiting.splice(0)) end();
    },
    async stop() {
      // An upgraded connection is no connection of the server any more.
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

const SUCCESS = { metadata: {}, status: 'Success' };
const failure = (code: number) => ({
  metadata: {},
  status: 'Failure',
  reason: 'NonZeroExitCode',
  message: `command terminated with non-zero exit code: exit status ${code}`,
  details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
});

function run([program = '', ...words]: readonly string[], socket: Duplex, waiting: (() => void)[]): void {
  const say = (channel: number, text: string) =>
    socket.write(frame(2, Buffer.from(`${String.fromCharCode(channel)}${text}`)));
  const end = (status: object) => {
    say(3, JSON.stringify(status));
    socket.write(frame(8, Buffer.from([0x03, 0xe8])));
  };
  // As kubelets open their channels.
  for (const channel of [0, 1, 2, 3]) say(channel, '');
  switch (program) {
    case 'succeed':
      say(1, words.join(' '));
      return end(SUCCESS);
    case 'fail':
      socket.write(frame(9, Buffer.from('still there?')));
      say(2, `${'noise\n'.repeat(2000)}${words.join(' ')}`);
      return end(failure(3));
    case 'missing':
      return end({ ...failure(0), reason: 'InternalError', message: 'executable file not found in $PATH' });
    case 'until-told':
      waiting.push(() => end(SUCCESS));
      return;
    case 'vanish':
      socket.destroy();
      return;
    default:
      // Runs for ever.
      say(1, 'working');
  }
}

/** A frame of a server: whole, not masked. */
function frame(opcode: number, payload: Buffer): Buffer {
  const head = payload.length < 126 ? Buffer.alloc(2) : Buffer.alloc(4);
  head[0] = 0x80 | opcode;
  head[1] = payload.length < 126 ? payload.length : 126;
  if (payload.length >= 126) head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
}
