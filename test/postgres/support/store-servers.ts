import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import type { AzureServer } from '../../support/azurite.ts';
import { startAzureServer } from '../../support/azurite.ts';
import type { S3Server } from '../../support/versitygw.ts';
import { startS3Server } from '../../support/versitygw.ts';

type Keys = Readonly<Record<string, string>>;

/** A real server of one kind of store, as the tests of places need it. */
export interface StoreServer {
  /** In front of `bucket/prefix` in an address. */
  readonly start: string;
  /** Its endpoint and authority, behind the question mark. */
  readonly parameters: string;
  readonly endpoint: string;
  readonly keys: Keys;
  createBucket(name: string): Promise<void>;
  /** Keys that may read and list in a bucket; only read; all that docs/object-stores.md asks for. */
  reader(bucket: string): Promise<Keys>;
  blind(bucket: string): Promise<Keys>;
  writer(bucket: string): Promise<Keys>;
  /** Many small objects, whose bytes are their names. */
  fill(bucket: string, folder: string, names: readonly string[]): Promise<void>;
  /** What an upload that failed has left for whoever looks for objects or parts. */
  leftovers(bucket: string, key: string): Promise<readonly unknown[]>;
  /** What it says to credentials and addresses that are wrong: outcome, and a part of the words. */
  readonly wrong: readonly {
    readonly what: string;
    readonly path?: string;
    readonly keys?: Keys;
    readonly parameters?: string;
    readonly outcome: Readonly<Record<string, string>>;
    readonly words: string;
  }[];
  stop(): Promise<void>;
}

export const storeKinds = {
  s3: { tools: ['go', 'flock'], start: async () => s3(await startS3Server()) },
  azblob: { tools: ['npm', 'flock'], start: async () => azure(await startAzureServer()) },
} as const satisfies Record<string, { tools: readonly string[]; start: () => Promise<StoreServer> }>;

function s3(server: S3Server): StoreServer {
  const parameters = `endpoint=${server.origin}&ca=${server.ca}`;
  let users = 0;
  const user = async (bucket: string, actions: readonly string[]): Promise<Keys> => {
    users += 1;
    return { ...(await server.createUser(`user${users}`, bucket, actions)) };
  };
  const another = { ...server.admin, AWS_SECRET_ACCESS_KEY: 'another' };
  const nobody = { ...server.admin, AWS_ACCESS_KEY_ID: 'nobody' };
  const credentials = { outcome: 'denied', why: 'credentials' };
  const foreign = { outcome: 'not-this-store' };
  return {
    start: 's3://',
    parameters,
    endpoint: server.origin,
    keys: { ...server.admin },
    createBucket: (name) => server.createBucket(name),
    reader: (bucket) => user(bucket, ['s3:GetObject', 's3:ListBucket']),
    blind: (bucket) => user(bucket, ['s3:GetObject']),
    writer: (bucket) =>
      user(bucket, ['s3:ListBucket', 's3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload']),
    fill: async (bucket, folder, names) => {
      // As files of the server: a thousand requests would say nothing more.
      mkdirSync(join(server.data, bucket, folder), { recursive: true });
      for (const name of names) {
        writeFileSync(join(server.data, bucket, folder, name), name);
      }
    },
    leftovers: async (bucket) => {
      const { Uploads = [] } = await server.client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
      return Uploads;
    },
    wrong: [
      { what: 'secret', keys: another, outcome: credentials, words: 'SignatureDoesNotMatch' },
      { what: 'key id', keys: nobody, outcome: credentials, words: 'InvalidAccessKeyId' },
      {
        what: 'region',
        parameters: `${parameters}&region=eu-central-1`,
        outcome: foreign,
        words: "wanted the bucket's region in the address",
      },
      { what: 'bucket', path: 'backup/a', outcome: foreign, words: 'NoSuchBucket' },
      {
        what: 'authority',
        parameters: `endpoint=${server.origin}`,
        outcome: { outcome: 'unreachable', why: 'tls' },
        words: 'in s3://backups/a at https://127.0.0.1',
      },
    ],
    stop: () => server.stop(),
  };
}

function azure(server: AzureServer): StoreServer {
  const parameters = `endpoint=${server.origin}&ca=${server.ca}`;
  const signed = (rights: string, hours = 1): Keys => ({
    AZURE_STORAGE_SAS_TOKEN: server.signature(rights, new Date(Date.now() + hours * 3_600_000)),
  });
  const another = { AZURE_STORAGE_KEY: Buffer.from('another').toString('base64') };
  const foreign = { outcome: 'not-this-store' };
  return {
    start: `azblob://${server.account}/`,
    parameters,
    endpoint: server.origin,
    keys: server.keys,
    createBucket: (name) => server.createContainer(name),
    reader: async () => signed('rl'),
    blind: async () => signed('r'),
    writer: async () => signed('racwdl'),
    fill: async (bucket, folder, names) => {
      const left = [...names];
      const put = async (): Promise<void> => {
        for (let name = left.pop(); name !== undefined; name = left.pop()) {
          await server.ask('PUT', `/${bucket}/${folder}/${name}`, { 'x-ms-blob-type': 'BlockBlob' }, name);
        }
      };
      await Promise.all(Array.from({ length: 8 }, put));
    },
    // Blocks that are of no blob stay for a week. To readers they are nothing; Azurite 3.37.0 answers If-None-Match: * with 409 for them.
    leftovers: async (bucket, key) => {
      const list = await server.ask('GET', `/${bucket}?restype=container&comp=list`);
      return list.body.includes(`<Name>${key}</Name>`) ? [key] : [];
    },
    wrong: [
      { what: 'key', keys: another, outcome: { outcome: 'denied', why: 'credentials' }, words: 'answered 4' },
      {
        what: 'signature, which has ended',
        keys: signed('rl', -1),
        outcome: { outcome: 'denied', why: 'expired' },
        words: 'AuthenticationFailed: expired',
      },
      { what: 'container', path: 'backup/a', outcome: foreign, words: 'ContainerNotFound' },
      {
        what: 'authority',
        parameters: `endpoint=${server.origin}`,
        outcome: { outcome: 'unreachable', why: 'tls' },
        words: `in azblob://${server.account}/backups/a at https://127.0.0.1`,
      },
    ],
    stop: () => server.stop(),
  };
}
