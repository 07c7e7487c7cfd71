/**
 * Runs a program in a container of a Pod and waits for its end. client-node's
 * own `exec` is not used: it gives no status when the connection breaks, and no
 * word of why a server refuses.
 */
import type { Duplex } from 'node:stream';
import type { Clock } from '../domain/time.ts';
import type { Random } from './backoff.ts';
import type { ExecRequest, ExecResult } from './cluster.ts';
import { DeadlineExceededError, onAbort, withDeadline } from './deadline.ts';
import { KubeError } from './errors.ts';
import { EXEC_PROTOCOL, ExecReader } from './exec-protocol.ts';
import { about, type CallContext, errorFromFailure, malformed } from './status-error.ts';
import type { Transport } from './transport.ts';
import {
  acceptFor,
  closeFrame,
  MessageReader,
  newKey,
  pongFrame,
  WebSocketProtocolError,
} from './websocket.ts';

interface ExecDeps {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
}

/** See Cluster.exec. */
export async function exec(
  deps: ExecDeps,
  pod: { readonly namespace: string; readonly name: string },
  request: ExecRequest,
  signal: AbortSignal,
): Promise<ExecResult> {
  const reader = new ExecReader();
  const { cluster } = deps.transport;
  const context = { cluster, verb: 'exec', kind: 'Pod', name: `${pod.namespace}/${pod.name}` };
  let isOpen = false;
  try {
    await withDeadline(deps.clock, request.timeout, signal, async (bounded) => {
      const socket = await open(deps, context, pathOf(pod, request), bounded);
      isOpen = true;
      await listen(socket, reader, deps.random, bounded);
    });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof DeadlineExceededError) {
      // The program is not told: nothing in the protocol ends it.
      if (isOpen) return { kind: 'timed-out', output: reader.output };
      throw errorFromFailure(error, context);
    }
    throw error instanceof WebSocketProtocolError ? malformed(context, error.message) : error;
  }
  if (reader.end !== undefined) return { ...reader.end, output: reader.output };
  throw new KubeError('Unreachable', `${about(context)}: the connection ended before the program did`, {
    cluster,
  });
}

async function open(
  { transport, random }: ExecDeps,
  context: CallContext & { readonly name: string },
  path: string,
  signal: AbortSignal,
): Promise<Duplex> {
  const key = newKey(random);
  const asked = {
    protocol: 'websocket',
    headers: {
      'sec-websocket-version': '13',
      'sec-websocket-key': key,
      'sec-websocket-protocol': EXEC_PROTOCOL,
    },
  };
  const request = { ...context, method: 'GET', path, repeat: 'once' } as const;
  const { socket, headers } = await transport.upgrade(request, asked, signal);
  const isAgreed =
    headers['sec-websocket-accept'] === acceptFor(key) && headers['sec-websocket-protocol'] === EXEC_PROTOCOL;
  if (isAgreed) return socket;
  socket.destroy();
  throw malformed(context, `the server does not speak ${EXEC_PROTOCOL}`);
}

function pathOf(
  { namespace, name }: { readonly namespace: string; readonly name: string },
  { container, command }: ExecRequest,
): string {
  const search = new URLSearchParams({ container, stdout: 'true', stderr: 'true' });
  for (const part of command) search.append('command', part);
  const pod = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}`;
  // `+` for a space is a form's way, which Go's servers understand in queries too.
  return `${pod}/exec?${search.toString()}`;
}

/** Reads until the program has ended or the connection has. @throws the signal's reason */
function listen(socket: Duplex, reader: ExecReader, random: Random, signal: AbortSignal): Promise<void> {
  const messages = new MessageReader();
  return new Promise((resolve, reject) => {
    const undo = onAbort(signal, () => {
      socket.destroy();
      reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    });
    const end = (): void => {
      undo();
      socket.destroy();
      resolve();
    };
    // What breaks the connection ends it too: `reader.end` tells whether that was too early.
    socket.on('error', end);
    socket.on('close', end);
    socket.on('end', end);
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const message of messages.push(chunk)) {
          if (message.kind === 'data') reader.push(message.payload);
          if (message.kind === 'ping') socket.write(pongFrame(message.payload, random));
          if (message.kind === 'close' || reader.end !== undefined) {
            socket.end(closeFrame(random));
            end();
            return;
          }
        }
      } catch (error) {
        undo();
        socket.destroy();
        reject(error instanceof Error ? error : new Error('not an error', { cause: error }));
      }
    });
  });
}
