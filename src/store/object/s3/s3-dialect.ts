import type { Dialect, Meaning } from '../outcome-of-failure.ts';

/**
 * What each code of a store means; a code names one thing wherever it stands (Amazon S3 API Reference, "Error responses"; the codes
 * with X are MinIO's). `absent` has one line, on purpose: it ends recoveries and starts new databases.
 */
const codes: ReadonlyMap<string, Meaning> = new Map<string, Meaning>(
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
  } satisfies Record<string, Meaning>),
);

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

export const s3Dialect: Dialect = { codes, hintFor };
