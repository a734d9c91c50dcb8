export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/**
 * The keys that people know, out of the environment (a Secret in a pod); undefined where there are none, and the platform is asked.
 * @throws on half a pair, and on what no header can hold: a file with a line break at its end becomes such a Secret.
 */
export function s3Credentials(environment: NodeJS.ProcessEnv): S3Credentials | undefined {
  const read = (name: string): string | undefined => {
    const value = environment[name];
    if (value === undefined || value === '') {
      return undefined;
    }
    if (/\s/.test(value)) {
      const where = /\s$/.test(value) ? 'ends with white space or a line break' : 'has white space in it';
      throw new Error(
        `${name} ${where}; wanted the bare key: kubectl create secret generic NAME --from-literal=${name}=…`,
      );
    }
    return value;
  };
  const accessKeyId = read('AWS_ACCESS_KEY_ID');
  const secretAccessKey = read('AWS_SECRET_ACCESS_KEY');
  const sessionToken = read('AWS_SESSION_TOKEN');
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
