/** Why a probe failed: turns what sockets, TLS and undici throw into one of a few reasons that people know. */
import type { ProbeFailureReason } from '../domain/health/probe-history.ts';

/** Thrown inside a probe and never out of it: the prober answers with a ProbeOutcome. */
export class ProbeFailure extends Error {
  override readonly name = 'ProbeFailure';
  readonly code = 'ProbeFailure';
  readonly retry = 'never';
  readonly reason: ProbeFailureReason;

  constructor(reason: ProbeFailureReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

export interface FailureText {
  readonly reason: ProbeFailureReason;
  /** Short, for people; never a URL, header or body, which may hold secrets. */
  readonly message: string;
}

const BY_CODE: Readonly<Record<string, FailureText>> = {
  ECONNREFUSED: { reason: 'refused', message: 'connection refused' },
  ECONNRESET: { reason: 'refused', message: 'connection reset' },
  EPIPE: { reason: 'refused', message: 'connection reset' },
  UND_ERR_SOCKET: { reason: 'refused', message: 'connection closed before an answer' },
  EHOSTUNREACH: { reason: 'unreachable', message: 'no route to host' },
  ENETUNREACH: { reason: 'unreachable', message: 'network unreachable' },
  EADDRNOTAVAIL: { reason: 'unreachable', message: 'address not available' },
  ETIMEDOUT: { reason: 'timeout', message: 'connection timed out' },
  UND_ERR_CONNECT_TIMEOUT: { reason: 'timeout', message: 'connection timed out' },
  UND_ERR_HEADERS_TIMEOUT: { reason: 'timeout', message: 'no answer in time' },
  UND_ERR_HEADERS_OVERFLOW: { reason: 'protocol', message: 'the answer has too many headers' },
  HTTPParserError: { reason: 'protocol', message: 'the answer is not HTTP' },
  EPROTO: { reason: 'tls', message: 'TLS handshake failed' },
  CERT_HAS_EXPIRED: { reason: 'tls', message: 'certificate has expired' },
  CERT_NOT_YET_VALID: { reason: 'tls', message: 'certificate is not valid yet' },
  DEPTH_ZERO_SELF_SIGNED_CERT: { reason: 'tls', message: 'certificate is self-signed' },
  SELF_SIGNED_CERT_IN_CHAIN: { reason: 'tls', message: 'certificate chain ends in an unknown authority' },
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: {
    reason: 'tls',
    message: 'certificate is signed by an unknown authority',
  },
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: {
    reason: 'tls',
    message: 'certificate is signed by an unknown authority',
  },
};

/** @param error anything that a socket, TLS or undici rejected with */
export function explainFailure(error: unknown): FailureText {
  if (error instanceof ProbeFailure) return { reason: error.reason, message: error.message };
  const code = codeOf(error);
  const known = BY_CODE[code];
  if (known !== undefined) return known;
  if (code.startsWith('ERR_TLS_') || code.startsWith('ERR_SSL_'))
    return { reason: 'tls', message: `TLS failed (${code})` };
  if (code.startsWith('HPE_')) return { reason: 'protocol', message: 'the answer is not HTTP' };
  return { reason: 'protocol', message: `failed (${code})` };
}

/** The error's code, or that of what caused it; else its class. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error.cause instanceof Error ? codeOf(error.cause) : error.name;
}
