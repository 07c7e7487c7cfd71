/**
 * Turns what a server answered, or the failure to get an answer, into a
 * {@link KubeError} with a short message. This is where secrecy is decided: the
 * server's own words are shown, cut and cleaned, except for Secrets, whose
 * refusals may quote the refused value; headers and bodies never are.
 */
import { arrayAt, isFields, textAt } from '../api/fields.ts';
import { formatDuration } from '../domain/time.ts';
import { CredentialsError } from './connection-pool.ts';
import { DeadlineExceededError } from './deadline.ts';
import { KubeError, type KubeErrorCode } from './errors.ts';

/** What a call is about, for its messages. */
export interface CallContext {
  readonly cluster: string;
  /** `get`, `list`, `apply`… */
  readonly verb: string;
  readonly kind: string;
  /** `shop/web`, absent for lists. */
  readonly name?: string;
}

/** Longest text of a server that is repeated, in characters. */
const LONGEST_MESSAGE = 1024;

/** For a status outside 200..299. `body` is the server's Status object as JSON, or whatever came instead. */
export function errorFromResponse(status: number, body: string, context: CallContext): KubeError {
  const answer = parseStatus(body);
  const code = codeOf(status, answer);
  const hide = context.kind === 'Secret' && mayQuoteValues(code, answer.message);
  const words = hide ? answer.withoutValues : clean(answer.message);
  const nothing = `HTTP status ${status}${hide ? ', for a reason that is not shown for Secrets' : ''}`;
  const message = code === 'Unauthorized' ? UNAUTHORIZED : words === '' ? nothing : words;
  return new KubeError(code, `${about(context)}: ${message}`, {
    cluster: context.cluster,
    status,
    ...(code === 'Forbidden' ? { denial: denialOf(answer.message) } : {}),
    ...(code === 'Invalid' ? { unchangeable: answer.unchangeable } : {}),
  });
}

/** For a call that got no answer at all. `error` is whatever the connection threw. */
export function errorFromFailure(error: unknown, context: CallContext): KubeError {
  if (error instanceof KubeError) return error;
  if (error instanceof CredentialsError)
    return new KubeError('Unauthorized', `${about(context)}: ${error.message}`, { cluster: context.cluster });
  const tls = TLS_PROBLEMS[codeOfFailure(error)];
  const code: KubeErrorCode = tls === undefined ? 'Unreachable' : 'UntrustedCertificate';
  const message = tls ?? networkProblem(error);
  return new KubeError(code, `${about(context)}: ${message}`, { cluster: context.cluster });
}

/** For an answer that is not what was asked for. */
export function malformed(context: CallContext, problem: string): KubeError {
  return new KubeError('Malformed', `${about(context)}: ${problem}`, { cluster: context.cluster });
}

/** `eu-west: cannot apply Deployment shop/web`. */
export function about({ cluster, verb, kind, name }: CallContext): string {
  return `${cluster}: cannot ${verb} ${kind}${name === undefined ? '' : ` ${name}`}`;
}

/** True when a 404 says that the object is missing, not that its kind or path is. */
export function saysObjectMissing(status: number, body: string): boolean {
  if (status !== 404) return false;
  const answer = parseJson(body);
  return textAt(answer, 'reason') === 'NotFound' && textAt(answer, 'details', 'name') !== undefined;
}

interface StatusAnswer {
  readonly reason: string;
  readonly message: string;
  /** What can be said when the message may quote a secret value: names of fields only. */
  readonly withoutValues: string;
  /** Names of fields that cannot be changed any more. */
  readonly unchangeable: readonly string[];
}

/**
 * The server has no machine-readable word for an immutable field. These are its phrases: `field is
 * immutable` (apimachinery), `may not change once set` (Service), `updates to … are forbidden`
 * (StatefulSet, StorageClass), `cannot change roleRef` (bindings), `may not be changed in an update`
 * (PriorityClass), `pod updates may not change fields` (Pod), and what rules of definitions usually say.
 */
const UNCHANGEABLE =
  /immutable|\b(may not|can ?not) (be )?(chang|unset|modif|updat)|updates? to .* (is|are) forbidden|updates may not change/i;

function parseStatus(body: string): StatusAnswer {
  const answer = parseJson(body);
  if (!isFields(answer)) return { reason: '', message: '', withoutValues: '', unchangeable: [] };
  const reason = textAt(answer, 'reason') ?? '';
  const causes = arrayAt(answer, 'details', 'causes');
  const fieldsOf = (some: readonly unknown[]): readonly string[] =>
    some.map((cause) => textAt(cause, 'field')).filter((field) => field !== undefined);
  const fields = fieldsOf(causes);
  const unchangeable = fieldsOf(causes.filter((cause) => UNCHANGEABLE.test(textAt(cause, 'message') ?? '')));
  const where = fields.length === 0 ? '' : ` (${clean(fields.join(', '))})`;
  const withoutValues = `${clean(reason)}${where}`;
  return { reason, message: textAt(answer, 'message') ?? '', withoutValues, unchangeable };
}

function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}

