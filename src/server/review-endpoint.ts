import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AdmissionContext, AdmissionRequest } from '../admission/admission.ts';
import { answerReview } from '../admission/handler.ts';
import type { Answer, Webhook } from '../admission/handler.ts';
import { readBody } from './body.ts';
import type { BodyLimits } from './body.ts';
import type { DecisionLog } from './decision-log.ts';
import type { Log } from './log.ts';
import type { Tally } from './tally.ts';

export interface ReviewEndpointOptions {
  /** Asked for each review: what it holds may change while the server runs. */
  readonly context: () => AdmissionContext;
  readonly log: Log;
  readonly tally: Tally;
  /** For the page; undefined where there is none. */
  readonly decisions?: DecisionLog | undefined;
  /** The longest body and the longest wait for it; a review that names a shorter one gets that. */
  readonly body: BodyLimits;
}

/**
 * POST /mutate and POST /validate. Stands in front of express, which would cost more than all the rest of an answer. Everything that is not
 * a review is refused with a status of 400 or above and one line of text, which kube-apiserver shows to the user.
 */
export function reviewEndpoint(webhook: Webhook, options: ReviewEndpointOptions) {
  const { context, log, tally } = options;

  const refuse = (response: ServerResponse, code: number, line: string, headers: readonly string[] = []): void => {
    tally.refused(webhook, code);
    log.warn({ webhook, code, problem: line }, 'refused');
    write(response, code, 'text/plain; charset=utf-8', `${line}\n`, headers);
  };

  const answer = (response: ServerResponse, text: string, began: number): void => {
    const result = answerReview(webhook, text, context());
    if (result.kind === 'malformed') {
      refuse(response, 400, result.line);
      return;
    }
    if (result.kind === 'failed') {
      tally.refused(webhook, 500);
      log.error({ webhook, code: 500, ...nameOf(result), err: result.error }, 'failed');
      write(response, 500, 'text/plain; charset=utf-8', `${result.line}\n`);
      return;
    }
    write(response, 200, 'application/json', result.body);
    const milliseconds = performance.now() - began;
    tally.reviewed(webhook, result.request, result.verdict, milliseconds / 1000);
    options.decisions?.add(webhook, result.request, result.verdict, new Date());
    log.info(
      { webhook, ...nameOf(result), ...fieldsOf(result), milliseconds: Math.round(milliseconds * 1000) / 1000 },
      'review',
    );
  };

  return (request: IncomingMessage, response: ServerResponse): void => {
    const milliseconds = Math.min(options.body.milliseconds, deadlineOf(request.url ?? ''));
    readBody(request, { bytes: options.body.bytes, milliseconds }, (body) => {
      if (body.kind === 'aborted') {
        tally.aborted(webhook);
        return;
      }
      if (body.kind === 'late') {
        response.shouldKeepAlive = false;
        refuse(response, 408, `the body was not complete after ${String(milliseconds / 1000)} s`);
        return;
      }
      const problem = problemOf(request);
      if (problem !== undefined) {
        refuse(response, problem.code, problem.line, problem.headers);
        return;
      }
      if (body.kind === 'too-large') {
        refuse(response, 413, `the body is larger than ${String(options.body.bytes)} bytes`);
        return;
      }
      if (body.kind === 'not-utf8') {
        refuse(response, 400, 'the body is not UTF-8');
        return;
      }
      answer(response, body.text, performance.now());
    });
  };
}

interface Refusal {
  readonly code: number;
  readonly line: string;
  readonly headers?: readonly string[];
}

function problemOf(request: IncomingMessage): Refusal | undefined {
  if (request.method !== 'POST') {
    return { code: 405, line: `${request.method ?? ''} is not answered here; wanted POST`, headers: ['allow', 'POST'] };
  }
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    // A few kilobytes of gzip can hold gigabytes; kube-apiserver never compresses a review.
    return { code: 415, line: 'content-encoding is not supported; send the body as it is' };
  }
  if (!isJson(request.headers['content-type'])) {
    return { code: 415, line: 'content-type is not supported; wanted application/json' };
  }
  return undefined;
}

function isJson(mediaType: string | undefined): boolean {
  return (
    mediaType === 'application/json' || (mediaType !== undefined && /^application\/json[\t ]*(?:;|$)/i.test(mediaType))
  );
}

/** Milliseconds that kube-apiserver waits, from `?timeout=10s`; it writes whole seconds. Unlimited where it does not say. */
function deadlineOf(url: string): number {
  const seconds = /[?&]timeout=(\d{1,4})s(?:&|$)/.exec(url)?.[1];
  return seconds === undefined ? Infinity : Number(seconds) * 1000;
}

function write(
  response: ServerResponse,
  code: number,
  type: string,
  body: string,
  headers: readonly string[] = [],
): void {
  const length = Buffer.byteLength(body);
  response.writeHead(code, ['content-type', type, 'content-length', String(length), ...headers]);
  // As many bytes as characters is ASCII, whose bytes are those of latin1, and Node writes that without encoding.
  response.end(body, length === body.length ? 'latin1' : 'utf8');
}

/** A uid is 36 characters; whoever sends more does not fill our log. */
function nameOf(result: { readonly request: AdmissionRequest }): Readonly<Record<string, string>> {
  const { uid, namespace, name } = result.request;
  return { uid: uid.slice(0, 100), namespace: namespace.slice(0, 300), name: name.slice(0, 300) };
}

function fieldsOf(result: Extract<Answer, { kind: 'reviewed' }>): Readonly<Record<string, unknown>> {
  const { request, verdict } = result;
  return {
    operation: request.operation,
    user: request.user.slice(0, 300),
    dryRun: request.dryRun,
    decision: verdict.decision,
    reason: verdict.reason,
    revision: verdict.revision,
    operations: verdict.operations.length,
  };
}
