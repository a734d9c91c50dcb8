import type { AdmissionContext, AdmissionRequest, Outcome } from './admission.ts';
import { AnswerMemory } from './answer-memory.ts';
import type { KnownAnswer } from './answer-memory.ts';
import { tooDeep } from './json-depth.ts';
import { mutate } from './mutate.ts';
import { questionOf } from './question.ts';
import { answerTo, mutationRest, validationRest } from './response.ts';
import { decodeReview } from './review.ts';
import { validate } from './validate.ts';

export type Webhook = 'mutate' | 'validate';

/** What goes back, and what is known of the review for log and metrics: `body` is JSON, `line` is text without a line end. */
export type Answer =
  | {
      readonly kind: 'reviewed';
      readonly body: string;
      readonly request: AdmissionRequest;
      readonly verdict: Outcome;
    }
  /** The sender's fault: HTTP 400. */
  | { readonly kind: 'malformed'; readonly line: string }
  /** Ours: HTTP 500, so that failurePolicy decides. */
  | { readonly kind: 'failed'; readonly line: string; readonly request: AdmissionRequest; readonly error: unknown };

/**
 * The text of an AdmissionReview to an answer; never throws. A denial is an answer like any other (HTTP 200). What throws below
 * is our own fault; the answer names the request by its uid, under which the log has the error.
 */
export function answerReview(webhook: Webhook, text: string, context: AdmissionContext): Answer {
  const decoded = decodeReview(text);
  if (decoded.kind === 'malformed') return { kind: 'malformed', line: decoded.message };
  const { request } = decoded;
  try {
    const { outcome, rest } = answerFor(webhook, request, context);
    return { kind: 'reviewed', body: answerTo(request.uid, rest), request, verdict: outcome };
  } catch (error) {
    const depth = error instanceof RangeError ? tooDeep(text) : undefined;
    if (depth !== undefined) return { kind: 'malformed', line: `the body ${depth}` };
    const uid = JSON.stringify(request.uid.slice(0, 100));
    return {
      kind: 'failed',
      line: `pgusher failed on request ${uid}; its log has the error under this uid`,
      request,
      error,
    };
  }
}

const memory = new AnswerMemory();

function answerFor(webhook: Webhook, request: AdmissionRequest, context: AdmissionContext): KnownAnswer {
  const question = questionOf(webhook, request, context);
  if (question === undefined) return newAnswer(webhook, request, context);
  const known = memory.recall(question);
  if (known !== undefined) return known;
  const answer = newAnswer(webhook, request, context);
  memory.keep(question, answer);
  return answer;
}

function newAnswer(webhook: Webhook, request: AdmissionRequest, context: AdmissionContext): KnownAnswer {
  const verdict = webhook === 'mutate' ? mutate(request, context) : validate(request, context);
  // The object itself is not kept: it may be as large as a body.
  const { decision, reason, allowed, findings, operations, reasons, warnings, revision, subject } = verdict;
  const named = subject === undefined ? {} : { subject };
  const outcome = { decision, reason, allowed, findings, operations, reasons, warnings, revision, ...named };
  return { outcome, rest: webhook === 'mutate' ? mutationRest(outcome) : validationRest(outcome) };
}
