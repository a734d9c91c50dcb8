import { nearestName } from '../../workload/nearest-name.ts';

/** Where an object store is, as one line of text says it: `s3://bucket[/prefix][?parameter=value&…]` (docs/object-stores.md). */
export interface S3Address {
  readonly kind: 's3';
  readonly bucket: string;
  /** Without slashes at its ends; empty: the whole bucket. */
  readonly prefix: string;
  /** Null: what the environment says, and with an endpoint of one's own `us-east-1`, which most servers take. */
  readonly region: string | null;
  /** Origin of the server, without a slash at its end; null: Amazon's own for the region. */
  readonly endpoint: string | null;
  /** The bucket stands in the path, not in the host name. */
  readonly pathStyle: boolean;
  /** Path of a PEM file with the authorities that the server's certificate may be of; null: those of Node. */
  readonly ca: string | null;
  readonly storageClass: string | null;
  readonly encryption: 'AES256' | 'aws:kms' | null;
  readonly kmsKey: string | null;
}

export type StoreAddress = S3Address;

/** `words`: what was seen; wanted what, and how it is written. Never with a password that stood in it. */
export type AddressReading = StoreAddress | { readonly kind: 'invalid'; readonly words: string };

const form = 's3://bucket[/prefix][?region=…&endpoint=https://…]';

/** Every parameter there is, in the order of the documentation. */
export const addressParameters = [
  'region',
  'endpoint',
  'path-style',
  'ca',
  'plain-http',
  'storage-class',
  'encryption',
  'kms-key',
] as const;
type Parameter = (typeof addressParameters)[number];

/** Whether a text is meant as the address of an object store, however wrong: a directory never has `://`. */
export function isStoreAddress(text: string): boolean {
  return /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(text);
}

