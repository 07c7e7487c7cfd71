/**
 * What the error of an S3 server, or of the way to it, means to whoever runs
 * the operator. Apart from the store so that the sentences people read are in
 * one place. Servers differ in their codes; those of AWS come first in a row.
 */
import { isFields, numberAt, textAt } from '../api/fields.ts';
import type { S3StoreSpec } from '../api/v1alpha1/dr-scenario-store.ts';
import { StoreError, type StoreErrorCode } from './store.ts';

const FIELD = 'spec.replication.store.s3';

interface Meaning {
  /** Names of S3 errors, or codes of Node's. */
  readonly names: readonly string[];
  readonly code: StoreErrorCode;
  readonly what: string;
  readonly remedy: string;
}

const MEANINGS: readonly Meaning[] = [
  {
    names: ['NoSuchBucket'],
    code: 'StoreNotFound',
    what: 'does not exist',
    remedy: `create the bucket, or correct ${FIELD}.bucket`,
  },
  {
    names: ['PermanentRedirect', 'AuthorizationHeaderMalformed', 'IllegalLocationConstraintException'],
    code: 'StoreMisconfigured',
    what: 'is in another region',
    remedy: `correct ${FIELD}.region`,
  },
  {
    names: [
      'InvalidAccessKeyId',
      'XAdminUserNotFound',
      'InvalidClientTokenId',
      'UnrecognizedClientException',
    ],
    code: 'StoreUnauthorized',
    what: 'does not know the access key',
    remedy: `correct accessKeyId in the Secret of ${FIELD}.credentialsSecret`,
  },
  {
    names: ['SignatureDoesNotMatch'],
    code: 'StoreUnauthorized',
    what: 'does not accept the secret key',
    remedy: `correct secretAccessKey in the Secret of ${FIELD}.credentialsSecret`,
  },
  {
    names: ['ExpiredToken', 'ExpiredTokenException', 'TokenRefreshRequired', 'InvalidToken'],
    code: 'StoreUnauthorized',
    what: 'says that the session has expired or is invalid',
    remedy: `renew sessionToken, or leave it out of the Secret of ${FIELD}.credentialsSecret`,
  },
  {
    names: ['CredentialsProviderError', 'TokenProviderError'],
    code: 'StoreUnauthorized',
    what: 'cannot be used without credentials, and the operator has none of its own',
    remedy: `set ${FIELD}.credentialsSecret, or give the operator's ServiceAccount an identity`,
  },
  {
    names: ['RequestTimeTooSkewed', 'RequestExpired', 'RequestInTheFuture'],
    code: 'StoreUnauthorized',
    what: 'finds that its clock and the operator\u2019s differ too much',
    remedy: "set the clock (NTP) of the operator's node or of the server",
  },
  {
    names: ['AccessDenied', 'AllAccessDisabled', 'AccountProblem', 'Forbidden', 'UnauthorizedAccess'],
    code: 'StoreReadOnly',
    what: 'may not be used so by these credentials',
    remedy:
      'allow s3:ListBucket on the bucket and s3:GetObject, s3:PutObject, s3:DeleteObject on its objects',
  },
  {
    names: ['KMS.DisabledException', 'KMS.NotFoundException', 'KMS.KMSInvalidStateException'],
    code: 'StoreMisconfigured',
    what: 'cannot encrypt with the key it was told to',
    remedy: `correct ${FIELD}.encryption.kmsKeyId, or enable the key`,
  },
  {
    names: ['InvalidEncryptionAlgorithmError', 'ServerSideEncryptionConfigurationNotFoundError'],
    code: 'StoreMisconfigured',
    what: 'does not know this way to encrypt',
    remedy: `correct or remove ${FIELD}.encryption`,
  },
  {
    names: ['InvalidRequest'],
    code: 'StoreMisconfigured',
    what: 'finds a request invalid, by a rule of its own',
    remedy: `see the server's own logs for the rule, and ${FIELD}; a default retention (Object Lock) needs MD5, which Node.js has not in FIPS mode`,
  },
  {
    names: ['InvalidObjectState'],
    code: 'StoreUnavailable',
    what: 'has moved objects to an archive',
    remedy: 'restore them from it, and exempt the prefix from such lifecycle rules',
  },
  {
    names: [
      'QuotaExceeded',
      'InsufficientStorage',
      'XMinioStorageFull',
      'InsufficientCapacity',
      'BucketQuotaExceeded',
    ],
    code: 'StoreFull',
    what: 'has no space or quota left',
    remedy: 'raise its quota, free space, or lower spec.replication.keep',
  },
  {
    names: [
      'SlowDown',
      'ServiceUnavailable',
      'RequestLimitExceeded',
      'TooManyRequests',
      'ThrottlingException',
    ],
    code: 'StoreBusy',
    what: 'asks for fewer requests',
    remedy: 'nothing, it is tried again; if it lasts, see what else uses the bucket',
  },
  {
    names: ['ENOTFOUND', 'EAI_AGAIN', 'EAI_NODATA'],
    code: 'StoreUnavailable',
    what: 'cannot be found: the name of its server is not resolved',
    remedy: `correct ${FIELD}.endpoint or region, or see the cluster's DNS`,
  },
  {
    names: [
      'ECONNREFUSED',
      'ECONNRESET',
      'ETIMEDOUT',
      'TimeoutError',
      'EHOSTUNREACH',
      'ENETUNREACH',
      'EPIPE',
    ],
    code: 'StoreUnavailable',
    what: 'cannot be reached',
    remedy: `see that the server runs and a NetworkPolicy lets the operator through, or correct ${FIELD}.endpoint`,
  },
  {
    names: ['ERR_TLS_CERT_ALTNAME_INVALID'],
    code: 'StoreMisconfigured',
    what: 'has a certificate for another host name',
    remedy: `correct ${FIELD}.endpoint, or set ${FIELD}.forcePathStyle when the bucket became part of the name`,
  },
  {
    names: ['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID'],
    code: 'StoreMisconfigured',
    what: 'has a certificate that is not valid now',
    remedy: "renew the server's certificate",
  },
  {
    names: [
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'SELF_SIGNED_CERT_IN_CHAIN',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'UNABLE_TO_GET_ISSUER_CERT',
      'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    ],
    code: 'StoreMisconfigured',
    what: 'has a certificate of an unknown authority',
    remedy: `put the authority's certificate under ca.crt into the Secret of ${FIELD}.caSecret`,
  },
  {
    names: ['EPROTO', 'ERR_SSL_WRONG_VERSION_NUMBER'],
    code: 'StoreMisconfigured',
    what: 'does not speak TLS as expected',
    remedy: `correct http or https in ${FIELD}.endpoint`,
  },
];

/** Passing troubles of a server or of the way to it, beside every 5xx. */
const PASSING: ReadonlySet<string> = new Set([
  'SlowDown',
  'RequestTimeout',
  'OperationAborted',
  'ConditionalRequestConflict',
  'TooManyRequests',
  // The client has learnt the server's time from the answer.
  'RequestTimeTooSkewed',
  'TimeoutError',
  'ECONNRESET',
  'ECONNREFUSED',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/** What another set of credentials may mend. */
const CREDENTIALS: ReadonlySet<StoreErrorCode> = new Set(['StoreUnauthorized', 'StoreReadOnly']);

/** The name of an S3 error and the code of Node's, as far as there are any. */
function namesOf(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return [];
  const code = 'code' in error ? [String(error.code)] : [];
  // Several addresses were tried: the first failure stands for all.
  const first = error instanceof AggregateError ? namesOf(error.errors[0]) : [];
  return [error.name, ...code, ...first];
}

/** HTTP status of the answer; undefined when there was none. */
export function statusOf(error: unknown): number | undefined {
  return isFields(error) ? numberAt(error, '$metadata', 'httpStatusCode') : undefined;
}

/** Whether `error` is one of these S3 errors, e.g. `NoSuchKey`. */
export function isNamed(error: unknown, ...names: readonly string[]): boolean {
  return namesOf(error).some((name) => names.includes(name));
}

export function mayPass(error: unknown): boolean {
  const status = statusOf(error) ?? 0;
  return (
    status === 429 || (status >= 500 && status !== 501) || namesOf(error).some((name) => PASSING.has(name))
  );
}

const meaningOf = (error: unknown): Meaning | undefined =>
  MEANINGS.find(({ names }) => isNamed(error, ...names)) ??
  (statusOf(error) === 403 ? MEANINGS.find(({ names }) => names.includes('AccessDenied')) : undefined) ??
  (statusOf(error) === 301 ? MEANINGS.find(({ names }) => names.includes('PermanentRedirect')) : undefined);

export function concernsCredentials(error: unknown): boolean {
  const meaning = meaningOf(error);
  return meaning !== undefined && CREDENTIALS.has(meaning.code);
}

/** The store error for whatever went wrong with the bucket; store errors pass unchanged. */
export function explainS3(error: unknown, { bucket, endpoint }: S3StoreSpec): unknown {
  if (!(error instanceof Error) || error instanceof StoreError) return error;
  const { code, what, remedy } = meaningOf(error) ?? {
    code: 'StoreUnavailable',
    what: 'cannot be used',
    remedy: `see the server's own logs, and ${FIELD}`,
  };
  const where = endpoint === undefined ? `bucket ${bucket}` : `bucket ${bucket} at ${endpoint}`;
  const status = statusOf(error);
  const detail = [textAt(error, 'code') ?? error.name, status === undefined ? '' : `HTTP ${status}`];
  return new StoreError(
    code,
    `${where} ${what} (${detail.filter((part) => part !== '').join(', ')}): ${remedy}`,
    { cause: error },
  );
}
