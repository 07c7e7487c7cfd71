/**
 * The lab's own access to one of its API servers, as administrator: just
 * enough JSON over HTTPS for nodes, volumes and load balancers. Apart from the
 * operator's client so that a defect there cannot hide in the lab as well.
 */
import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { z } from 'zod';
import { type HttpAnswer, open, send } from './http.ts';

export const listSchema = z.object({
  metadata: z.object({ resourceVersion: z.string() }),
  items: z.array(z.unknown()),
});

export interface ApiClient {
  /** Any status is an answer. @throws Error when there is none in time */
  send(method: string, path: string, body?: unknown, contentType?: string): Promise<HttpAnswer>;
  /** @throws Error unless the status is 2xx or one of `accept` */
  ok(method: string, path: string, body?: unknown, accept?: readonly number[]): Promise<string>;
  /** Calls `onEvent` for everything a watch tells, until the server ends it. */
  watch(path: string, onEvent: () => void, signal: AbortSignal): Promise<void>;
  close(): void;
}

/** @param directory the cluster's, with its `pki` folder */
export function createApiClient(directory: string, port: number): ApiClient {
  const file = (name: string) => readFileSync(join(directory, 'pki', name));
  const agent = new Agent({
    keepAlive: true,
    ca: file('ca.crt'),
    cert: file('admin.crt'),
    key: file('admin.key'),
  });
  const url = (path: string) => `https://127.0.0.1:${port}${path}`;
  const client: ApiClient = {
    send: (method, path, body, contentType) =>
      send({ method, url: url(path), body, agent, ...(contentType === undefined ? {} : { contentType }) }),
    ok: async (method, path, body, accept = []) => {
      const contentType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
      const answer = await client.send(method, path, body, contentType);
      if ((answer.status >= 200 && answer.status < 300) || accept.includes(answer.status)) return answer.text;
      throw new Error(`${method} ${path} answered ${answer.status}: ${answer.text.slice(0, 300)}`);
    },
    watch: async (path, onEvent, signal) => {
      const response = await open({ url: url(path), agent, signal });
      // An error status ends the body at once; the caller lists again either way.
      response.on('data', onEvent);
      await finished(response);
    },
    close: () => agent.destroy(),
  };
  return client;
}
