/**
 * Sends a body to S3: in one request, or in parts that become an object
 * together; at once, or chunk by chunk at a pace. Nothing is visible before it
 * is whole.
 */
import type { CompletedPart, PutObjectCommandInput } from '@aws-sdk/client-s3';
import { type Clock, seconds } from '../domain/time.ts';
import { withDeadline } from '../kube/deadline.ts';
import { contentMd5 } from './content-md5.ts';
import type { Pace } from './pace.ts';
import { PacedBody } from './paced-body.ts';
import type { Connected } from './s3-access.ts';

/** S3 takes at most 10,000 parts, each but the last of 5 MiB or more. */
const MAX_PARTS = 10_000;
/** A larger body goes in parts, so that a failure costs one part and not everything. */
export const PART_SIZE = 16 * 1024 * 1024;

export type Target = Pick<
  PutObjectCommandInput,
  'Bucket' | 'Key' | 'ServerSideEncryption' | 'SSEKMSKeyId' | 'IfNoneMatch'
>;

/** Runs one request, again if need be. */
export type Request = <T>(work: (connected: Connected) => Promise<T>) => Promise<T>;

/** How an upload reaches the server. */
export interface Sending {
  /** Requests that end with a signal. */
  readonly asking: (signal: AbortSignal) => Request;
  readonly clock: Clock;
}

/** Whoever takes an upload back waits for no more than this until its parts are gone. */
const TO_END_IT = seconds(5);

export interface Upload {
  readonly target: Target;
  readonly body: Uint8Array;
  readonly pace?: Pace | undefined;
}

/** A new one for every attempt: what was read once cannot be read again. */
function bodyOf(body: Uint8Array, pace: Pace | undefined, signal: AbortSignal) {
  return pace === undefined
    ? { Body: body }
    : { Body: new PacedBody(body, pace, signal), ContentLength: body.byteLength };
}

/** @throws what requests throw; then the key is what it was before */
export async function upload(
  { target, body, pace }: Upload,
  sending: Sending,
  signal: AbortSignal,
): Promise<void> {
  if (body.byteLength > PART_SIZE) return uploadParts({ target, body, pace }, sending, signal);
  const whole = { ...target, ...contentMd5(body) };
  await sending.asking(signal)(({ library, client }) =>
    client.send(new library.PutObjectCommand({ ...whole, ...bodyOf(body, pace, signal) }), {
      abortSignal: signal,
    }),
  );
}

async function uploadParts(whole: Upload, sending: Sending, signal: AbortSignal): Promise<void> {
  const request = sending.asking(signal);
  const { Bucket, Key, IfNoneMatch, ...encryption } = whole.target;
  const started = await request(({ library, client }) =>
    client.send(new library.CreateMultipartUploadCommand({ Bucket, Key, ...encryption }), {
      abortSignal: signal,
    }),
  );
  const place = { Bucket, Key, UploadId: started.UploadId };
  try {
    const MultipartUpload = { Parts: await sendParts(place, whole, request, signal) };
    const condition = IfNoneMatch === undefined ? {} : { IfNoneMatch };
    await request(({ library, client }) =>
      client.send(new library.CompleteMultipartUploadCommand({ ...place, ...condition, MultipartUpload }), {
        abortSignal: signal,
      }),
    );
  } catch (error) {
    // The first error is the one to tell. Parts that stay are invisible, and a rule of the bucket ends them.
    await endUpload(place, sending).catch(() => undefined);
    throw error;
  }
}

/** With a signal of its own: an upload that is taken back would leave its parts, for which one pays. */
function endUpload(place: Place, { asking, clock }: Sending): Promise<unknown> {
  return withDeadline(clock, TO_END_IT, new AbortController().signal, (abortSignal) =>
    asking(abortSignal)(({ library, client }) =>
      client.send(new library.AbortMultipartUploadCommand(place), { abortSignal }),
    ),
  );
}

interface Place {
  readonly Bucket: string | undefined;
  readonly Key: string | undefined;
  readonly UploadId: string | undefined;
}

async function sendParts(
  place: Place,
  { body, pace }: Upload,
  request: Request,
  signal: AbortSignal,
): Promise<CompletedPart[]> {
  const parts: CompletedPart[] = [];
  const size = Math.max(PART_SIZE, Math.ceil(body.byteLength / MAX_PARTS));
  for (let offset = 0; offset < body.byteLength; offset += size) {
    const part = body.subarray(offset, offset + size);
    const PartNumber = parts.length + 1;
    const numbered = { ...place, PartNumber, ...contentMd5(part) };
    const { ETag } = await request(({ library, client }) =>
      client.send(new library.UploadPartCommand({ ...numbered, ...bodyOf(part, pace, signal) }), {
        abortSignal: signal,
      }),
    );
    parts.push({ PartNumber, ETag });
  }
  return parts;
}
