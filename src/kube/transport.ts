/**
 * REST calls to one API server: authentication, pooled connections, a deadline
 * for every call, retries that fit into it, errors mapped to {@link KubeError}.
 * It knows HTTP and nothing of objects; `cluster-client.ts` knows objects.
 */

import { type Dispatcher, errors } from 'undici';
import { FIELD_MANAGER } from '../api/ownership.ts';
import {
  type Clock,
  between as elapsedBetween,
  type Millis,
  millis,
  seconds,
  type Tick,
} from '../domain/time.ts';
import type { ApiAnswer, ApiRequest } from './api-request.ts';
import { type BackoffPolicy, backoffDelay, type Random } from './backoff.ts';
import { type ConnectionPool, createConnectionPool, MAX_CONNECTIONS } from './connection-pool.ts';
import { DeadlineExceededError, follow, orAborted, withDeadline } from './deadline.ts';
import type { KubeError } from './errors.ts';
import type { Connection } from './kubeconfig.ts';
import type { ClientObserver } from './observers.ts';
import { neverSent, retryAfter, worthRetrying } from './retries.ts';
import { type CallContext, errorFromFailure, errorFromResponse, saysObjectMissing } from './status-error.ts';
import { type Upgraded, upgrade } from './upgrade.ts';

/** Time a call may take, its retries and its wait for a free connection included. */
export const CALL_DEADLINE = seconds(10);
/** The same for one page of a list. */
export const LIST_DEADLINE = seconds(60);
const RETRY: BackoffPolicy = { base: millis(200), max: seconds(3) };
/** A refused connection is worth a second and third try, for a server that restarts; not the whole deadline. */
const CONNECTION_ATTEMPTS = 3;

