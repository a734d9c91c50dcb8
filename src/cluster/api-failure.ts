import { ApiException } from '@kubernetes/client-node';

/** An answer of the apiserver other than 200. */
export class ApiFailure extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** The HTTP status in what client-node throws or hands over; undefined for what failed without an answer. */
export function statusOf(error: unknown): number | undefined {
  if (error instanceof ApiFailure) return error.code;
  if (typeof error !== 'object' || error === null || !('statusCode' in error)) return undefined;
  return typeof error.statusCode === 'number' ? error.statusCode : undefined;
}

/** With its cause: fetch says "fetch failed", and what failed stands below. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${describeFailure(error.cause)}`;
}

/** The HTTP status in what the typed calls of client-node throw. */
export function codeOf(error: unknown): number | undefined {
  return error instanceof ApiException ? error.code : undefined;
}

/** The apiserver's own words, which name the right where one is missing: client-node's message is a dump of the answer. */
export function wordsOf(error: Error): string {
  if (!(error instanceof ApiException)) return error.message;
  const body: unknown = typeof error.body === 'string' ? parsed(error.body) : error.body;
  return typeof body === 'object' && body !== null && 'message' in body && typeof body.message === 'string'
    ? body.message
    : error.message;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
