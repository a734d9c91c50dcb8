import { rmSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAuthority, issueServingCertificate } from '../../../src/certificates/authority.ts';
import type { StoreLimits } from '../../../src/store/object/limits.ts';
import type { Fault, FaultStore } from '../../support/fault-store.ts';
import { startFaultStore } from '../../support/fault-store.ts';
import { freePort } from '../../support/free-port.ts';
import { unansweringPort } from '../../support/unanswering-port.ts';
import { bodyOf, errorInside, hangsUp, loginPage, page, refusing, saying, silent } from './faults.ts';
import type { Kind, Verb } from './verbs.ts';
import { everyKind, hasty, insistent, kinds, placeAt, refill, told, verbs } from './verbs.ts';

const everyVerb = Object.keys(verbs) as Verb[];

/** `all`, and what differs from it. */
interface Row {
  readonly fault: Fault;
  readonly all: string;
  readonly only?: Verb;
  readonly but?: Partial<Record<Verb, string>>;
  readonly limits?: StoreLimits;
}

const foreign = 'not-this-store';
/**
 * What the place says when the store, or somebody in its place, answers so to everything. `absent` is in two cells, and nowhere else: it ends
 * a recovery, and lets a database begin anew.
 */
const foreigners: Readonly<Record<string, Row>> = {
  'a 404 page of somebody else': {
    fault: page(404, 'text/html', '<html><h1>404 Not Found</h1>nginx</html>'),
    all: foreign,
  },
  'an empty 404': { fault: page(404, null, ''), all: foreign },
  'a 404 in JSON': { fault: page(404, 'application/json', '{"Code":"NoSuchKey"}'), all: foreign },
  'an empty 403': { fault: page(403, null, ''), all: 'denied rights', but: { probe: 'probed' } },
  'a 403 page': {
    fault: page(403, 'text/html', '<html>Forbidden</html>'),
    all: 'denied rights',
    but: { probe: 'probed' },
  },
  'a redirect with 302': { fault: page(302, 'text/html', '', { location: '/elsewhere' }), all: foreign },
  '200 with a login page': { fault: page(200, 'text/html; charset=utf-8', loginPage), all: foreign },
  '200 with text': { fault: page(200, 'text/plain', 'ok'), all: foreign },
  '200 and nothing': { fault: page(200, null, ''), all: foreign },
  // The client takes it for success.
  '200 with an error inside and a line break behind it': {
    fault: page(200, 'application/xml', '<Error><Code>InternalError</Code></Error>\n'),
    all: foreign,
  },
  '500 without a word': { fault: page(500, null, ''), all: 'unreachable busy' },
  'a 502 page of a proxy': { fault: page(502, 'text/html', '<html>Bad Gateway</html>'), all: 'unreachable busy' },
  '429': { fault: page(429, 'text/plain', 'slower'), all: 'unreachable busy' },
  'a connection that breaks before the answer': { fault: hangsUp, all: 'unreachable broken' },
  'a server that is silent': { fault: silent, all: 'unreachable timeout', limits: hasty },
  'a body that is cut at once': { fault: bodyOf(0, 'cut'), only: 'read', all: 'unreachable broken' },
  'a body that stalls': { fault: bodyOf(0, 'stall'), only: 'read', all: 'unreachable broken', limits: hasty },
  'a chunked body that ends early': { fault: bodyOf(1000, 'chunked'), only: 'read', all: foreign },
  'flipped bits': {
    fault: bodyOf(300_000, 'cut', (piece) =>
      Buffer.concat([piece.subarray(0, -1), Buffer.from([(piece.at(-1) ?? 0) ^ 1])]),
    ),
    only: 'read',
    all: 'damaged',
  },
};

