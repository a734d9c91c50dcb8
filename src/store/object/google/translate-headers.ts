import { md5Metadata } from '../s3/checksum.ts';

type Headers = Readonly<Record<string, string>>;

/**
 * A request of S3's in Google's words. Google takes none of Amazon's headers beside its own (400 ExcessHeaderValues), and ignores If-None-Match at a
 * PUT: its condition is the generation of an object, and 0 is one that is not there.
 * @throws where a condition names a version that is no generation.
 */
export function toGoogle(headers: Headers): Record<string, string> {
  const translated: Record<string, string> = {};
  for (const [written, value] of Object.entries(headers)) {
    const name = written.toLowerCase();
    if (name === 'if-none-match' && value === '*') {
      translated['x-goog-if-generation-match'] = '0';
    } else if (name === 'if-match') {
      translated['x-goog-if-generation-match'] = generationOf(value);
    } else if (name.startsWith('x-amz-meta-') || name === 'x-amz-storage-class') {
      translated[name.replace('x-amz-', 'x-goog-')] = value;
    } else if (!name.startsWith('x-amz-') && !name.startsWith('amz-sdk-')) {
      translated[name] = value;
    }
  }
  return translated;
}

/** What Google answers in the words of S3: the version of an object is its generation. */
export function fromGoogle(headers: Headers): Record<string, string> {
  const translated: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    translated[name.replace(/^x-goog-meta-/, 'x-amz-meta-')] = value;
  }
  const generation = headers['x-goog-generation'];
  // None of what was put together of parts: of that Google keeps a CRC32C alone.
  const md5 = /(?:^|[,\s])md5=([A-Za-z0-9+/]{22}==)/.exec(headers['x-goog-hash'] ?? '')?.[1];
  if (md5 !== undefined) {
    translated[`x-amz-meta-${md5Metadata}`] = md5;
  }
  return generation === undefined ? translated : { ...translated, etag: `"${generation}"` };
}

function generationOf(version: string): string {
  const found = /^"?(\d+)"?$/.exec(version)?.[1];
  if (found === undefined) {
    throw new Error(`the version ${version} is no generation of Google's`);
  }
  return found;
}
