import { Agent } from 'node:http';
import { exchange, readAnswer } from '../exchange.ts';
import type { StoreLimits } from '../limits.ts';

/** Before it ends: a request may be long under way. The metadata server gives a new one from then on. */
const spareMs = 4 * 60_000;

/** What Amazon's client calls it too (outcome-of-failure.ts). */
class CredentialsProviderError extends Error {
  override readonly name = 'CredentialsProviderError';
}

/**
 * Gives the token of the pod's service account, asking only when the last one is about to end (Google Cloud, "Authenticate workloads using the
 * metadata server").
 * @throws CredentialsProviderError, and what Node says of the connection.
 */
export function metadataTokens(host: string, limits: StoreLimits): { get(): Promise<string>; close(): void } {
  // Of the machine itself: through no proxy.
  const agent = new Agent({ keepAlive: false });
  let token = '';
  let until = 0;
  return {
    get: async () => {
      if (Date.now() < until) {
        return token;
      }
      const url = new URL(`http://${host}/computeMetadata/v1/instance/service-accounts/default/token`);
      const headers = { 'metadata-flavor': 'Google' };
      const signal = AbortSignal.timeout(limits.connectMs + limits.answerMs);
      const answer = await exchange({ method: 'GET', url, headers, body: null, agent, limits, signal });
      const said = (await readAnswer(answer.body, 64 * 1024)).toString();
      const found = answer.status === 200 ? tokenIn(said) : undefined;
      if (found === undefined) {
        throw new CredentialsProviderError(
          `the metadata server ${host} answered ${answer.status} without a token; wanted a service account that is bound to the pod's (GKE workload identity), or GS_ACCESS_KEY_ID and GS_SECRET_ACCESS_KEY`,
        );
      }
      token = found.token;
      until = Date.now() + Math.max(0, found.seconds * 1000 - spareMs);
      return token;
    },
    close: () => {
      agent.destroy();
    },
  };
}

function tokenIn(text: string): { readonly token: string; readonly seconds: number } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const { access_token: token, expires_in: seconds } = Object(value) as Record<string, unknown>;
    return typeof token === 'string' && typeof seconds === 'number' ? { token, seconds } : undefined;
  } catch {
    return undefined;
  }
}
