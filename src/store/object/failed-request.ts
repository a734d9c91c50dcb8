/** What is known of a request that brought no answer of the wanted kind; read out of what a client throws, in one place of each kind. */
export interface FailedRequest {
  /** Of HTTP; null where no answer came. */
  readonly status: number | null;
  /** The store's own name for what is wrong; null where it said none. */
  readonly code: string | null;
  /** errno, or the name that Node or OpenSSL gives to what is wrong with a connection. */
  readonly connection: string | null;
  readonly retryAfterMs: number | null;
  /** Media type of the answer. */
  readonly type: string | null;
  readonly message: string;
}

/** The limit of an attempt was reached (limits.ts). */
export class AttemptTimeout extends Error {}

/** Where nothing is known. */
export const nothingKnown = { status: null, code: null, connection: null, retryAfterMs: null, type: null };

/** Of an exception that is of no answer. */
export function failedConnection(error: unknown): FailedRequest {
  if (error instanceof AttemptTimeout) {
    return { ...nothingKnown, connection: 'TimeoutError', message: error.message };
  }
  return error instanceof Error
    ? { ...nothingKnown, connection: connectionCode(error) ?? error.name, message: firstLine(error.message) }
    : { ...nothingKnown, message: String(error) };
}

export function isHtml(type: string | null): boolean {
  return type !== null && /\bhtml\b/i.test(type);
}

/** Seconds, or a day and time (RFC 9110, 10.2.3). */
export function retryAfter(header: string | null): number | null {
  if (header === null) {
    return null;
  }
  if (/^\d+$/.test(header)) {
    return Number(header) * 1000;
  }
  const until = Date.parse(header);
  return Number.isNaN(until) ? null : Math.max(0, until - Date.now());
}

/** Clients and stores add hints for developers below the first line. */
export function firstLine(text: string): string {
  return text.split('\n')[0]?.trim().slice(0, 300) ?? '';
}

/** The innermost code: of several addresses that were tried, or below what wraps it. */
function connectionCode(error: Error): string | undefined {
  if ('code' in error && typeof error.code === 'string') {
    return error.code;
  }
  const inner: unknown = error instanceof AggregateError ? error.errors[0] : error.cause;
  return inner instanceof Error ? connectionCode(inner) : undefined;
}
