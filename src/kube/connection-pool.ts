/**
 * The TLS connections to one cluster: one pool for calls, another for watches,
 * kept open and reused. client-node authenticates (certificates, tokens, files,
 * plugins, OIDC) but its own dispatcher would open a new connection for every
 * request. When what it authenticates with changes, the pools are made anew.
 */
import type { RequestOptions } from 'node:https';
import { Agent, errors } from 'undici';
import { isFields } from '../api/fields.ts';
import type { Connection } from './kubeconfig.ts';

/** Connections for calls, so also the number of calls in flight; more calls wait their turn. */
export const MAX_CONNECTIONS = 32;
const CONNECT_TIMEOUT_MILLIS = 5000;
/** TCP keep-alive, as client-go: finds a dead peer behind a silent watch and keeps NAT entries alive. */
const TCP_KEEP_ALIVE_MILLIS = 30_000;
/** Below the 90 s after which API servers close idle connections, so that a request never meets a closing one. */
const IDLE_MILLIS = 60_000;

export type Use = 'calls' | 'watches';

/** What one request needs besides itself. */
export interface Authenticated {
  readonly dispatcher: Agent;
  readonly headers: Readonly<Record<string, string>>;
}

export interface ConnectionPool {
  /** @throws CredentialsError */
  authenticated(use: Use): Promise<Authenticated>;
  /**
   * Stops giving out this dispatcher: an answer did not come, so its other idle
   * connections are likely dead too. What runs on it may finish.
   */
  retire(dispatcher: Agent): void;
  /** Authenticates as `connection` says from now on; what was begun before goes on as it began. */
  renew(connection: Connection): void;
  /** Breaks all connections. */
  close(): Promise<void>;
}

/** A token file or a credential plugin failed. Its own words stay out: they may hold credentials. */
export class CredentialsError extends Error {
  override readonly name = 'CredentialsError';
  readonly code = 'CredentialsUnavailable';
  readonly retry = 'backoff';

  constructor(options: { readonly cause: unknown }) {
    super('the credentials could not be obtained (a token file or credential command failed)', options);
  }
}

/** What the connections of a pool were opened with. */
interface TlsMaterial {
  readonly ca: Buffer | undefined;
  readonly cert: Buffer | undefined;
  readonly key: Buffer | undefined;
  readonly servername: string | undefined;
}

export function createConnectionPool(connection: Connection, maxConnections: number): ConnectionPool {
  const agents = new Map<Use, { readonly agent: Agent; readonly material: TlsMaterial }>();
  const retired = new Set<Agent>();
  let closed = false;
  let credentials = credentialsFrom(connection);
  const retire = (agent: Agent): void => {
    for (const [use, current] of agents) if (current.agent === agent) agents.delete(use);
    if (agent.closed || retired.has(agent)) return;
    retired.add(agent);
    // Rejects only when it is closed already, which is what is wanted.
    const forget = (): boolean => retired.delete(agent);
    agent.close().then(forget, forget);
  };

  return {
    authenticated: async (use) => {
      const options = await credentials();
      if (closed) throw new errors.ClientClosedError();
      const material = materialOf(options);
      const current = agents.get(use);
      if (current !== undefined && sameMaterial(current.material, material))
        return { dispatcher: current.agent, headers: headersOf(options) };
      if (current !== undefined) retire(current.agent);
      const agent = createAgent(use, material, maxConnections);
      agents.set(use, { agent, material });
      return { dispatcher: agent, headers: headersOf(options) };
    },
    retire,
    renew: (renewed) => {
      credentials = credentialsFrom(renewed);
    },
    close: async () => {
      closed = true;
      const open = [...[...agents.values()].map(({ agent }) => agent), ...retired];
      agents.clear();
      await Promise.all(open.map((agent) => agent.destroy()));
    },
  };
}

function credentialsFrom(connection: Connection): () => Promise<RequestOptions> {
  let fixed: RequestOptions | undefined;
  return async () => {
    // Decoding keys and certificates for each call would cost as much as the rest of it.
    const options = fixed ?? (await credentialsOf(connection));
    if (connection.fixed) fixed = options;
    return options;
  };
}

async function credentialsOf({ kubeConfig }: Connection): Promise<RequestOptions> {
  const options: RequestOptions = {};
  try {
    await kubeConfig.applyToHTTPSOptions(options);
  } catch (cause) {
    throw new CredentialsError({ cause });
  }
  return options;
}

function createAgent(use: Use, { ca, cert, key, servername }: TlsMaterial, maxConnections: number): Agent {
  return new Agent({
    connect: {
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(servername === undefined ? {} : { servername }),
      // Said outright, so that NODE_TLS_REJECT_UNAUTHORIZED cannot switch it off.
      rejectUnauthorized: true,
      keepAlive: true,
      keepAliveInitialDelay: TCP_KEEP_ALIVE_MILLIS,
      timeout: CONNECT_TIMEOUT_MILLIS,
    },
    // Each watch occupies a connection for minutes: a limit would starve the next one.
    connections: use === 'calls' ? maxConnections : null,
    keepAliveTimeout: IDLE_MILLIS,
    keepAliveMaxTimeout: IDLE_MILLIS,
    // Deadlines are the transport's business; undici's own would end quiet watches after 300 s.
    bodyTimeout: 0,
    headersTimeout: 0,
  });
}

function materialOf(options: RequestOptions): TlsMaterial {
  return {
    ca: asBuffer(options.ca),
    cert: asBuffer(options.cert),
    key: asBuffer(options.key),
    servername: options.servername,
  };
}

/** client-node gives buffers for kubeconfig data and text for what a plugin returned. */
function asBuffer(value: unknown): Buffer | undefined {
  if (Buffer.isBuffer(value)) return value;
  return typeof value === 'string' ? Buffer.from(value) : undefined;
}

function sameMaterial(a: TlsMaterial, b: TlsMaterial): boolean {
  return same(a.ca, b.ca) && same(a.cert, b.cert) && same(a.key, b.key) && a.servername === b.servername;
}

function same(a: Buffer | undefined, b: Buffer | undefined): boolean {
  return a === undefined || b === undefined ? a === b : a.equals(b);
}

function headersOf({ headers, auth }: RequestOptions): Record<string, string> {
  const found: Record<string, string> = {};
  if (typeof auth === 'string') found['Authorization'] = `Basic ${Buffer.from(auth).toString('base64')}`;
  if (!isFields(headers)) return found;
  // A token read from a file ends with a newline, which is no character for a header.
  for (const [name, value] of Object.entries(headers))
    if (typeof value === 'string') found[name] = value.trim();
  return found;
}
