/** The body of an upload that goes at a pace, with what proves it: a stream cannot be hashed before it is sent. */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { isFields } from '../api/fields.ts';
import { chunksAtPace, type Pace } from './pace.ts';

export class PacedBody extends Readable {
  /** sha256 hex of the whole body. */
  readonly sha256: string;
  readonly #chunks: AsyncGenerator<Uint8Array>;

  /** @param signal ends the stream with its reason */
  constructor(body: Uint8Array, pace: Pace, signal: AbortSignal) {
    super();
    this.sha256 = createHash('sha256').update(body).digest('hex');
    this.#chunks = chunksAtPace(body, pace, signal);
    // The signal also ends the request, which tells its reason; an error nobody listens to would end the process.
    this.on('error', () => undefined);
  }

  override _read(): void {
    this.#chunks.next().then(
      ({ value, done }) => this.push(done === true ? null : value),
      (error: unknown) => this.destroy(error instanceof Error ? error : new Error('aborted')),
    );
  }
}

/**
 * Signs the request of a paced body with its hash, as any other is: the server refuses one that does not match.
 * For the `build` step of the client, before requests are signed.
 */
export function provePacedBody(input: unknown, request: unknown): void {
  const body = isFields(input) ? input['Body'] : undefined;
  if (!(body instanceof PacedBody) || !isFields(request)) return;
  const { headers } = request;
  if (isFields(headers)) Object.assign(headers, { 'x-amz-content-sha256': body.sha256 });
}
