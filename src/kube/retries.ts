/** Which calls may be sent again, and when: what the server's answer, or the lack of one, allows. */
import { type Millis, seconds } from '../domain/time.ts';

/** By its answer: 429 is refused before it is worked on; a 503 or 504 may come from a proxy after the server acted. */
export function worthRetrying(status: number, request: { readonly repeat: 'repeatable' | 'once' }): boolean {
  return status === 429 || (request.repeat === 'repeatable' && (status === 503 || status === 504));
}

/** By the failure to get an answer: the server cannot have acted. */
export function neverSent(failure: unknown): boolean {
  return failure instanceof Error && 'code' in failure && failure.code === 'ECONNREFUSED';
}

/** From a Retry-After header, in which API servers send whole seconds. */
export function retryAfter(header: string | string[] | undefined): Millis | undefined {
  const value = typeof header === 'string' ? Number(header) : Number.NaN;
  return Number.isFinite(value) && value >= 0 ? seconds(value) : undefined;
}
