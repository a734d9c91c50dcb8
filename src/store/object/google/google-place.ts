import type { Place } from '../../place.ts';
import type { StoreLimits } from '../limits.ts';
import { storeLimits } from '../limits.ts';
import type { S3Address } from '../s3/s3-address.ts';
import { s3Client } from '../s3/s3-client.ts';
import { placeIn } from '../s3/s3-place.ts';
import type { GoogleCredentials } from './credentials.ts';
import { googleCredentials } from './credentials.ts';
import type { GoogleAddress } from './google-address.ts';
import { hmacHeaders } from './hmac-signature.ts';
import { metadataTokens } from './metadata-token.ts';
import { fromGoogle, toGoogle } from './translate-headers.ts';

/**
 * A place in Google Cloud Storage, by its XML interface, which is that of S3 in other words: the S3 place, with each request and answer translated
 * and signed in Google's way. No real Google has seen it (docs/object-stores.md).
 * @throws where a key is missing or wrong in the environment, or the file of authorities cannot be read.
 */
export function googlePlace(
  address: GoogleAddress,
  environment: NodeJS.ProcessEnv,
  limits: StoreLimits = storeLimits,
): Place {
  const credentials = googleCredentials(environment);
  const authorization = authorizationBy(credentials, limits);
  const asS3: S3Address = {
    ...address,
    kind: 's3',
    endpoint: address.endpoint ?? 'https://storage.googleapis.com',
    region: 'auto',
    pathStyle: true,
    encryption: null,
    kmsKey: null,
  };
  const client = s3Client(asS3, environment, limits, {
    sign: async (request) => {
      // Amazon's name of the call, for its own logs.
      const query = Object.fromEntries(Object.entries(request.query ?? {}).filter(([name]) => name !== 'x-id'));
      const headers = toGoogle(request.headers);
      request.query = query;
      request.headers = { ...headers, ...(await authorization({ ...request, query, headers })) };
    },
    answered: fromGoogle,
  });
  const { bucket, prefix, endpoint } = address;
  const path = `gs://${bucket}${prefix === '' ? '' : `/${prefix}`}`;
  const place = placeIn({
    client,
    address: asS3,
    limits,
    name: endpoint === null ? path : `${path} at ${endpoint}`,
    // Google knows no CRC32, and Node no CRC32C.
    checksums: 'md5',
  });
  return {
    ...place,
    close: () => {
      place.close();
      authorization.close();
    },
  };
}

interface Authorization {
  (request: Parameters<typeof hmacHeaders>[0]): Promise<Readonly<Record<string, string>>>;
  close(): void;
}

function authorizationBy(credentials: GoogleCredentials, limits: StoreLimits): Authorization {
  if (credentials.kind === 'hmac') {
    const key = { ...credentials, region: 'auto' };
    return Object.assign(
      (request: Parameters<typeof hmacHeaders>[0]) => Promise.resolve(hmacHeaders(request, key, new Date())),
      {
        close: () => {
          // Nothing is open.
        },
      },
    );
  }
  const tokens = metadataTokens(credentials.host, limits);
  return Object.assign(async () => ({ authorization: `Bearer ${await tokens.get()}` }), {
    close: () => {
      tokens.close();
    },
  });
}
