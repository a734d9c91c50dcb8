import { expect, test } from 'vitest';
import type { FailedRequest } from '../../../src/store/object/failed-request.ts';
import { outcomeOfFailure } from '../../../src/store/object/outcome-of-failure.ts';
import { s3Dialect } from '../../../src/store/object/s3/s3-dialect.ts';

const nothing: FailedRequest = {
  status: null,
  code: null,
  connection: null,
  retryAfterMs: null,
  type: null,
  message: 'it says',
};

function told(failed: Partial<FailedRequest>): string {
  const outcome = outcomeOfFailure({ ...nothing, ...failed }, 'GET a', s3Dialect);
  return 'why' in outcome ? `${outcome.outcome} ${outcome.why}` : outcome.outcome;
}

test.each([
  ['ENOTFOUND', 'unreachable name'],
  ['EAI_AGAIN', 'unreachable name'],
  ['ECONNREFUSED', 'unreachable refused'],
  ['ENETUNREACH', 'unreachable refused'],
  ['EHOSTUNREACH', 'unreachable refused'],
  ['ETIMEDOUT', 'unreachable timeout'],
  ['TimeoutError', 'unreachable timeout'],
  ['ECONNRESET', 'unreachable broken'],
  ['EPIPE', 'unreachable broken'],
  ['something that nobody has seen', 'unreachable broken'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unreachable tls'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'unreachable tls'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'unreachable tls'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'unreachable tls'],
  ['CERT_HAS_EXPIRED', 'unreachable tls'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'unreachable tls'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'unreachable tls'],
  ['EPROTO', 'unreachable tls'],
  ['CredentialsProviderError', 'denied credentials'],
  ['ERR_INVALID_CHAR', 'denied credentials'],
])('without an answer: %s', (connection, expected) => {
  expect(told({ connection })).toBe(expected);
});

test('of all statuses and codes only one pair is absent', () => {
  const codes = [
    null,
    'NoSuchKey',
    'NoSuchBucket',
    'NoSuchVersion',
    'NotFound',
    'AccessDenied',
    'Anything',
    'toString',
  ];
  const absent: string[] = [];
  for (let status = 100; status < 600; status += 1) {
    for (const code of codes) {
      for (const type of [null, 'application/xml', 'text/html', 'application/json']) {
        if (told({ status, code, type }) === 'absent') {
          absent.push(`${status} ${code ?? ''}`);
        }
      }
    }
  }
  expect([...new Set(absent)]).toEqual(['404 NoSuchKey']);
});

test('how long a store wants to be left alone is told', () => {
  const outcome = outcomeOfFailure(
    { ...nothing, status: 503, code: 'SlowDown', retryAfterMs: 7000 },
    'GET a',
    s3Dialect,
  );
  expect(outcome).toMatchObject({ outcome: 'unreachable', why: 'busy', retryAfterMs: 7000 });
});
