/**
 * Turns a connection of a dispatcher into one that speaks another protocol, or
 * tells what the server answered instead. undici's own `upgrade` throws that
 * answer away, and with it the reason for a refusal.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Dispatcher } from 'undici';
import { onAbort } from './deadline.ts';

export type Upgraded =
  | { readonly kind: 'upgraded'; readonly socket: Duplex; readonly headers: IncomingHttpHeaders }
  | { readonly kind: 'answered'; readonly status: number; readonly text: string };

/** A refusal is short; what is longer is none, and not read to its end. */
const LONGEST_ANSWER = 65_536;

/** @throws what the connection throws; the signal's reason when it aborts before there is an answer */
export function upgrade(
  dispatcher: Dispatcher,
  options: Dispatcher.DispatchOptions,
  signal: AbortSignal,
): Promise<Upgraded> {
  return new Promise((resolve, reject) => {
    let status = 0;
    const body: Buffer[] = [];
    let length = 0;
    let undo = (): void => undefined;
    const answer = (upgraded: Upgraded): void => {
      undo();
      resolve(upgraded);
    };
    dispatcher.dispatch(options, {
      onRequestStart: (controller) => {
        undo = onAbort(signal, () =>
          controller.abort(signal.reason instanceof Error ? signal.reason : new Error('aborted')),
        );
      },
      onRequestUpgrade: (_controller, _status, headers, socket) =>
        answer({ kind: 'upgraded', socket, headers }),
      onResponseStart: (_controller, statusCode) => {
        status = statusCode;
      },
      onResponseData: (_controller, chunk) => {
        length += chunk.length;
        if (length <= LONGEST_ANSWER) body.push(Buffer.from(chunk));
      },
      onResponseEnd: () => answer({ kind: 'answered', status, text: Buffer.concat(body).toString('utf8') }),
      onResponseError: (_controller, error) => {
        undo();
        reject(error);
      },
    });
  });
}
