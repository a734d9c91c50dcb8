import { keyVariable } from '../key-variable.ts';

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/**
 * The keys that people know, out of the environment (a Secret in a pod); undefined where there are none, and the platform is asked.
 * @throws on half a pair, and see key-variable.ts.
 */
export function s3Credentials(environment: NodeJS.ProcessEnv): S3Credentials | undefined {
  const accessKeyId = keyVariable(environment, 'AWS_ACCESS_KEY_ID');
  const secretAccessKey = keyVariable(environment, 'AWS_SECRET_ACCESS_KEY');
  const sessionToken = keyVariable(environment, 'AWS_SESSION_TOKEN');
  if (accessKeyId === undefined && secretAccessKey === undefined) {
    return undefined;
  }
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    const [there, missing] =
      accessKeyId === undefined
        ? ['AWS_SECRET_ACCESS_KEY', 'AWS_ACCESS_KEY_ID']
        : ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'];
    throw new Error(
      `there is ${there} without ${missing}; wanted both, or neither where the platform gives an identity`,
    );
  }
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
}