/** The codes of S3. */
const s3Rows: Readonly<Record<string, Row>> = {
  'a missing key': {
    fault: saying(404, 'NoSuchKey'),
    all: foreign,
    // To PUT with If-Match: what was to be replaced is gone.
    but: { read: 'absent', delete: 'deleted', replace: 'changed' },
  },
  'a missing bucket': { fault: saying(404, 'NoSuchBucket'), all: foreign },
  'NoSuchKey with another status': { fault: saying(403, 'NoSuchKey'), all: foreign },
  'a 404 page that has the words of a store': {
    fault: page(404, 'text/html', '<Error><Code>NoSuchKey</Code><Message>no</Message></Error>'),
    all: foreign,
  },
  'a 404 of XML that is no error': { fault: page(404, 'application/xml', '<Code>NoSuchKey</Code>'), all: foreign },
  '403, of a missing key or of none': {
    fault: saying(403, 'AccessDenied'),
    all: 'denied rights',
    but: { probe: 'probed' },
  },
  'a wrong secret': { fault: saying(403, 'SignatureDoesNotMatch'), all: 'denied credentials' },
  'an unknown key id': { fault: saying(403, 'InvalidAccessKeyId'), all: 'denied credentials' },
  'an expired token': { fault: saying(400, 'ExpiredToken'), all: 'denied expired' },
  'a clock that is off': { fault: saying(403, 'RequestTimeTooSkewed'), all: 'denied clock' },
  'another region': { fault: saying(400, 'AuthorizationHeaderMalformed'), all: foreign },
  'a redirect with 301': { fault: saying(301, 'PermanentRedirect'), all: foreign },
  'a redirect with 307': { fault: saying(307, 'TemporaryRedirect', { location: '/elsewhere' }), all: foreign },
  '200 with an error inside': { fault: errorInside, all: 'unreachable busy', but: { read: foreign, probe: foreign } },
  'SlowDown for ever': { fault: saying(503, 'SlowDown'), all: 'unreachable busy' },
  'SlowDown with a long Retry-After': {
    fault: saying(503, 'SlowDown', { 'retry-after': '60' }),
    all: 'unreachable busy',
  },
  'no room': { fault: saying(507, 'InsufficientStorage'), all: 'refused' },
  'what it does not do': { fault: saying(501, 'NotImplemented'), all: 'refused' },
  'an object in an archive': { fault: saying(403, 'InvalidObjectState'), all: 'refused' },
  'bits that were flipped on the way out': { fault: saying(400, 'BadDigest'), all: 'damaged' },
  'another write under way': { fault: saying(409, 'ConditionalRequestConflict'), all: 'unreachable busy' },
};

/** What Google has besides. */
const googleRows: Readonly<Record<string, Row>> = {
  'a header that is not taken': { fault: saying(400, 'ExcessHeaderValues'), all: 'refused' },
  'no credentials': { fault: saying(401, 'AuthenticationRequired'), all: 'denied credentials' },
};

/** The codes of Azure Blob Storage. */
const azureRows: Readonly<Record<string, Row>> = {
  'a missing blob': {
    fault: saying(404, 'BlobNotFound'),
    all: foreign,
    but: { read: 'absent', delete: 'deleted', replace: 'changed' },
  },
  'a missing container': { fault: saying(404, 'ContainerNotFound'), all: foreign },
  'a missing account': { fault: saying(404, 'ResourceNotFound'), all: foreign },
  'BlobNotFound with another status': { fault: saying(403, 'BlobNotFound'), all: foreign },
  'a 404 page that has the words of a store, and its header': {
    fault: page(404, 'text/html', '<Error><Code>BlobNotFound</Code></Error>', { 'x-ms-error-code': 'BlobNotFound' }),
    all: foreign,
  },
  'a 404 that has the words of a store, and not its header': {
    fault: page(404, 'application/xml', '<Error><Code>BlobNotFound</Code><Message>no</Message></Error>'),
    all: foreign,
  },
  'a missing key of S3': { fault: page(404, 'application/xml', '<Error><Code>NoSuchKey</Code></Error>'), all: foreign },
  'no right': {
    fault: saying(403, 'AuthorizationPermissionMismatch'),
    all: 'denied rights',
    but: { probe: 'probed' },
  },
  'network rules that shut it out': {
    fault: saying(403, 'AuthorizationFailure'),
    all: 'denied rights',
    but: { probe: 'probed' },
  },
  'a wrong key': { fault: saying(403, 'AuthenticationFailed'), all: 'denied credentials' },
  'a wrong key, as Azurite says it': { fault: saying(400, 'InvalidAuthenticationInfo'), all: 'denied credentials' },
  'no credentials': { fault: saying(401, 'NoAuthenticationInformation'), all: 'denied credentials' },
  'a signature that has ended': {
    fault: refusing('Signature not valid in the specified time frame: Start [a] - Expiry [b] - Current [c]'),
    all: 'denied expired',
  },
  'a clock that is off': {
    fault: refusing("Request date header too old: 'Mon, 30 Nov 2026 00:00:00 GMT'"),
    all: 'denied clock',
  },
  'a redirect with 307': {
    fault: page(307, 'application/xml', '', { location: '/elsewhere' }),
    all: foreign,
  },
  '200 with an error inside': { fault: errorInside, all: foreign },
  'ServerBusy for ever': { fault: saying(503, 'ServerBusy'), all: 'unreachable busy' },
  'ServerBusy with a long Retry-After': {
    fault: saying(503, 'ServerBusy', { 'retry-after': '60' }),
    all: 'unreachable busy',
  },
  'OperationTimedOut for ever': { fault: saying(500, 'OperationTimedOut'), all: 'unreachable busy' },
  'a blob in an archive': { fault: saying(409, 'BlobArchived'), all: 'refused' },
  'a blob that a policy holds': { fault: saying(409, 'BlobImmutableDueToPolicy'), all: 'refused' },
  'a blob that somebody leased': { fault: saying(412, 'LeaseIdMissing'), all: 'refused' },
  'bits that were flipped on the way out': { fault: saying(400, 'Md5Mismatch'), all: 'damaged' },
};

