import type { Agent as HttpAgent } from 'node:http';
import { Agent } from 'node:https';
import { S3Client } from '@aws-sdk/client-s3';
import { connectionAgent } from '../connection-agent.ts';
import { isHtml } from '../failed-request.ts';
import type { StoreLimits } from '../limits.ts';
import { s3Credentials } from './credentials.ts';
import { ForeignAnswer } from './failed-request.ts';
import type { S3Address } from './s3-address.ts';

const silentLogger = { trace: ignored, debug: ignored, info: ignored, warn: ignored, error: ignored };

function ignored(): void {
  // What is to be said is said by whoever asked.
}

/**
 * @throws where the region or a key is missing in the environment, or the file of authorities cannot be read: said before anything is
 * asked.
 */
export function s3Client(address: S3Address, environment: NodeJS.ProcessEnv, limits: StoreLimits): S3Client {
  const credentials = s3Credentials(environment);
  const client = new S3Client({
    region: regionOf(address, environment),
    ...(address.endpoint === null ? {} : { endpoint: address.endpoint }),
    forcePathStyle: address.pathStyle,
    // Without: the platform's (IRSA, EKS Pod Identity, metadata, the files of a laptop), in the client's own order.
    ...(credentials === undefined ? {} : { credentials }),
    maxAttempts: 1,
    // Else it writes on the console what it also throws.
    logger: silentLogger,
    followRegionRedirects: false,
    // With an agent of one's own the client waits for no 100-continue, it only asks for it.
    expectContinueHeader: false,
    // Ours are given in a header. The client's own come behind the body, where several stores keep them as a part of it.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: limits.connectMs,
      socketTimeout: limits.idleMs,
      requestTimeout: limits.answerMs,
      // Without it the limit is a line on the console.
      throwOnRequestTimeout: true,
      ...agentOf(address, environment),
    },
  });
  refuseWebPages(client);
  askForChecksums(client);
  return client;
}

function regionOf(address: S3Address, environment: NodeJS.ProcessEnv): string {
  const region = [address.region, environment['AWS_REGION'], environment['AWS_DEFAULT_REGION']].find(
    (found) => found !== null && found !== undefined && found !== '',
  );
  if (region !== undefined && region !== null) {
    return region;
  }
  if (address.endpoint === null) {
    throw new Error(
      `no region is known for s3://${address.bucket}; wanted ?region=eu-central-1 in the address, or AWS_REGION in the environment`,
    );
  }
  return 'us-east-1';
}

/** The client reads neither HTTPS_PROXY nor AWS_CA_BUNDLE; Node's agent takes both. */
function agentOf(
  { endpoint, ca }: S3Address,
  environment: NodeJS.ProcessEnv,
): { readonly httpAgent: HttpAgent } | { readonly httpsAgent: Agent } {
  const agent = connectionAgent(endpoint?.startsWith('http://') === true, ca, environment);
  return agent instanceof Agent ? { httpsAgent: agent } : { httpAgent: agent };
}

/** To the client a login page that comes with 200 is the object, an empty listing, or a delete that was done. No store sends HTML. */
function refuseWebPages(client: S3Client): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const response = result.response as {
        readonly statusCode: number;
        readonly headers: Readonly<Record<string, string>>;
        readonly body?: { destroy?: () => void };
      };
      const type = response.headers['content-type'] ?? null;
      if (response.statusCode < 300 && isHtml(type)) {
        response.body?.destroy?.();
        throw new ForeignAnswer(response.statusCode, type, '');
      }
      return result;
    },
    // The innermost: before anything reads the answer.
    { step: 'deserialize', priority: 'low', name: 'refuseWebPages' },
  );
}

/** The store is asked to say the checksum that it keeps; the client would also compute it, and not over a read that goes on. */
function askForChecksums(client: S3Client): void {
  client.middlewareStack.add(
    (next, context) => (args) => {
      if (context['commandName'] === 'GetObjectCommand') {
        const { headers } = args.request as { readonly headers: Record<string, string> };
        headers['x-amz-checksum-mode'] = 'ENABLED';
      }
      return next(args);
    },
    { step: 'build', name: 'askForChecksums' },
  );
}
