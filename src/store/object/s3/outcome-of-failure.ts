import type { Absent, Trouble } from '../../place.ts';
import type { FailedRequest } from './failed-request.ts';
import { isHtml } from './failed-request.ts';

/** What a request can end with besides its answer. The last two are for the verb that asked for them. */
export type Failure = Absent | Trouble | { readonly outcome: 'condition-failed' } | { readonly outcome: 'upload-gone' };

type Why<Outcome extends Trouble['outcome']> = Extract<Trouble, { outcome: Outcome; why: unknown }>['why'];

/**
 * What each code of a store means; a code names one thing wherever it stands (Amazon S3 API Reference, "Error responses"; the codes
 * with X are MinIO's). `absent` has one line, on purpose: it ends recoveries and starts new databases.
 */
const codes: ReadonlyMap<string, readonly [Failure['outcome'], string?]> = new Map(
  Object.entries({
    NoSuchKey: ['absent'],
    NoSuchUpload: ['upload-gone'],
    PreconditionFailed: ['condition-failed'],

    AccessDenied: ['denied', 'rights'],
    AllAccessDisabled: ['denied', 'rights'],
    AccountProblem: ['denied', 'rights'],
    InvalidAccessKeyId: ['denied', 'credentials'],
    SignatureDoesNotMatch: ['denied', 'credentials'],
    InvalidToken: ['denied', 'credentials'],
    InvalidSecurity: ['denied', 'credentials'],
    NotSignedUp: ['denied', 'credentials'],
    ExpiredToken: ['denied', 'expired'],
    ExpiredTokenException: ['denied', 'expired'],
    TokenRefreshRequired: ['denied', 'expired'],
    RequestTimeTooSkewed: ['denied', 'clock'],
    RequestExpired: ['denied', 'clock'],

    // 409 at a write on condition: another one was under way, and who was first is not told.
    ConditionalRequestConflict: ['unreachable', 'busy'],
    InternalError: ['unreachable', 'busy'],
    OperationAborted: ['unreachable', 'busy'],
    RequestLimitExceeded: ['unreachable', 'busy'],
    ServiceUnavailable: ['unreachable', 'busy'],
    SlowDown: ['unreachable', 'busy'],
    SlowDownRead: ['unreachable', 'busy'],
    SlowDownWrite: ['unreachable', 'busy'],
    Throttling: ['unreachable', 'busy'],
    ThrottlingException: ['unreachable', 'busy'],
    TooManyRequests: ['unreachable', 'busy'],
    XMinioServerNotInitialized: ['unreachable', 'busy'],
    // What was sent did not come within the store's time, or not whole.
    IncompleteBody: ['unreachable', 'broken'],
    RequestTimeout: ['unreachable', 'broken'],

    AuthorizationHeaderMalformed: ['not-this-store'],
    IllegalLocationConstraintException: ['not-this-store'],
    InvalidBucketName: ['not-this-store'],
    NoSuchBucket: ['not-this-store'],
    PermanentRedirect: ['not-this-store'],
    TemporaryRedirect: ['not-this-store'],

    BadDigest: ['damaged'],
    InvalidDigest: ['damaged'],
    XAmzContentChecksumMismatch: ['damaged'],
    XAmzContentSHA256Mismatch: ['damaged'],

    // 403 in words, but no right would help.
    InvalidObjectState: ['refused'],
    MethodNotAllowed: ['refused'],
  } satisfies Record<string, readonly [Failure['outcome'], string?]>),
);

/** OpenSSL's and Node's own names; what is not of a list begins with one of these. */
const tlsNames =
  /^(?:CERT_|ERR_TLS_|ERR_SSL_|EPROTO$|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|INVALID_CA|CRL_)/;

const connections: ReadonlyMap<string, Why<'unreachable'>> = new Map(
  Object.entries({
    EAI_AGAIN: 'name',
    ENOTFOUND: 'name',
    ECONNREFUSED: 'refused',
    EHOSTDOWN: 'refused',
    EHOSTUNREACH: 'refused',
    ENETDOWN: 'refused',
    ENETUNREACH: 'refused',
    ETIMEDOUT: 'timeout',
    TimeoutError: 'timeout',
  } satisfies Record<string, Why<'unreachable'>>),
);

