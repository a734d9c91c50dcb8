import { createHmac } from 'node:crypto';

export interface UnsignedRequest {
  readonly method: string;
  readonly url: URL;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/** In the order in which they are signed; the date stands in x-ms-date. */
const signedHeaders = [
  'content-encoding',
  'content-language',
  'content-length',
  'content-md5',
  'content-type',
  'date',
  'if-modified-since',
  'if-match',
  'if-none-match',
  'if-unmodified-since',
  'range',
];

/** The header `authorization` for an account's key (Azure Storage REST, "Authorize with Shared Key", version 2015-02-21 and later). */
export function sharedKeyAuthorization(account: string, key: Buffer, request: UnsignedRequest): string {
  const signature = createHmac('sha256', key).update(stringToSign(account, request)).digest('base64');
  return `SharedKey ${account}:${signature}`;
}

function stringToSign(account: string, { method, url, headers }: UnsignedRequest): string {
  const standard = signedHeaders.map((name) => {
    const value = headers[name] ?? '';
    return name === 'content-length' && value === '0' ? '' : value;
  });
  const own = Object.keys(headers)
    .filter((name) => name.startsWith('x-ms-'))
    .sort()
    .map((name) => `${name}:${headers[name]?.trim() ?? ''}`);
  const query = [...url.searchParams].map(([name, value]) => `${name.toLowerCase()}:${value}`).sort();
  return [method, ...standard, ...own, `/${account}${url.pathname}`, ...query].join('\n');
}