export function readStoreAddress(text: string): AddressReading {
  if (text !== text.trim()) {
    return invalid(
      'the address of the store begins or ends with white space; wanted it without (a line break at the end of a file?)',
    );
  }
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(text)?.[1];
  if (scheme === undefined) {
    return invalid(`${quoted(text)} is no address of an object store; wanted ${form}`);
  }
  if (scheme !== 's3') {
    return invalid(`the store's address begins with ${quoted(`${scheme}://`)}; wanted ${form}${insteadOf(scheme)}`);
  }
  return readS3(text);
}

function readS3(text: string): AddressReading {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return invalid(
      text.slice('s3://'.length).includes('@')
        ? withoutPassword
        : `the store's address is no URL; wanted ${form}, with a bucket between s3:// and the next slash`,
    );
  }
  if (url.username !== '' || url.password !== '') {
    return invalid(withoutPassword);
  }
  const bucket = url.hostname;
  if (bucket === '') {
    return invalid(`the store's address names no bucket; wanted ${form}`);
  }
  if (url.port !== '') {
    return invalid(
      `the store's address has a port behind the bucket (${quoted(`${bucket}:${url.port}`)}); wanted the server as a parameter: s3://bucket/prefix?endpoint=https://${bucket}:${url.port}`,
    );
  }
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$/.test(bucket)) {
    return invalid(
      `${quoted(bucket)} is no name of a bucket; wanted 3 to 255 letters, digits, dots, dashes and underscores, with a letter or digit at both ends`,
    );
  }
  if (url.hash !== '') {
    return invalid(`the store's address has a ${quoted('#')}; wanted none (inside a value it is written %23)`);
  }
  // Not of the URL, which has taken "a/../" out without a word.
  const prefix = readPrefix(/^s3:\/\/[^/?#]*([^?#]*)/.exec(text)?.[1] ?? '');
  if (typeof prefix !== 'string') {
    return prefix;
  }
  const parameters = readParameters(url.searchParams);
  return 'kind' in parameters ? parameters : completed(bucket, prefix, parameters);
}

const withoutPassword =
  "the store's address has a user or password in it; wanted it without: credentials come from the Secret (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY) or from the platform, an address is read by everybody";

function readPrefix(pathname: string): string | { readonly kind: 'invalid'; readonly words: string } {
  let path: string;
  try {
    path = decodeURIComponent(pathname).replace(/^\//, '').replace(/\/$/, '');
  } catch {
    return invalid(`the prefix ${quoted(pathname)} has a % that begins no escape; wanted %25 for a percent sign`);
  }
  if (path === '') {
    return '';
  }
  if (path.split('/').some((part) => part === '' || part === '.' || part === '..')) {
    return invalid(
      `the prefix ${quoted(path)} has an empty part, "." or ".."; wanted names with one slash between them`,
    );
  }
  // eslint-disable-next-line no-control-regex -- that is what is looked for
  if (/[\u0000-\u001f\u007f\\]/.test(path) || path.length > 512) {
    return invalid(
      `the prefix ${quoted(path)} has control characters or backslashes, or more than 512 characters; wanted a plain path such as shop/db`,
    );
  }
  return path;
}

function readParameters(
  given: URLSearchParams,
): ReadonlyMap<Parameter, string> | { readonly kind: 'invalid'; readonly words: string } {
  const read = new Map<Parameter, string>();
  for (const [name, value] of given) {
    const known = addressParameters.find((parameter) => parameter === name);
    if (known === undefined) {
      const meant = nearestName(name, addressParameters);
      return invalid(
        `the store's address has the parameter ${quoted(name)}, which there is not; wanted one of ${addressParameters.join(', ')}${meant === undefined ? '' : `. Did you mean ${meant}?`}`,
      );
    }
    if (read.has(known)) {
      return invalid(`the store's address has the parameter ${known} twice; wanted it once`);
    }
    if (value === '' || value !== value.trim()) {
      return invalid(
        `the parameter ${known} of the store's address is ${value === '' ? 'empty' : 'with white space at an end'}; wanted ${known}=VALUE`,
      );
    }
    read.set(known, value);
  }
  return read;
}

function completed(bucket: string, prefix: string, parameters: ReadonlyMap<Parameter, string>): AddressReading {
  const endpoint = parameters.get('endpoint') ?? null;
  const plainHttp = parameters.get('plain-http') ?? null;
  const pathStyle = parameters.get('path-style') ?? null;
  const encryption = parameters.get('encryption') ?? null;
  const ca = parameters.get('ca') ?? null;
  const kmsKey = parameters.get('kms-key') ?? null;
  const region = parameters.get('region') ?? null;
  if (plainHttp !== null && plainHttp !== 'allowed') {
    return invalid(`plain-http of the store's address is ${quoted(plainHttp)}; wanted plain-http=allowed, or nothing`);
  }
  if (endpoint !== null) {
    const problem = endpointProblem(endpoint, plainHttp !== null);
    if (problem !== undefined) {
      return invalid(problem);
    }
  }
  if (pathStyle !== null && pathStyle !== 'on' && pathStyle !== 'off') {
    return invalid(`path-style of the store's address is ${quoted(pathStyle)}; wanted on or off`);
  }
  if (encryption !== null && encryption !== 'AES256' && encryption !== 'aws:kms') {
    return invalid(`encryption of the store's address is ${quoted(encryption)}; wanted AES256 or aws:kms`);
  }
  if (kmsKey !== null && encryption !== 'aws:kms') {
    return invalid(`the store's address has kms-key without encryption=aws:kms; wanted both, or neither`);
  }
  if (ca !== null && !ca.startsWith('/')) {
    return invalid(`ca of the store's address is ${quoted(ca)}; wanted the absolute path of a PEM file`);
  }
  if (region !== null && !/^[A-Za-z0-9][A-Za-z0-9-]{0,62}$/.test(region)) {
    return invalid(`region of the store's address is ${quoted(region)}; wanted a name such as eu-central-1`);
  }
  return {
    kind: 's3',
    bucket,
    prefix,
    region,
    endpoint: endpoint === null ? null : new URL(endpoint).origin,
    pathStyle: pathStyle === null ? endpoint !== null : pathStyle === 'on',
    ca,
    storageClass: parameters.get('storage-class') ?? null,
    encryption,
    kmsKey,
  };
}

function endpointProblem(endpoint: string, plainHttp: boolean): string | undefined {
  let url: URL;
  try {
    url = new URL(endpoint);
  } catch {
    return `endpoint of the store's address is ${quoted(endpoint.replace(/\/\/[^/]*@/, '//…@'))}; wanted https://HOST[:PORT]`;
  }
  if (url.username !== '' || url.password !== '') {
    return "endpoint of the store's address has a user or password in it; wanted https://HOST[:PORT]: credentials come from the Secret";
  }
  if (url.protocol === 'http:' && !plainHttp) {
    return `endpoint of the store's address is ${quoted(endpoint)}: whoever is on the way reads and changes the backups; wanted https://… (for a server in the same pod or a trial: plain-http=allowed beside it)`;
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    return `endpoint of the store's address is ${quoted(endpoint)}; wanted https://HOST[:PORT]`;
  }
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    return `endpoint of the store's address is ${quoted(endpoint)}, with something behind host and port; wanted https://HOST[:PORT]: bucket and prefix stand behind s3://`;
  }
  return undefined;
}

/** What people try who have another store in mind. */
function insteadOf(scheme: string): string {
  switch (scheme.toLowerCase()) {
    case 's3':
      return ' (in lower case)';
    case 'gs':
    case 'gcs':
      return '. Google Cloud Storage is not supported yet by its own interface';
    case 'azblob':
    case 'azure':
    case 'wasb':
    case 'wasbs':
    case 'abfs':
    case 'abfss':
      return '. Azure Blob Storage is not supported yet';
    case 'http':
    case 'https':
      return ': the server is a parameter, s3://bucket/prefix?endpoint=https://HOST';
    default:
      return '';
  }
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

function invalid(words: string): { readonly kind: 'invalid'; readonly words: string } {
  return { kind: 'invalid', words };
}
