/**
 * The lab's own HTTP calls: to its API servers, to etcd's gateway, to the link
 * proxy and to its control socket. `node:http` and not `fetch`, because fetch
 * can neither present a client certificate nor use a unix socket.
 */
import { type Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';

const DEADLINE_MS = 30_000;

export interface HttpRequest {
  readonly url: string;
  readonly method?: string;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly agent?: Agent;
  readonly socketPath?: string;
  /** Milliseconds; default 30,000. */
  readonly deadline?: number;
  readonly signal?: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/** @throws Error when there is no answer in time; any status is an answer */
export async function send(request: HttpRequest): Promise<HttpAnswer> {
  const deadline = AbortSignal.timeout(request.deadline ?? DEADLINE_MS);
  const signal = request.signal === undefined ? deadline : AbortSignal.any([deadline, request.signal]);
  const response = await open({ ...request, signal });
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(Buffer.from(chunk));
  return { status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') };
}

/** The response with its body still to be read, for streams. */
export function open(request: HttpRequest): Promise<IncomingMessage> {
  const body = request.body === undefined ? undefined : JSON.stringify(request.body);
  const call = request.url.startsWith('https:') ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const outgoing = call(request.url, {
      method: request.method ?? 'GET',
      headers:
        body === undefined
          ? {}
          : {
              'content-type': request.contentType ?? 'application/json',
              'content-length': Buffer.byteLength(body),
            },
      ...(request.agent === undefined ? {} : { agent: request.agent }),
      ...(request.socketPath === undefined ? {} : { socketPath: request.socketPath }),
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    });
    outgoing.once('error', reject);
    outgoing.once('response', resolve);
    outgoing.end(body);
  });
}

/** @throws Error naming the request unless the status is 2xx */
export async function sendOk(request: HttpRequest): Promise<string> {
  const answer = await send(request);
  if (answer.status >= 200 && answer.status < 300) return answer.text;
  throw new Error(
    `${request.method ?? 'GET'} ${request.url} answered ${answer.status}: ${answer.text.slice(0, 300)}`,
  );
}