const rows: Readonly<Record<Kind, Readonly<Record<string, Row>>>> = {
  s3: { ...foreigners, ...s3Rows },
  // The same codes; nothing is kept there that a whole read could be held against.
  gs: { ...foreigners, ...s3Rows, ...googleRows },
  azblob: { ...foreigners, ...azureRows },
};

describe.each(everyKind)('what a place of %s says when every answer is', (kind) => {
  let store: FaultStore;
  beforeAll(async () => {
    store = await startFaultStore(undefined, kinds[kind].dialect);
  });
  afterAll(() => store.close());

  test.each(Object.entries(rows[kind]))('%s', async (_, { fault, only, all, but = {}, limits = insistent }) => {
    const place = await placeAt(store.origin, limits, '', kind);
    const expected: Record<string, string> = {};
    const seen: Record<string, string> = {};
    for (const verb of only === undefined ? everyVerb : [only]) {
      refill(store);
      store.fault = fault;
      const answer = await verbs[verb](place);
      expected[verb] = but[verb] ?? all;
      seen[verb] = told(answer);
      if ('words' in answer) {
        // Said with what was asked, of whom, and what came back.
        expect(answer.words).toMatch(
          /^(GET|HEAD|LIST|PUT|POST|DELETE) .* in (?:s3:\/\/|gs:\/\/|azblob:\/\/pgusher\/)backups\/shop\/db at http:\/\/127.0.0.1:\d+: ./,
        );
      }
      // A redirect is nothing that credentials are sent to.
      expect(store.asked.filter(({ key }) => key.includes('elsewhere'))).toEqual([]);
      // Parts that nobody can see are taken away, where there were any.
      const begun = store.asked.filter(({ method, query }) => method === 'POST' && query.has('uploads')).length;
      if (begun > 0 && seen[verb] !== 'stored' && store.objects.size > 1) {
        expect(store.asked.some(({ method, query }) => method === 'DELETE' && query.has('uploadId'))).toBe(true);
      }
    }
    place.close();
    expect(seen).toEqual(expected);
  });
});

describe.each(everyKind)('what a place of %s says when there is', (kind) => {
  const directory = mkdtempSync(join(tmpdir(), 'pgusher-store-tls-'));
  afterAll(() => {
    rmSync(directory, { recursive: true });
  });

  async function each(origin: string, limits: StoreLimits, parameters = ''): Promise<string[]> {
    const place = await placeAt(origin, limits, parameters, kind);
    const seen = await Promise.all(everyVerb.map(async (verb) => told(await verbs[verb](place))));
    place.close();
    return [...new Set(seen)];
  }

  function certificateFor(name: string): { readonly key: string; readonly cert: string; readonly ca: string } {
    const now = new Date();
    const authority = createAuthority('a store', { now, days: 2 });
    const serving = issueServingCertificate(authority, { dnsNames: [name], addresses: [] }, { now, days: 2 });
    const ca = join(directory, `${name}.pem`);
    writeFileSync(ca, authority.certificate);
    return { key: serving.key, cert: serving.certificate, ca };
  }

  test('nobody', async () => {
    expect(await each(`http://127.0.0.1:${await freePort()}`, insistent)).toEqual(['unreachable refused']);
  });

  test('somebody who drops what is sent', async () => {
    const { port, close } = await unansweringPort();
    expect(await each(`http://127.0.0.1:${port}`, hasty)).toEqual(['unreachable timeout']);
    close();
  });

  test('a certificate of another authority', async () => {
    const { key, cert } = certificateFor('localhost');
    const store = await startFaultStore({ key, cert });
    expect(await each(store.origin.replace('127.0.0.1', 'localhost'), insistent)).toEqual(['unreachable tls']);
    expect(store.asked).toEqual([]);
    await store.close();
  });

  test('a certificate of another name', async () => {
    const { key, cert, ca } = certificateFor('elsewhere');
    const store = await startFaultStore({ key, cert });
    expect(await each(store.origin, insistent, `&ca=${ca}`)).toEqual(['unreachable tls']);
    expect(store.asked).toEqual([]);
    await store.close();
  });

  test('a server that speaks no TLS', async () => {
    const store = await startFaultStore();
    expect(await each(store.origin.replace('http:', 'https:'), insistent)).toEqual(['unreachable tls']);
    await store.close();
  });

  test('the authority that the address names', async () => {
    const { key, cert, ca } = certificateFor('localhost');
    const store = await startFaultStore({ key, cert }, kinds[kind].dialect);
    refill(store);
    const place = await placeAt(store.origin.replace('127.0.0.1', 'localhost'), insistent, `&ca=${ca}`, kind);
    expect(told(await verbs.read(place))).toBe('found');
    place.close();
    await store.close();
  });
});
