import { createHash, createHmac } from 'node:crypto';

/** How one family of stores names the parts of the same signature. */
export interface SignatureFamily {
  readonly algorithm: string;
  readonly secretPrefix: string;
  readonly end: string;
  readonly service: string;
  /** Of the headers of date and payload. */
  readonly headers: string;
}

/** Google Cloud Storage, "Signatures", HMAC: Amazon's version 4 under other names. */
export const googleFamily: SignatureFamily = {
  algorithm: 'GOOG4-HMAC-SHA256',
  secretPrefix: 'GOOG4',
  end: 'goog4_request',
  service: 'storage',
  headers: 'x-goog',
};

export interface SignedRequest {
  readonly method: string;
  /** Escaped, as it is sent. */
  readonly path: string;
  readonly query: Readonly<Record<string, string | readonly string[] | null>>;
  /** Names in lower case, with `host`. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface SigningKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
}

/** The headers to add: date, payload (which is not signed; its checksum is) and authorization. All that is given is signed. */
export function hmacHeaders(
  request: SignedRequest,
  { accessKeyId, secretAccessKey, region }: SigningKey,
  now: Date,
  family: SignatureFamily = googleFamily,
): Readonly<Record<string, string>> {
  const time = now.toISOString().replace(/[-:]|\.\d{3}/g, '');
  const day = time.slice(0, 8);
  const added = { [`${family.headers}-date`]: time, [`${family.headers}-content-sha256`]: 'UNSIGNED-PAYLOAD' };
  const headers = Object.entries({ ...request.headers, ...added }).sort(([left], [right]) => (left < right ? -1 : 1));
  const names = headers.map(([name]) => name).join(';');
  const canonical = [
    request.method,
    request.path,
    canonicalQuery(request.query),
    ...headers.map(([name, value]) => `${name}:${value.trim().replace(/\s+/g, ' ')}`),
    '',
    names,
    'UNSIGNED-PAYLOAD',
  ].join('\n');
  const scope = [day, region, family.service, family.end];
  const text = [family.algorithm, time, scope.join('/'), createHash('sha256').update(canonical).digest('hex')].join(
    '\n',
  );
  const key = scope.reduce<string | Buffer>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    family.secretPrefix + secretAccessKey,
  );
  const signature = createHmac('sha256', key).update(text).digest('hex');
  return {
    ...added,
    authorization: `${family.algorithm} Credential=${accessKeyId}/${scope.join('/')}, SignedHeaders=${names}, Signature=${signature}`,
  };
}

function canonicalQuery(query: SignedRequest['query']): string {
  return Object.entries(query)
    .flatMap(([name, value]) =>
      (Array.isArray(value) ? (value as readonly string[]) : [typeof value === 'string' ? value : '']).map(
        (one) => `${escaped(name)}=${escaped(one)}`,
      ),
    )
    .sort()
    .join('&');
}

function escaped(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}
