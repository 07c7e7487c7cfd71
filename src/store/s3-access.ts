/**
 * The client of one bucket, made of what the scenario and its Secrets say, and
 * made anew when a Secret is rotated. The library is loaded when the first
 * bucket is used: whoever keeps points in a directory never pays for it.
 */
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type * as S3Library from '@aws-sdk/client-s3';
import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';
import { type Fields, textAt } from '../api/fields.ts';
import type { S3StoreSpec } from '../api/v1alpha1/dr-scenario-store.ts';
import { between, type Clock, seconds, type Tick } from '../domain/time.ts';
import { provePacedBody } from './paced-body.ts';
import { StoreError } from './store.ts';

/** Reads the data (base64) of a Secret in the operator's namespace; undefined when there is no such Secret. */
export type SecretReader = (name: string, signal: AbortSignal) => Promise<Fields | undefined>;

type Library = typeof S3Library;

/** What requests are made with; another object once a Secret has changed. */
export interface Connected {
  readonly library: Library;
  readonly client: S3Client;
}

export interface S3Access {
  /** @throws StoreError when a Secret is missing or incomplete */
  connected(signal: AbortSignal): Promise<Connected>;
  /** As connected, after the Secrets were read anew: the same object as before when they have not changed. */
  renewed(signal: AbortSignal): Promise<Connected>;
}

/** A rotated Secret is followed after this, or as soon as the old one is refused. */
const SECRETS_KEPT = seconds(30);
const CONNECT_TIMEOUT = seconds(5);
/** Of silence on a connection that has something to say. */
const IDLE_TIMEOUT = seconds(15);
/** As many captures at once as have one each, and some. */
const MAX_SOCKETS = 32;

interface Settings {
  readonly credentials: S3ClientConfig['credentials'];
  readonly authority: string | undefined;
}

export function s3Access(spec: S3StoreSpec, secrets: SecretReader, clock: Pick<Clock, 'tick'>): S3Access {
  let known: { readonly text: string; readonly connected: Connected; at: Tick } | undefined;
  const connect = async (signal: AbortSignal): Promise<Connected> => {
    const settings = await readSettings(spec, secrets, signal).catch((error: unknown) => {
      signal.throwIfAborted();
      // What worked so far may still work; a bucket must not depend on the API server at every moment.
      if (known !== undefined && !(error instanceof StoreError)) return undefined;
      throw unreadable(error);
    });
    if (settings === undefined && known !== undefined) return known.connected;
    const text = JSON.stringify(settings);
    if (known?.text === text) {
      known.at = clock.tick();
      return known.connected;
    }
    const library = await import('@aws-sdk/client-s3');
    const client = new library.S3Client(configOf(spec, settings));
    client.middlewareStack.add(
      (next) => (request) => {
        provePacedBody(request.input, request.request);
        return next(request);
      },
      { step: 'build', name: 'provePacedBody' },
    );
    known = { text, connected: { library, client }, at: clock.tick() };
    return known.connected;
  };
  return {
    connected: async (signal) =>
      known !== undefined && between(known.at, clock.tick()) < SECRETS_KEPT
        ? known.connected
        : connect(signal),
    renewed: connect,
  };
}

function unreadable(error: unknown): unknown {
  if (error instanceof StoreError || !(error instanceof Error)) return error;
  const message = `the Secrets of spec.replication.store.s3 cannot be read: ${error.message}`;
  return new StoreError('StoreUnavailable', message, { cause: error });
}

async function readSettings(
  { credentialsSecret, caSecret }: S3StoreSpec,
  secrets: SecretReader,
  signal: AbortSignal,
): Promise<Settings> {
  const [credentials, authority] = await Promise.all([
    credentialsSecret === undefined
      ? undefined
      : readSecret('credentialsSecret', credentialsSecret, secrets, signal),
    caSecret === undefined ? undefined : readSecret('caSecret', caSecret, secrets, signal),
  ]);
  const sessionToken = credentials?.optional('sessionToken');
  return {
    authority: authority?.required('ca.crt'),
    credentials: credentials && {
      accessKeyId: credentials.required('accessKeyId'),
      secretAccessKey: credentials.required('secretAccessKey'),
      ...(sessionToken === undefined ? {} : { sessionToken }),
    },
  };
}

async function readSecret(field: string, name: string, secrets: SecretReader, signal: AbortSignal) {
  const data = await secrets(name, signal);
  const where = `Secret ${name} (spec.replication.store.s3.${field})`;
  if (data === undefined)
    throw new StoreError('StoreUnauthorized', `${where} is not in the operator's namespace: create it there`);
  const optional = (key: string): string | undefined => {
    // The line end of a file made by hand is no part of a key.
    const text = Buffer.from(textAt(data, key) ?? '', 'base64')
      .toString('utf8')
      .trim();
    return text === '' ? undefined : text;
  };
  const required = (key: string): string => {
    const text = optional(key);
    if (text === undefined) throw new StoreError('StoreUnauthorized', `${where} has no ${key}: add it`);
    return text;
  };
  return { optional, required };
}

const quiet = (): void => undefined;

function configOf(
  { region, endpoint, forcePathStyle }: S3StoreSpec,
  settings: Settings | undefined,
): S3ClientConfig {
  const agent = { keepAlive: true, maxSockets: MAX_SOCKETS };
  const ca = settings?.authority === undefined ? {} : { ca: settings.authority };
  return {
    region,
    forcePathStyle,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(settings?.credentials === undefined ? {} : { credentials: settings.credentials }),
    // Attempts are counted in retry.ts, where a signal ends the wait between them.
    maxAttempts: 1,
    // Bodies are proven by the payload hash that every request is signed with. Checksums
    // in trailers are stored as part of the object by servers that do not know them.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // Would open a connection for each upload, and one that does not know the authority.
    expectContinueHeader: false,
    // What fails is told to the caller; the library would write it to the console as well.
    logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT,
      socketTimeout: IDLE_TIMEOUT,
      httpAgent: new HttpAgent(agent),
      httpsAgent: new HttpsAgent({ ...agent, ...ca }),
    },
  };
}
