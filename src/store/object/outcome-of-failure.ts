import type { Absent, Trouble } from '../place.ts';
import type { FailedRequest } from './failed-request.ts';
import { isHtml } from './failed-request.ts';

/** What a request can end with besides its answer. The last two are for the verb that asked for them. */
export type Failure = Absent | Trouble | { readonly outcome: 'condition-failed' } | { readonly outcome: 'upload-gone' };

type Why<Outcome extends Trouble['outcome']> = Extract<Trouble, { outcome: Outcome; why: unknown }>['why'];

/** An outcome, and why where it has a why. */
export type Meaning =
  | readonly ['absent' | 'condition-failed' | 'upload-gone' | 'not-this-store' | 'damaged' | 'refused']
  | readonly ['denied', Why<'denied'>]
  | readonly ['unreachable', Why<'unreachable'>];

/** How one kind of store speaks. `absent` has one code in each, on purpose: it ends recoveries and starts new databases. */
export interface Dialect {
  readonly codes: ReadonlyMap<string, Meaning>;
  /** What is wanted, behind a semicolon; empty where there is nothing to say. */
  readonly hintFor: (code: string | null) => string;
}

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
export function outcomeOfFailure(failed: FailedRequest, asked: string, { codes, hintFor }: Dialect): Failure {
  const words = `${asked}: ${whatCame(failed)}`;
  if (failed.status === null) {
    return outcomeOfConnection(failed, words, hintFor);
  }
  const meaning = (failed.code === null ? undefined : codes.get(failed.code)) ?? outcomeOfStatus(failed);
  switch (meaning[0]) {
    case 'absent':
      // The only status that goes with it: a proxy that says NoSuchKey with 200 or 403 is no store.
      return failed.status === 404 ? { outcome: 'absent' } : { outcome: 'not-this-store', words };
    case 'condition-failed':
    case 'upload-gone':
      return { outcome: meaning[0] };
    case 'denied':
      return { outcome: 'denied', why: meaning[1], words: words + hintFor(failed.code) };
    case 'unreachable':
      return { outcome: 'unreachable', why: meaning[1], retryAfterMs: failed.retryAfterMs, words };
    case 'not-this-store':
      return { outcome: 'not-this-store', words: words + hintFor(failed.code) };
    case 'damaged':
    case 'refused':
      return { outcome: meaning[0], words };
  }
}

function outcomeOfConnection(failed: FailedRequest, words: string, hintFor: Dialect['hintFor']): Trouble {
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

function outcomeOfStatus({ status, code, type }: FailedRequest): Meaning {
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
