import type { Agent as HttpAgent } from 'node:http';
import { Agent } from 'node:https';
import type { S3ClientConfig } from '@aws-sdk/client-s3';
import { S3Client } from '@aws-sdk/client-s3';
import { connectionAgent } from '../connection-agent.ts';
import { isHtml } from '../failed-request.ts';
import type { StoreLimits } from '../limits.ts';
import { s3Credentials } from './credentials.ts';
import { ForeignAnswer } from './failed-request.ts';
import type { S3Address } from './s3-address.ts';

type RequestSigner = Extract<NonNullable<S3ClientConfig['signer']>, { sign: unknown }>;
type ClientRequest = Parameters<RequestSigner['sign']>[0];

/** For a store that has S3's verbs under other names. */
export interface Translation {
  /** Changes the request into what is sent, its signature with it. */
  readonly sign: (request: ClientRequest) => Promise<void>;
  /** The headers of an answer in the words of S3. */
  readonly answered: (headers: Readonly<Record<string, string>>) => Record<string, string>;
}

const silentLogger = { trace: ignored, debug: ignored, info: ignored, warn: ignored, error: ignored };

function ignored(): void {
  // What is to be said is said by whoever asked.
}

/**
 * @throws where the region or a key is missing in the environment, or the file of authorities cannot be read: said before anything is
 * asked.
 */
export function s3Client(
  address: S3Address,
  environment: NodeJS.ProcessEnv,
  limits: StoreLimits,
  translation?: Translation,
): S3Client {
  // With a signature of another kind Amazon's keys are asked of nobody.
  const credentials =
    translation === undefined ? s3Credentials(environment) : { accessKeyId: 'none', secretAccessKey: 'none' };
  const client = new S3Client({
    region: regionOf(address, environment),
    ...(address.endpoint === null ? {} : { endpoint: address.endpoint }),
    forcePathStyle: address.pathStyle,
    // Without: the platform's (IRSA, EKS Pod Identity, metadata, the files of a laptop), in the client's own order.
    ...(credentials === undefined ? {} : { credentials }),
    ...(translation === undefined ? {} : { signer: signerOf(translation) }),
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
  if (translation !== undefined) {
    translateAnswers(client, translation);
  }
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

/** In place of the client's own. */
function signerOf({ sign }: Translation): RequestSigner {
  return {
    sign: async (request) => {
      await sign(request);
      return request;
    },
  };
}

function translateAnswers(client: S3Client, { answered }: Translation): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const response = result.response as { headers: Record<string, string> };
      response.headers = answered(response.headers);
      return result;
    },
    { step: 'deserialize', priority: 'low', name: 'translateAnswers' },
  );
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
