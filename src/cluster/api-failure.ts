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
