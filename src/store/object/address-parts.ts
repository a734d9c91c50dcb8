import { nearestName } from '../../workload/nearest-name.ts';

/** What every address has, whatever kind of store it names. */
export interface CommonAddress {
  /** Without slashes at its ends; empty: the whole bucket. */
  readonly prefix: string;
  /** Origin of the server, without a slash at its end; null: the provider's own. */
  readonly endpoint: string | null;
  /** Path of a PEM file with the authorities that the server's certificate may be of; null: those of Node. */
  readonly ca: string | null;
  /** As the store calls it; null: what the bucket says. */
  readonly storageClass: string | null;
}

/** `words`: what was seen; wanted what, and how it is written. Never with a password that stood in it. */
export interface InvalidAddress {
  readonly kind: 'invalid';
  readonly words: string;
}

/** What one kind of address is made of. */
export interface AddressForm<Parameter extends string> {
  readonly scheme: string;
  /** How it is written, whole. */
  readonly form: string;
  /** What stands between `//` and the next slash: `a bucket`. */
  readonly host: string;
  /** How many names of the path belong to the store, and not to the prefix. */
  readonly namesInPath: 0 | 1;
  /** Names of the variables that hold its keys, for words. */
  readonly keys: string;
  readonly parameters: readonly Parameter[];
}

export interface AddressParts<Parameter extends string> {
  readonly kind: 'parts';
  readonly host: string;
  /** The first name of the path where the form has one; else empty. */
  readonly name: string;
  readonly prefix: string;
  readonly parameters: ReadonlyMap<Parameter, string>;
}

/** `scheme://host[/name][/prefix][?parameter=value&…]`, taken apart and unescaped. */
export function addressParts<Parameter extends string>(
  text: string,
  form: AddressForm<Parameter>,
): AddressParts<Parameter> | InvalidAddress {
  const start = `${form.scheme}://`;
  const withoutPassword = invalid(
    `the store's address has a user or password in it; wanted it without: credentials come from the Secret (${form.keys}) or from the platform, an address is read by everybody`,
  );
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return text.slice(start.length).includes('@')
      ? withoutPassword
      : invalid(
          `the store's address is no URL; wanted ${form.form}, with ${form.host} between ${start} and the next slash`,
        );
  }
  if (url.username !== '' || url.password !== '') {
    return withoutPassword;
  }
  const host = url.hostname;
  if (host === '') {
    return invalid(`the store's address names no ${form.host.replace(/^an? /, '')}; wanted ${form.form}`);
  }
  if (url.port !== '') {
    return invalid(
      `the store's address has a port behind the ${form.host.replace(/^an? /, '')} (${quoted(`${host}:${url.port}`)}); wanted the server as a parameter: ${form.form.replace(/\[.*$/, '')}?endpoint=https://${host}:${url.port}`,
    );
  }
  if (url.hash !== '') {
    return invalid(`the store's address has a ${quoted('#')}; wanted none (inside a value it is written %23)`);
  }
  // Not of the URL, which has taken "a/../" out without a word.
  const path = readPath(/^[^:]+:\/\/[^/?#]*([^?#]*)/.exec(text)?.[1] ?? '');
  if (typeof path !== 'string') {
    return path;
  }
  const parameters = readParameters(url.searchParams, form.parameters);
  if ('kind' in parameters) {
    return parameters;
  }
  const [name = '', ...below] = form.namesInPath === 0 ? ['', path] : path.split('/');
  return { kind: 'parts', host, name, prefix: below.join('/'), parameters };
}

function readPath(pathname: string): string | InvalidAddress {
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

function readParameters<Parameter extends string>(
  given: URLSearchParams,
  parameters: readonly Parameter[],
): ReadonlyMap<Parameter, string> | InvalidAddress {
  const read = new Map<Parameter, string>();
  for (const [name, value] of given) {
    const known = parameters.find((parameter) => parameter === name);
    if (known === undefined) {
      const meant = nearestName(name, parameters);
      return invalid(
        `the store's address has the parameter ${quoted(name)}, which there is not; wanted one of ${parameters.join(', ')}${meant === undefined ? '' : `. Did you mean ${meant}?`}`,
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

/** What is read alike in each kind. */
export function commonOf(
  {
    prefix,
    parameters,
  }: Omit<AddressParts<never>, 'parameters'> & { readonly parameters: ReadonlyMap<string, string> },
  scheme: string,
): ({ readonly kind: 'common' } & CommonAddress) | InvalidAddress {
  const endpoint = parameters.get('endpoint') ?? null;
  const plainHttp = parameters.get('plain-http') ?? null;
  const ca = parameters.get('ca') ?? null;
  if (plainHttp !== null && plainHttp !== 'allowed') {
    return invalid(`plain-http of the store's address is ${quoted(plainHttp)}; wanted plain-http=allowed, or nothing`);
  }
  if (endpoint !== null) {
    const problem = endpointProblem(endpoint, plainHttp !== null, scheme);
    if (problem !== undefined) {
      return invalid(problem);
    }
  }
  if (ca !== null && !ca.startsWith('/')) {
    return invalid(`ca of the store's address is ${quoted(ca)}; wanted the absolute path of a PEM file`);
  }
  return {
    kind: 'common',
    prefix,
    endpoint: endpoint === null ? null : new URL(endpoint).origin,
    ca,
    storageClass: parameters.get('storage-class') ?? null,
  };
}

/** On or off; undefined where it is neither. */
export function switchOf(value: string | undefined, unset: boolean): boolean | undefined {
  switch (value) {
    case undefined:
      return unset;
    case 'on':
      return true;
    case 'off':
      return false;
    default:
      return undefined;
  }
}

function endpointProblem(endpoint: string, plainHttp: boolean, scheme: string): string | undefined {
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
    return `endpoint of the store's address is ${quoted(endpoint)}, with something behind host and port; wanted https://HOST[:PORT]: bucket and prefix stand behind ${scheme}://`;
  }
  return undefined;
}

export function quoted(text: string): string {
  return JSON.stringify(text);
}

export function invalid(words: string): InvalidAddress {
  return { kind: 'invalid', words };
}
