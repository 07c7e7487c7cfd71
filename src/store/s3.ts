/**
 * Recovery points in a bucket, or in a folder of one. The server keeps whole
 * objects and nothing else, so all there is to do here is to ask it, again when
 * it fails for a moment and with new credentials when it refuses the old.
 */
import type { Fields } from '../api/fields.ts';
import type { S3StoreSpec } from '../api/v1alpha1/dr-scenario-store.ts';
import type { Clock } from '../domain/time.ts';
import type { Random } from '../kube/backoff.ts';
import { retrying } from './retry.ts';
import { type Connected, type S3Access, s3Access } from './s3-access.ts';
import { concernsCredentials, explainS3, isNamed, mayPass, statusOf } from './s3-errors.ts';
import { type Request, type Sending, type Target, upload } from './s3-upload.ts';
import { checkKey, checkPrefix, isSegment, type Store, StoreError } from './store.ts';

export interface S3Deps {
  /** Reads the data (base64) of a Secret in the operator's namespace; undefined when there is no such Secret. */
  readonly secrets: (name: string, signal: AbortSignal) => Promise<Fields | undefined>;
  readonly clock: Clock;
  readonly random: Random;
}

/** A store in the bucket that `spec` names, which must exist. */
export function s3Store(spec: S3StoreSpec, deps: S3Deps): Store {
  const access = s3Access(spec, deps.secrets, deps.clock);
  const { bucket, endpoint } = spec;
  const folder = spec.prefix === undefined ? '' : `${spec.prefix}/`;
  const objectOf = (key: string) => {
    checkKey(key);
    return { Bucket: bucket, Key: folder + key };
  };
  const targetOf = (key: string): Target => ({ ...objectOf(key), ...encryptionOf(spec) });
  const asking = requester(spec, access, deps);
  const sending = { asking, clock: deps.clock };
  return {
    location: `s3://${bucket}/${folder}${endpoint === undefined ? '' : ` at ${endpoint}`}`,
    put: async (key, body, signal, pace) => upload({ target: targetOf(key), body, pace }, sending, signal),
    create: async (key, body, signal) => createNew(targetOf(key), body, sending, signal),
    copy: async (from, to, signal) => {
      const { Key } = objectOf(from);
      const target = targetOf(to);
      return unlessMissing(async () => {
        const CopySource = encodeURI(`${bucket}/${Key}`);
        await asking(signal)(({ library, client }) =>
          client.send(new library.CopyObjectCommand({ ...target, CopySource }), { abortSignal: signal }),
        );
        return true;
      }, false);
    },
    get: async (key, signal) => {
      const object = objectOf(key);
      return unlessMissing<Uint8Array | undefined>(
        () =>
          asking(signal)(async ({ library, client }) => {
            const { Body } = await client.send(new library.GetObjectCommand(object), { abortSignal: signal });
            return Body?.transformToByteArray();
          }),
        undefined,
      );
    },
    list: async (prefix, signal) => {
      checkPrefix(prefix);
      const keys = await listAll({ Bucket: bucket, Prefix: folder + prefix }, asking(signal), signal);
      return keys
        .map((key) => key.slice(folder.length))
        .filter((key) => key.split('/').every(isSegment))
        .toSorted();
    },
    remove: async (key, signal) => {
      const object = objectOf(key);
      // Some servers say so where AWS says nothing.
      await unlessMissing<unknown>(
        () =>
          asking(signal)(({ library, client }) =>
            client.send(new library.DeleteObjectCommand(object), { abortSignal: signal }),
          ),
        undefined,
      );
    },
  };
}

function encryptionOf({ encryption }: S3StoreSpec): Pick<Target, 'ServerSideEncryption' | 'SSEKMSKeyId'> {
  if (encryption === undefined) return {};
  const { algorithm, kmsKeyId } = encryption;
  return { ServerSideEncryption: algorithm, ...(kmsKeyId === undefined ? {} : { SSEKMSKeyId: kmsKeyId }) };
}

/** Runs requests of one operation; what they throw is a StoreError, or the signal's reason. */
function requester(spec: S3StoreSpec, access: S3Access, deps: S3Deps): (signal: AbortSignal) => Request {
  return (signal) => async (work) => {
    try {
      return await retrying(() => withFreshCredentials(access, work, signal), mayPass, deps, signal);
    } catch (error) {
      signal.throwIfAborted();
      throw explainS3(error, spec);
    }
  };
}

/** A Secret that was rotated a moment ago is noticed by the refusal of the old one. */
async function withFreshCredentials<T>(
  access: S3Access,
  work: (connected: Connected) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const connected = await access.connected(signal);
  try {
    return await work(connected);
  } catch (error) {
    if (signal.aborted || !concernsCredentials(error)) throw error;
    const renewed = await access.renewed(signal);
    if (renewed === connected) throw error;
    return work(renewed);
  }
}

/** The answer of the server behind an explained error. */
const answerOf = (error: unknown): unknown => (error instanceof StoreError ? error.cause : error);

async function unlessMissing<T>(work: () => Promise<T>, missing: T): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isNamed(answerOf(error), 'NoSuchKey')) return missing;
    throw error;
  }
}

async function createNew(
  target: Target,
  body: Uint8Array,
  sending: Sending,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await upload({ target: { ...target, IfNoneMatch: '*' }, body }, sending, signal);
    return true;
  } catch (error) {
    if (statusOf(answerOf(error)) === 412) return false;
    if (!isNamed(answerOf(error), 'NotImplemented')) throw error;
  }
  // A server that says it knows no conditional writes: looking first is the best there is.
  const { Bucket = '', Key = '' } = target;
  if ((await listAll({ Bucket, Prefix: Key }, sending.asking(signal), signal)).includes(Key)) return false;
  await upload({ target, body }, sending, signal);
  return true;
}

async function listAll(
  folder: { readonly Bucket: string; readonly Prefix: string },
  request: Request,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const keys: string[] = [];
  let ContinuationToken: string | undefined;
  do {
    const page = await request(({ library, client }) =>
      client.send(new library.ListObjectsV2Command({ ...folder, ContinuationToken }), {
        abortSignal: signal,
      }),
    );
    for (const { Key } of page.Contents ?? []) if (Key !== undefined) keys.push(Key);
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken !== undefined);
  return keys;
}
