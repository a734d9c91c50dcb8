import { readFile } from 'node:fs/promises';
import type { Agent } from 'node:http';
import { exchange, readAnswer } from '../exchange.ts';
import { firstLine, nothingKnown } from '../failed-request.ts';
import type { StoreLimits } from '../limits.ts';
import type { AzureCredentials } from './credentials.ts';
import { AzureRefusal } from './failed-request.ts';

/** Before it ends: a request may be long under way. */
const spareMs = 5 * 60_000;

type Federated = Extract<AzureCredentials, { kind: 'federated' }>;

/**
 * Gives a token of Microsoft Entra for the pod's own, asking only when the last one is about to end (Microsoft identity platform, "client
 * credentials", case "federated credential").
 * @throws AzureRefusal, also where the file cannot be read, and what Node says of the connection.
 */
export function federatedTokens(
  credentials: Federated,
  agent: Agent,
  limits: StoreLimits,
): (signal: AbortSignal) => Promise<string> {
  let token = '';
  let until = 0;
  return async (signal) => {
    if (Date.now() < until) {
      return token;
    }
    const got = await askForToken(credentials, agent, limits, signal);
    token = got.token;
    until = Date.now() + Math.max(0, got.seconds * 1000 - spareMs);
    return token;
  };
}

async function askForToken(
  { authority, tenant, client, tokenFile }: Federated,
  agent: Agent,
  limits: StoreLimits,
  signal: AbortSignal,
): Promise<{ readonly token: string; readonly seconds: number }> {
  const assertion = await readToken(tokenFile);
  const form = new URLSearchParams({
    client_id: client,
    scope: 'https://storage.azure.com/.default',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
    grant_type: 'client_credentials',
  });
  const body = Buffer.from(form.toString());
  const url = new URL(`${authority}/${encodeURIComponent(tenant)}/oauth2/v2.0/token`);
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': String(body.length),
    accept: 'application/json',
  };
  const answer = await exchange({ method: 'POST', url, headers, body, agent, limits, signal });
  const said = fieldsOf(await readAnswer(answer.body, 64 * 1024));
  const { access_token: token, expires_in: seconds, error_description: description, error } = said;
  if (answer.status === 200 && typeof token === 'string' && typeof seconds === 'number') {
    return { token, seconds };
  }
  throw new AzureRefusal({
    ...nothingKnown,
    status: answer.status,
    code: typeof error === 'string' && answer.status < 500 ? 'TokenRefused' : null,
    type: answer.headers['content-type'] ?? null,
    message: `${authority}: ${firstLine(typeof description === 'string' ? description : 'no token')}`,
  });
}

async function readToken(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    const message = `the cluster's token cannot be read: ${error instanceof Error ? error.message : String(error)}`;
    throw new AzureRefusal({ ...nothingKnown, connection: 'CredentialsProviderError', message });
  }
}

function fieldsOf(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body.toString());
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