const BY_STATUS: Readonly<Record<number, KubeErrorCode>> = {
  400: 'Invalid',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  410: 'Gone',
  413: 'Invalid',
  415: 'Invalid',
  422: 'Invalid',
  429: 'TooManyRequests',
};

/** Whether these words were made with the content of the object in hand; others speak of its name only. */
function mayQuoteValues(code: KubeErrorCode, message: string): boolean {
  if (code === 'Forbidden') return denialOf(message) === 'admission' && !message.endsWith(TERMINATING);
  return code === 'Invalid' || code === 'Unavailable' || code === 'Malformed';
}

const TERMINATING = 'because it is being terminated';

/** Objects that do not fit the schema of their kind are refused with these words and, misleadingly, a 500. */
const UNREADABLE_OBJECT =
  /failed to (create typed|convert)|unable to decode|cannot be handled as|illegal base64|request is too large/;

/** A webhook chooses the status of its denial, and the API server answers 400 when it chose none. */
const DENIED_BY_WEBHOOK = /^admission webhook "[^"]+" denied the request/;

function codeOf(status: number, { reason, message }: StatusAnswer): KubeErrorCode {
  if (reason === 'AlreadyExists' || reason === 'Gone') return reason;
  // A 410 of a watch or of a continued list carries this reason.
  if (reason === 'Expired') return 'Gone';
  if (DENIED_BY_WEBHOOK.test(message)) return 'Forbidden';
  if (status === 500 && UNREADABLE_OBJECT.test(message)) return 'Invalid';
  return BY_STATUS[status] ?? (status >= 500 ? 'Unavailable' : 'Malformed');
}

/** The server has no machine-readable word for this: these are its phrases, stable since Kubernetes 1.8. */
function denialOf(message: string): 'rbac' | 'quota' | 'admission' {
  if (/exceeded quota|failed quota|insufficient quota/.test(message)) return 'quota';
  if (/ cannot \S+ (resource|path) "/.test(message) || OWNER_NOT_ALLOWED.test(message)) return 'rbac';
  return 'admission';
}

/** Words of the admission plugin OwnerReferencesPermissionEnforcement, which asks for rights and refuses nothing else. */
const OWNER_NOT_ALLOWED =
  /^[^"]*"[^"]*" is forbidden: cannot set (an ownerRef|blockOwnerDeletion) .*you can't /;

/** One line, cut, and without the values that server-side apply quotes from the object it was sent. */
function clean(text: string): string {
  const line = text
    .replace(/&value\.valueUnstructured\{.*$/s, 'a value of another type')
    .replaceAll(/[\p{Cc}\s]+/gu, ' ')
    .trim();
  return line.length <= LONGEST_MESSAGE ? line : `${line.slice(0, LONGEST_MESSAGE)}…`;
}

const UNAUTHORIZED = 'the server does not accept the credentials of the kubeconfig (expired or revoked?)';

/** The innermost error code: undici and Node wrap the cause once or twice. */
function codeOfFailure(error: unknown): string {
  let code = '';
  let current = error;
  for (let depth = 0; depth < 4 && current instanceof Error; depth += 1) {
    code = textAt(current, 'code') ?? code;
    current = current.cause;
  }
  return code;
}

const WRONG_AUTHORITY =
  "the server's certificate is not signed by the kubeconfig's certificate authority: wrong certificate-authority-data, or another server answers at this address";
const TLS_PROBLEMS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "the server's certificate has expired",
  CERT_NOT_YET_VALID: "the server's certificate is not valid yet (is a clock wrong?)",
  ERR_TLS_CERT_ALTNAME_INVALID:
    "the server's certificate is for another host name than that of the kubeconfig's server",
  SELF_SIGNED_CERT_IN_CHAIN: WRONG_AUTHORITY,
  DEPTH_ZERO_SELF_SIGNED_CERT: WRONG_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: WRONG_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: WRONG_AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: WRONG_AUTHORITY,
  CERT_SIGNATURE_FAILURE: WRONG_AUTHORITY,
  CERT_UNTRUSTED: WRONG_AUTHORITY,
  CERT_REVOKED: "the server's certificate was revoked",
  INVALID_CA: "the kubeconfig's certificate authority is not an authority",
};

const NETWORK_PROBLEMS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed',
  UND_ERR_SOCKET: 'the connection was closed',
  UND_ERR_CLOSED: 'the client was closed',
  UND_ERR_DESTROYED: 'the client was closed',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
  ENOTFOUND: 'the host name is unknown',
  EAI_AGAIN: 'the host name could not be looked up',
  EHOSTUNREACH: 'the host is unreachable',
  ENETUNREACH: 'the network is unreachable',
  ETIMEDOUT: 'no answer in time',
  EPROTO: 'the TLS handshake failed',
};

function networkProblem(error: unknown): string {
  if (error instanceof DeadlineExceededError) return `no answer within ${formatDuration(error.limit)}`;
  const code = codeOfFailure(error);
  const known = NETWORK_PROBLEMS[code];
  if (known !== undefined) return known;
  if (code.startsWith('ERR_SSL')) return `the TLS handshake failed (${code})`;
  return code === '' ? 'no answer' : `no answer (${code})`;
}
