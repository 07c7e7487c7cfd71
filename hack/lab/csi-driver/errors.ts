/** How the driver refuses: an error with the status that the caller of a CSI service receives. */
import { status } from '@grpc/grpc-js';

/** Statuses the driver answers with; sidecars decide by them whether and when to try again. */
export const CSI_CODES = [
  'ABORTED',
  'ALREADY_EXISTS',
  'INTERNAL',
  'INVALID_ARGUMENT',
  'NOT_FOUND',
  'RESOURCE_EXHAUSTED',
  'UNAVAILABLE',
] as const;
export type CsiCode = (typeof CSI_CODES)[number];

export class CsiError extends Error {
  override readonly name = 'CsiError';
  readonly code: CsiCode;

  constructor(code: CsiCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** What gRPC wants of an error. Anything unexpected is INTERNAL. */
export function toStatus(error: unknown): { readonly code: status; readonly details: string } {
  if (error instanceof CsiError) return { code: status[error.code], details: error.message };
  return { code: status.INTERNAL, details: error instanceof Error ? error.message : String(error) };
}
