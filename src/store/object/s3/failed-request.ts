/** What is known of a request that brought no answer of the wanted kind; read out of the client's exception in one place. */
export interface FailedRequest {
  /** Of HTTP; null where no answer came. */
  readonly status: number | null;
  /** `Code` of the XML that the store sent; null where it sent none. */
  readonly code: string | null;
  /** errno, or the name that Node or OpenSSL gives to what is wrong with a connection. */
  readonly connection: string | null;
  readonly retryAfterMs: number | null;
  /** Media type of the answer. */
  readonly type: string | null;
  readonly message: string;
}

/** Names that the client makes up where the answer has no code. */
const madeUp = new Set([
  'Error',
  'NotFound',
  'Unknown',
  'UnknownError',
  'S3ServiceException',
  'SyntaxError',
  'TypeError',
]);

/** Our own, where the exception is not the client's. */
export class ForeignAnswer extends Error {
  readonly status: number;
  readonly type: string | null;
  constructor(status: number, type: string | null, message: string) {
    super(message);
    this.status = status;
    this.type = type;
  }
}

/** The limit of an attempt was reached (limits.ts). */
export class AttemptTimeout extends Error {}

export function failedRequest(error: unknown): FailedRequest {
  if (error instanceof ForeignAnswer) {
    return { ...nothing, status: error.status, type: error.type, message: error.message };
  }
  if (error instanceof AttemptTimeout) {
    return { ...nothing, connection: 'TimeoutError', message: error.message };
  }
  if (!(error instanceof Error)) {
    return { ...nothing, message: String(error) };
  }
  const status = numberIn(error, '$metadata', 'httpStatusCode');
  const headers = objectIn(objectIn(error, '$response'), 'headers');
  const type = textIn(headers, 'content-type');
  return {
    status,
    code: status === null || madeUp.has(error.name) || isHtml(type) ? null : error.name,
    connection: status === null ? (connectionCode(error) ?? error.name) : null,
    retryAfterMs: retryAfter(textIn(headers, 'retry-after')),
    type,
    message: firstLine(error.message),
  };
}

const nothing = { status: null, code: null, connection: null, retryAfterMs: null, type: null };

export function isHtml(type: string | null): boolean {
  return type !== null && /\bhtml\b/i.test(type);
}

/** Seconds, or a day and time (RFC 9110, 10.2.3). */
function retryAfter(header: string | null): number | null {
  if (header === null) {
    return null;
  }
  if (/^\d+$/.test(header)) {
    return Number(header) * 1000;
  }
  const until = Date.parse(header);
  return Number.isNaN(until) ? null : Math.max(0, until - Date.now());
}

/** The innermost code: of several addresses that were tried, or below what wraps it. */
function connectionCode(error: Error): string | undefined {
  const own = textIn(error, 'code');
  if (own !== null) {
    return own;
  }
  const inner = error instanceof AggregateError ? (error.errors as unknown[])[0] : error.cause;
  return inner instanceof Error ? connectionCode(inner) : undefined;
}

/** The client adds hints for developers below the first line. */
function firstLine(text: string): string {
  return text.split('\n')[0]?.trim().slice(0, 300) ?? '';
}

function objectIn(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function textIn(value: unknown, name: string): string | null {
  const found = objectIn(value, name);
  return typeof found === 'string' ? found : null;
}

function numberIn(value: unknown, ...path: readonly string[]): number | null {
  const found = path.reduce(objectIn, value);
  return typeof found === 'number' ? found : null;
}