export interface Transport {
  readonly cluster: string;
  readonly host: string;
  /** @throws KubeError; the signal's reason when the caller gave up */
  call(request: ApiRequest, signal: AbortSignal): Promise<ApiAnswer>;
  /**
   * Opens a stream that lasts until it ends, fails or `signal` aborts; `signal`
   * should be for this stream alone. The deadline covers only the opening.
   * @throws KubeError
   */
  stream(request: ApiRequest, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /** Answers so far that asked for less, also those of calls that then succeeded. */
  refusals(): number;
  /**
   * Opens a connection of its own and has it speak `upgrade.protocol`. The
   * deadline covers only the opening; whoever gets the socket closes it.
   * @throws KubeError, with the server's words when it refuses
   */
  upgrade(request: ApiRequest, upgrade: UpgradeRequest, signal: AbortSignal): Promise<UpgradedSocket>;
  /** Takes the credentials of a connection to the same server for all that is sent from now on. */
  renew(connection: Connection): void;
  /** Breaks all connections; every call afterwards throws. */
  close(): Promise<void>;
}

export interface UpgradeRequest {
  readonly protocol: string;
  readonly headers: Readonly<Record<string, string>>;
}

export type UpgradedSocket = Extract<Upgraded, { kind: 'upgraded' }>;

export interface TransportOptions {
  readonly cluster: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly observer: ClientObserver;
  /** Default {@link CALL_DEADLINE}. */
  readonly callDeadline?: Millis;
  /** Default {@link LIST_DEADLINE}; for each page. */
  readonly listDeadline?: Millis;
  /** Default {@link MAX_CONNECTIONS}. */
  readonly maxConnections?: number;
}

export function createTransport(connection: Connection, options: TransportOptions): Transport {
  const pool = createConnectionPool(connection, options.maxConnections ?? MAX_CONNECTIONS);
  const lastAnswer = options.clock.tick();
  const caller: Caller = { connection, options, pool, lastAnswer, refusals: 0, renewals: 0 };
  return {
    cluster: options.cluster,
    host: connection.host,
    call: (request, signal) =>
      observed(caller, request, signal, () => callWithRetries(caller, request, signal)),
    stream: (request, signal) => observed(caller, request, signal, () => openStream(caller, request, signal)),
    refusals: () => caller.refusals,
    upgrade: (request, how, signal) =>
      observed(caller, request, signal, () => openSocket(caller, request, how, signal)),
    renew: (renewed) => {
      caller.renewals += 1;
      pool.renew(renewed);
    },
    close: () => pool.close(),
  };
}

interface Caller {
  readonly connection: Connection;
  readonly options: TransportOptions;
  readonly pool: ConnectionPool;
  /** When the server last answered anything. */
  lastAnswer: Tick;
  refusals: number;
  /** How often the credentials were replaced. */
  renewals: number;
}

/** Reports the call, and makes sure that what it throws is a KubeError or the caller's own reason. */
async function observed<T>(
  { options }: Caller,
  request: ApiRequest,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  const { cluster, clock, observer } = options;
  const start = clock.tick();
  const report = (code: string): void =>
    observer.request({ cluster, verb: request.verb, code, millis: elapsedBetween(start, clock.tick()) });
  try {
    const result = await work();
    report('OK');
    return result;
  } catch (error) {
    const mapped = errorFromFailure(error, contextOf(cluster, request));
    report(signal.aborted ? 'Cancelled' : mapped.code);
    signal.throwIfAborted();
    throw mapped;
  }
}

async function callWithRetries(caller: Caller, request: ApiRequest, signal: AbortSignal): Promise<ApiAnswer> {
  const { clock, random } = caller.options;
  const limit = limitOf(caller, request);
  const { attempts = CONNECTION_ATTEMPTS } = request;
  const start = clock.tick();
  return withDeadline(clock, limit, signal, async (bounded) => {
    for (let attempt = 0; ; attempt += 1) {
      const outcome = await tryOnce(caller, request, bounded);
      if (outcome.kind !== 'retry') return outcome;
      const wait = millis(Math.max(backoffDelay(RETRY, attempt, random), outcome.after ?? 0));
      const left = limit - elapsedBetween(start, clock.tick());
      // Waiting for a deadline that will pass anyway would only hide what happened.
      const pointless = wait >= left || (outcome.unanswered && attempt + 1 >= attempts);
      if (pointless) throw outcome.error;
      await clock.sleep(wait, bounded);
    }
  });
}

function limitOf({ options }: Caller, request: ApiRequest): Millis {
  if (request.deadline !== undefined) return request.deadline;
  return request.verb === 'list'
    ? (options.listDeadline ?? LIST_DEADLINE)
    : (options.callDeadline ?? CALL_DEADLINE);
}

type Outcome =
  | ApiAnswer
  | {
      readonly kind: 'retry';
      readonly error: KubeError;
      readonly unanswered: boolean;
      readonly after?: Millis | undefined;
    };

async function tryOnce(caller: Caller, request: ApiRequest, signal: AbortSignal): Promise<Outcome> {
  const context = contextOf(caller.options.cluster, request);
  const { renewals } = caller;
  let answer: { readonly status: number; readonly text: string; readonly after: Millis | undefined };
  try {
    answer = await exchange(caller, request, signal);
  } catch (failure) {
    // A call that ran out of time or was cancelled has no time for another attempt.
    signal.throwIfAborted();
    const error = errorFromFailure(failure, context);
    if (failure instanceof errors.ClientClosedError || failure instanceof errors.ClientDestroyedError)
      throw error;
    const safe = request.repeat === 'repeatable' || neverSent(failure);
    if (error.code === 'Unreachable' && safe) return { kind: 'retry', error, unanswered: true };
    throw error;
  }
  const { status, text, after } = answer;
  if (status === 429 || status === 503) caller.refusals += 1;
  if (status >= 200 && status < 300) return { kind: 'ok', text };
  // For other methods it may be the namespace that is missing: an error, with the server's words.
  const lookedUp = request.method === 'GET' || request.method === 'DELETE';
  if (lookedUp && saysObjectMissing(status, text)) return { kind: 'object-missing' };
  const error = errorFromResponse(status, text, context);
  // With credentials that were replaced while it was on its way: nothing was done for it.
  if (status === 401 && renewals !== caller.renewals) return { kind: 'retry', error, unanswered: false };
  if (worthRetrying(status, request)) return { kind: 'retry', error, unanswered: false, after };
  throw error;
}

async function exchange(caller: Caller, request: ApiRequest, signal: AbortSignal) {
  const start = caller.options.clock.tick();
  const { dispatcher, headers } = await caller.pool.authenticated('calls');
  try {
    const response = await startHttp(dispatcher, toHttp(caller, request, headers, signal), signal);
    caller.lastAnswer = caller.options.clock.tick();
    const text = await response.body.text();
    return { status: response.statusCode, text, after: retryAfter(response.headers['retry-after']) };
  } catch (error) {
    // Nothing at all came back while this call waited: the idle connections of
    // the pool lead nowhere either, and each would cost a later call its deadline.
    const silent = caller.lastAnswer < start;
    if (silent && signal.reason instanceof DeadlineExceededError) caller.pool.retire(dispatcher);
    throw error;
  }
}

async function openStream(
  caller: Caller,
  request: ApiRequest,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  const open = new AbortController();
  const unfollow = follow(signal, open);
  const limit = limitOf(caller, request);
  try {
    return await withDeadline(caller.options.clock, limit, signal, async (bounded) => {
      follow(bounded, open);
      const { dispatcher, headers } = await caller.pool.authenticated('watches');
      const response = await startHttp(
        dispatcher,
        toHttp(caller, request, headers, open.signal),
        open.signal,
      );
      if (response.statusCode === 200) return response.body;
      const context = contextOf(caller.options.cluster, request);
      throw errorFromResponse(response.statusCode, await response.body.text(), context);
    });
  } catch (error) {
    unfollow();
    throw error;
  }
}

function openSocket(
  caller: Caller,
  request: ApiRequest,
  { protocol, headers: more }: UpgradeRequest,
  signal: AbortSignal,
): Promise<UpgradedSocket> {
  return withDeadline(caller.options.clock, limitOf(caller, request), signal, async (bounded) => {
    // Like a watch, it lasts: it must not take up a connection that calls wait for.
    const { dispatcher, headers } = await caller.pool.authenticated('watches');
    const options = toHttp(caller, request, { ...headers, ...more }, bounded);
    const upgraded = await orAborted(
      upgrade(dispatcher, { ...options, upgrade: protocol }, bounded),
      bounded,
    );
    if (upgraded.kind === 'upgraded') return upgraded;
    throw errorFromResponse(upgraded.status, upgraded.text, contextOf(caller.options.cluster, request));
  });
}

/**
 * undici heeds the signal only once a request has a connection; one that waits
 * for a connection is left behind here, and never sent when it gets one.
 */
function startHttp(
  dispatcher: Dispatcher,
  options: Dispatcher.RequestOptions,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  return orAborted(dispatcher.request(options), signal);
}

function toHttp(
  { connection }: Caller,
  request: ApiRequest,
  authentication: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Dispatcher.RequestOptions {
  const { origin, pathname } = new URL(connection.server);
  return {
    origin,
    path: `${pathname === '/' ? '' : pathname}${request.path}`,
    method: request.method,
    headers: {
      ...authentication,
      'user-agent': FIELD_MANAGER,
      accept: request.accept ?? 'application/json',
      ...(request.body === undefined ? {} : { 'content-type': request.body.contentType }),
    },
    body: request.body?.text ?? null,
    signal,
  };
}

function contextOf(cluster: string, { verb, kind, name }: ApiRequest): CallContext {
  return name === undefined ? { cluster, verb, kind } : { cluster, verb, kind, name };
}
