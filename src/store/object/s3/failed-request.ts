import type { FailedRequest } from '../failed-request.ts';
import { failedConnection, firstLine, isHtml, nothingKnown, retryAfter } from '../failed-request.ts';

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

/** Out of an exception of Amazon's client. */
export function failedRequest(error: unknown): FailedRequest {
  if (error instanceof ForeignAnswer) {
    return { ...nothingKnown, status: error.status, type: error.type, message: error.message };
  }
  const status = numberIn(error, '$metadata', 'httpStatusCode');
  if (!(error instanceof Error) || status === null) {
    return failedConnection(error);
  }
  const headers = objectIn(objectIn(error, '$response'), 'headers');
  const type = textIn(headers, 'content-type');
  return {
    status,
    code: madeUp.has(error.name) || isHtml(type) ? null : error.name,
    connection: null,
    retryAfterMs: retryAfter(textIn(headers, 'retry-after')),
    type,
    message: firstLine(error.message),
  };
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
