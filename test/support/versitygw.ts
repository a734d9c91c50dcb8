import { execFile, spawn } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { CreateBucketCommand, PutBucketPolicyCommand, PutBucketVersioningCommand, S3Client } from '@aws-sdk/client-s3';
import { cache } from '../../scripts/cluster/kubernetes.ts';
import { createAuthority, issueServingCertificate } from '../../src/certificates/authority.ts';
import { freePort } from './free-port.ts';

const version = 'v1.8.0';
const run = promisify(execFile);

export interface Keys {
  readonly AWS_ACCESS_KEY_ID: string;
  readonly AWS_SECRET_ACCESS_KEY: string;
}

/** A real S3 server over TLS, with users and policies, and versions of objects where a bucket asks for them. */
export interface S3Server {
  readonly origin: string;
  /** PEM file of the authority. */
  readonly ca: string;
  /** Where buckets are folders, and objects files. */
  readonly data: string;
  /** May do all. */
  readonly admin: Keys;
  /** For what a place does not do. */
  readonly client: S3Client;
  createBucket(name: string, options?: { readonly versioned: boolean }): Promise<void>;
  /** A user who may do these actions in a bucket, and nothing else. */
  createUser(name: string, bucket: string, actions: readonly string[]): Promise<Keys>;
  stop(): Promise<void>;
}

export async function startS3Server(): Promise<S3Server> {
  const program = await versitygw();
  const directory = mkdtempSync(join(tmpdir(), 'pgusher-s3-'));
  const file = (name: string): string => join(directory, name);
  for (const folder of ['data', 'users', 'versions']) {
    mkdirSync(file(folder));
  }
  const [port, adminPort] = [await freePort(), await freePort()];
  const now = new Date();
  const authority = createAuthority('an S3 server', { now, days: 2 });
  const serving = issueServingCertificate(
    authority,
    { dnsNames: ['localhost'], addresses: ['127.0.0.1'] },
    { now, days: 2 },
  );
  writeFileSync(file('ca.crt'), authority.certificate);
  writeFileSync(file('tls.crt'), serving.certificate);
  writeFileSync(file('tls.key'), serving.key, { mode: 0o600 });
  const admin = { AWS_ACCESS_KEY_ID: 'root', AWS_SECRET_ACCESS_KEY: 'of-this-test' };
  const log = openSync(file('log'), 'a');
  const child = spawn(
    program,
    [
      ...['--port', `127.0.0.1:${port}`, '--cert', file('tls.crt'), '--key', file('tls.key')],
      ...['--admin-port', `127.0.0.1:${adminPort}`, '--iam-dir', file('users')],
      ...['posix', '--versioning-dir', file('versions'), file('data')],
    ],
    {
      stdio: ['ignore', log, log],
      env: { ...process.env, ROOT_ACCESS_KEY: admin.AWS_ACCESS_KEY_ID, ROOT_SECRET_KEY: admin.AWS_SECRET_ACCESS_KEY },
    },
  );
  closeSync(log);
  const ended = new Promise<void>((resolve) =>
    child.once('exit', () => {
      resolve();
    }),
  );
  const origin = `https://127.0.0.1:${port}`;
  const client = new S3Client({
    endpoint: origin,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: admin.AWS_ACCESS_KEY_ID, secretAccessKey: admin.AWS_SECRET_ACCESS_KEY },
    requestHandler: { httpsAgent: new Agent({ ca: authority.certificate }) },
  });
  const stop = async (): Promise<void> => {
    client.destroy();
    child.kill('SIGKILL');
    await ended;
    rmSync(directory, { recursive: true, force: true });
  };
  for (const needed of [port, adminPort]) {
    while (!(await takesConnections(needed))) {
      if (child.exitCode !== null) {
        throw new Error(`versitygw did not start: ${readFileSync(file('log'), 'utf8').slice(-2000)}`);
      }
      await pause(50);
    }
  }
  const granted = new Map<string, object[]>();
  return {
    origin,
    ca: file('ca.crt'),
    data: file('data'),
    admin,
    client,
    createBucket: async (name, options) => {
      await client.send(new CreateBucketCommand({ Bucket: name }));
      if (options?.versioned === true) {
        const configuration = { Status: 'Enabled' } as const;
        await client.send(new PutBucketVersioningCommand({ Bucket: name, VersioningConfiguration: configuration }));
      }
    },
    createUser: async (name, bucket, actions) => {
      const keys = { AWS_ACCESS_KEY_ID: name, AWS_SECRET_ACCESS_KEY: `secret-of-${name}` };
      await run(program, [
        ...['admin', '--access', admin.AWS_ACCESS_KEY_ID, '--secret', admin.AWS_SECRET_ACCESS_KEY],
        ...['--endpoint-url', `http://127.0.0.1:${adminPort}`, 'create-user'],
        ...['--access', name, '--secret', keys.AWS_SECRET_ACCESS_KEY, '--role', 'user'],
      ]);
      const statements = granted.get(bucket) ?? [];
      const resource = `arn:aws:s3:::${bucket}`;
      for (const [of, chosen] of [
        [resource, actions.filter((action) => action.includes('Bucket'))],
        [`${resource}/*`, actions.filter((action) => !action.includes('Bucket'))],
      ] as const) {
        if (chosen.length > 0) {
          statements.push({ Effect: 'Allow', Principal: { AWS: [name] }, Action: chosen, Resource: of });
        }
      }
      granted.set(bucket, statements);
      const Policy = JSON.stringify({ Version: '2012-10-17', Statement: statements });
      await client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
      return keys;
    },
    stop,
  };
}

/** Path of the program, which is built where it is not there yet. */
export async function versitygw(): Promise<string> {
  const directory = join(cache, 'versitygw', version);
  await run('sh', [join(import.meta.dirname, 'build-versitygw.sh'), directory, version], { maxBuffer: 2 ** 26 });
  return join(directory, 'versitygw');
}

function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => {
      resolve(false);
    });
  });
}
