import { connectionAgent } from '../connection-agent.ts';
import type { HttpAnswer } from '../exchange.ts';
import { exchange } from '../exchange.ts';
import type { StoreLimits } from '../limits.ts';
import type { AzureAddress } from './azure-address.ts';
import type { AzureCredentials } from './credentials.ts';
import { azureCredentials } from './credentials.ts';
import { refusal, skewOf } from './failed-request.ts';
import { federatedTokens } from './federated-token.ts';
import { sharedKeyAuthorization } from './shared-key.ts';

/** Of 2023: what is needed here is older, and test servers know it. */
const apiVersion = '2023-11-03';

export interface AzureRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'DELETE';
  /** Below the container; empty: the container itself. */
  readonly blob: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

export interface AzureClient {
  /** The head of an answer with success that Azure itself gave. @throws AzureRefusal for any other, and what Node says of a connection. */
  send(request: AzureRequest, signal: AbortSignal): Promise<HttpAnswer>;
  close(): void;
}

/** @throws where a key is missing or wrong in the environment, or the file of authorities cannot be read. */
export function azureClient(address: AzureAddress, environment: NodeJS.ProcessEnv, limits: StoreLimits): AzureClient {
  const credentials = azureCredentials(address, environment);
  const agent = connectionAgent(address.endpoint?.startsWith('http://') === true, address.ca, environment);
  const tokens = tokensOf(credentials, environment, limits);
  /** What this machine's clock lacks, in milliseconds: learned by a refusal, as Amazon's client does. */
  let aheadMs = 0;
  return {
    send: async (asked, signal) => {
      const dated = aheadMs;
      const url = urlOf(address, credentials, asked);
      const headers: Record<string, string> = {
        ...asked.headers,
        'x-ms-version': apiVersion,
        'x-ms-date': new Date(Date.now() + dated).toUTCString(),
        ...(asked.method === 'PUT' ? { 'content-length': String(asked.body?.length ?? 0) } : {}),
      };
      if (credentials.kind === 'shared-key') {
        const unsigned = { method: asked.method, url, headers };
        headers['authorization'] = sharedKeyAuthorization(credentials.account, credentials.key, unsigned);
      } else if (tokens !== null) {
        headers['authorization'] = `Bearer ${await tokens.get(signal)}`;
      }
      const body = asked.body ?? null;
      const answer = await exchange({ method: asked.method, url, headers, body, agent, limits, signal });
      // Proxies and login pages say 200 too, and have none of these.
      if (answer.status >= 200 && answer.status < 300 && answer.headers['x-ms-request-id'] !== undefined) {
        return answer;
      }
      const refused = await refusal(answer, dated, credentials.kind === 'sas' && credentials.ends < Date.now());
      if (refused.failed.code?.endsWith(': clock') === true) {
        aheadMs = skewOf(answer) ?? 0;
      }
      throw refused;
    },
    close: () => {
      agent.destroy();
      tokens?.close();
    },
  };
}

function tokensOf(
  credentials: AzureCredentials,
  environment: NodeJS.ProcessEnv,
  limits: StoreLimits,
): { readonly get: (signal: AbortSignal) => Promise<string>; readonly close: () => void } | null {
  if (credentials.kind !== 'federated') {
    return null;
  }
  // Whose authorities are those of Node: `ca` is the store's.
  const agent = connectionAgent(credentials.authority.startsWith('http://'), null, environment);
  return {
    get: federatedTokens(credentials, agent, limits),
    close: () => {
      agent.destroy();
    },
  };
}

function urlOf(
  { account, container, endpoint, pathStyle }: AzureAddress,
  credentials: AzureCredentials,
  { blob, query = {} }: AzureRequest,
): URL {
  const names = [...(pathStyle ? [account] : []), container, ...(blob === '' ? [] : blob.split('/'))];
  const url = new URL(
    `${endpoint ?? `https://${account}.blob.core.windows.net`}/${names.map(encodeURIComponent).join('/')}`,
  );
  const asked = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  url.search = [...asked, ...(credentials.kind === 'sas' ? [credentials.token] : [])].join('&');
  return url;
}