/**
 * From what came back (or did not) to one outcome. Pure, and never `absent` for anything but a store's own word about the key.
 * @param asked a clause such as `GET base/x/DONE.json in s3://backups at https://…`.
 */
export function outcomeOfFailure(failed: FailedRequest, asked: string): Failure {
  const words = `${asked}: ${whatCame(failed)}`;
  if (failed.status === null) {
    return outcomeOfConnection(failed, words);
  }
  const [outcome, why] = (failed.code === null ? undefined : codes.get(failed.code)) ?? outcomeOfStatus(failed);
  switch (outcome) {
    case 'absent':
      // The only status that goes with it: a proxy that says NoSuchKey with 200 or 403 is no store.
      return failed.status === 404 ? { outcome } : { outcome: 'not-this-store', words };
    case 'condition-failed':
    case 'upload-gone':
      return { outcome };
    case 'denied':
      return { outcome, why: why as Why<'denied'>, words: words + hintFor(failed.code) };
    case 'unreachable':
      return { outcome, why: why as Why<'unreachable'>, retryAfterMs: failed.retryAfterMs, words };
    case 'not-this-store':
      return { outcome, words: words + hintFor(failed.code) };
    case 'damaged':
    case 'refused':
      return { outcome, words };
  }
}

function outcomeOfConnection(failed: FailedRequest, words: string): Trouble {
  const name = failed.connection ?? '';
  if (name === 'CredentialsProviderError' || name === 'TokenProviderError') {
    return { outcome: 'denied', why: 'credentials', words: words + hintFor(name) };
  }
  // A key or token that no header can hold; the client throws before anything is sent.
  if (name === 'ERR_INVALID_CHAR') {
    return { outcome: 'denied', why: 'credentials', words: words + hintFor(name) };
  }
  const why = tlsNames.test(name) ? 'tls' : (connections.get(name) ?? 'broken');
  return { outcome: 'unreachable', why, retryAfterMs: null, words };
}

function outcomeOfStatus({ status, code, type }: FailedRequest): readonly [Trouble['outcome'], string?] {
  switch (status) {
    case 401:
      return ['denied', 'credentials'];
    case 403:
      return ['denied', 'rights'];
    case 408:
    case 429:
      return ['unreachable', 'busy'];
    case 507:
      return ['refused'];
    case 404:
    case 405:
      return code === null || status === 404 ? ['not-this-store'] : ['refused'];
    case 501:
      return ['refused'];
    default:
      if (status !== null && status >= 500) {
        return ['unreachable', 'busy'];
      }
      return status !== null && status >= 400 && code !== null && !isHtml(type) ? ['refused'] : ['not-this-store'];
  }
}

function whatCame({ status, code, connection, type, message }: FailedRequest): string {
  if (status === null) {
    return connection === null || message.includes(connection) ? message : `${connection}, ${message}`;
  }
  const kind = code ?? (type === null ? 'without a word of a store' : `with ${type} that is no word of a store`);
  return `answered ${status} ${kind}${code === null || message === '' || message === code ? '' : ` (${message})`}`;
}

function hintFor(code: string | null): string {
  switch (code) {
    case 'NoSuchBucket':
      return '; wanted a bucket that is there: pgusher makes none';
    case 'AuthorizationHeaderMalformed':
    case 'PermanentRedirect':
    case 'TemporaryRedirect':
    case 'IllegalLocationConstraintException':
      return "; wanted the bucket's region in the address, ?region=…";
    case 'SignatureDoesNotMatch':
      return '; wanted the secret key that goes with this key id';
    case 'RequestTimeTooSkewed':
      return "; wanted the clock of this machine within 15 minutes of the store's";
    case 'ERR_INVALID_CHAR':
      return '; wanted keys without line breaks (a file that ends with one?)';
    default:
      return '';
  }
}
