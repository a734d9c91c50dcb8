import type { Dialect, Meaning } from '../outcome-of-failure.ts';

/**
 * What each code means (Azure Storage REST, "Common REST API error codes" and "Blob service error codes"; those with a colon are made in
 * failed-request.ts). `absent` has one line, on purpose: it ends recoveries and starts new databases.
 */
const codes: ReadonlyMap<string, Meaning> = new Map<string, Meaning>(
  Object.entries({
    BlobNotFound: ['absent'],

    ConditionNotMet: ['condition-failed'],
    BlobAlreadyExists: ['condition-failed'],
    InvalidBlockList: ['upload-gone'],

    AuthenticationFailed: ['denied', 'credentials'],
    InvalidAuthenticationInfo: ['denied', 'credentials'],
    NoAuthenticationInformation: ['denied', 'credentials'],
    PublicAccessNotPermitted: ['denied', 'credentials'],
    TokenRefused: ['denied', 'credentials'],
    'AuthenticationFailed: expired': ['denied', 'expired'],
    'InvalidAuthenticationInfo: expired': ['denied', 'expired'],
    'AuthenticationFailed: clock': ['denied', 'clock'],
    'InvalidAuthenticationInfo: clock': ['denied', 'clock'],
    AccountIsDisabled: ['denied', 'rights'],
    AuthorizationFailure: ['denied', 'rights'],
    AuthorizationPermissionMismatch: ['denied', 'rights'],
    AuthorizationProtocolMismatch: ['denied', 'rights'],
    AuthorizationResourceTypeMismatch: ['denied', 'rights'],
    AuthorizationServiceMismatch: ['denied', 'rights'],
    AuthorizationSourceIPMismatch: ['denied', 'rights'],
    InsufficientAccountPermissions: ['denied', 'rights'],
    KeyBasedAuthenticationNotPermitted: ['denied', 'rights'],
    UnauthorizedBlobOverwrite: ['denied', 'rights'],

    InternalError: ['unreachable', 'busy'],
    OperationTimedOut: ['unreachable', 'busy'],
    ServerBusy: ['unreachable', 'busy'],

    ContainerBeingDeleted: ['not-this-store'],
    ContainerDisabled: ['not-this-store'],
    ContainerNotFound: ['not-this-store'],
    ResourceNotFound: ['not-this-store'],

    Crc64Mismatch: ['damaged'],
    InvalidMd5: ['damaged'],
    Md5Mismatch: ['damaged'],

    BlobArchived: ['refused'],
    BlobBeingRehydrated: ['refused'],
    BlobImmutableDueToPolicy: ['refused'],
    LeaseIdMissing: ['refused'],
  } satisfies Record<string, Meaning>),
);

function hintFor(code: string | null): string {
  switch (code) {
    case 'ContainerNotFound':
      return '; wanted a container that is there: pgusher makes none';
    case 'AuthenticationFailed':
      return '; wanted the key or signature of this account';
    case 'AuthenticationFailed: clock':
      return "; wanted the clock of this machine within 15 minutes of the store's";
    case 'AuthorizationPermissionMismatch':
      return '; wanted the role Storage Blob Data Contributor on the container, or a signature with sp=racwdl';
    case 'AuthorizationFailure':
      return '; wanted these rights, and an account whose network rules let this machine in';
    case 'KeyBasedAuthenticationNotPermitted':
      return '; wanted the workload identity: this account takes no keys';
    case 'ERR_INVALID_CHAR':
      return '; wanted keys without line breaks (a file that ends with one?)';
    default:
      return '';
  }
}

export const azureDialect: Dialect = { codes, hintFor };
