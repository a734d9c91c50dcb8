import type { HttpAnswer } from '../exchange.ts';
import { readAnswer } from '../exchange.ts';
import type { FailedRequest } from '../failed-request.ts';
import { failedConnection, firstLine, isHtml, retryAfter } from '../failed-request.ts';
import { childText, readXml } from './xml.ts';

/** An answer that is not the one that was asked for. */
export class AzureRefusal extends Error {
  readonly failed: FailedRequest;
  constructor(failed: FailedRequest) {
    super(failed.message);
    this.failed = failed;
  }
}

export function failedRequest(error: unknown): FailedRequest {
  return error instanceof AzureRefusal ? error.failed : failedConnection(error);
}

/** Azure refuses requests that are dated further away than this. */
const mostSkewMs = 14 * 60_000;

/** How far the clock of whoever answers is ahead of this one, in milliseconds; null where the answer has no date. */
export function skewOf({ headers }: HttpAnswer): number | null {
  const said = Date.parse(headers.date ?? '');
  return Number.isNaN(said) ? null : said - Date.now();
}

/**
 * What is known of a refusal. Its code is believed only from the header that Azure puts beside every error, also of HEAD, and of no page of HTML.
 * @param datedAheadMs how far the clock was put right that the request was dated by.
 * @param signatureEnded the request went with a signature whose own end has passed.
 */
export async function refusal(
  answer: HttpAnswer,
  datedAheadMs: number,
  signatureEnded: boolean,
): Promise<AzureRefusal> {
  const { status, headers } = answer;
  const type = headers['content-type'] ?? null;
  const named = headers['x-ms-error-code'];
  const said = readXml((await readAnswer(answer.body, 64 * 1024)).toString());
  const words = childText(said, 'Message') ?? '';
  const detail = childText(said, 'AuthenticationErrorDetail') ?? '';
  const skew = (skewOf(answer) ?? datedAheadMs) - datedAheadMs;
  const code = typeof named === 'string' && !isHtml(type) ? named : null;
  const message = [words, detail].map(firstLine).filter((line) => line !== '');
  return new AzureRefusal({
    status,
    code: code === null ? null : preciseCode(code, words, detail, skew, signatureEnded),
    connection: null,
    retryAfterMs: retryAfter(headers['retry-after'] ?? null),
    type,
    message: message.join(' '),
  });
}

/** One code of Azure stands for a wrong key, a clock that is off and a signature that has ended; Azurite has another for them. */
function preciseCode(said: string, words: string, detail: string, skewMs: number, ended: boolean): string {
  const code = said === 'AuthorizationFailure' && /failed to authenticate/.test(words) ? 'AuthenticationFailed' : said;
  if (code !== 'AuthenticationFailed' && code !== 'InvalidAuthenticationInfo') {
    return code;
  }
  if (ended) {
    return `${code}: expired`;
  }
  if (/Request date header/i.test(detail) || (detail === '' && Math.abs(skewMs) > mostSkewMs)) {
    return `${code}: clock`;
  }
  return /not valid in the specified time frame|Signed expiry|Lifetime validation|expired/i.test(detail)
    ? `${code}: expired`
    : code;
}
