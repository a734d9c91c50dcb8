import { describe, expect, test } from 'vitest';
import { isStoreAddress, readStoreAddress } from '../../../src/store/object/store-address.ts';

const plain = {
  kind: 's3',
  bucket: 'backups',
  prefix: '',
  region: null,
  endpoint: null,
  pathStyle: false,
  ca: null,
  storageClass: null,
  encryption: null,
  kmsKey: null,
};

describe('an address that is one', () => {
  test.each([
    ['s3://backups', {}],
    ['s3://backups/', {}],
    ['s3://backups/shop/db', { prefix: 'shop/db' }],
    ['s3://backups/shop/db/', { prefix: 'shop/db' }],
    ['s3://backups/a%20b', { prefix: 'a b' }],
    ['s3://My_Old.Bucket', { bucket: 'My_Old.Bucket' }],
    ['s3://backups?region=eu-central-1', { region: 'eu-central-1' }],
    ['s3://backups?endpoint=https://minio.storage:9000', { endpoint: 'https://minio.storage:9000', pathStyle: true }],
    ['s3://backups?endpoint=https://minio.storage/', { endpoint: 'https://minio.storage', pathStyle: true }],
    [
      's3://backups?endpoint=https%3A%2F%2Fs.example&path-style=off',
      { endpoint: 'https://s.example', pathStyle: false },
    ],
    [
      's3://backups?endpoint=http://127.0.0.1:9000&plain-http=allowed',
      { endpoint: 'http://127.0.0.1:9000', pathStyle: true },
    ],
    ['s3://backups?ca=/etc/store/ca.crt', { ca: '/etc/store/ca.crt' }],
    ['s3://backups?storage-class=STANDARD_IA', { storageClass: 'STANDARD_IA' }],
    [
      's3://backups?encryption=aws:kms&kms-key=arn:aws:kms:eu-central-1:1:key/2',
      { encryption: 'aws:kms', kmsKey: 'arn:aws:kms:eu-central-1:1:key/2' },
    ],
  ])('%s', (text, expected) => {
    expect(readStoreAddress(text)).toEqual({ ...plain, ...expected });
  });
});

test('an address in Google Cloud Storage', () => {
  const google = { kind: 'gs', bucket: 'backups', prefix: '', endpoint: null, ca: null, storageClass: null };
  expect(readStoreAddress('gs://backups')).toEqual(google);
  expect(readStoreAddress('gs://my_old.backups/shop/db?storage-class=NEARLINE')).toEqual({
    ...google,
    bucket: 'my_old.backups',
    prefix: 'shop/db',
    storageClass: 'NEARLINE',
  });
});

describe('an address in Azure', () => {
  const azure = {
    kind: 'azblob',
    account: 'company',
    container: 'backups',
    prefix: '',
    endpoint: null,
    pathStyle: false,
    ca: null,
    storageClass: null,
  };
  test.each([
    ['azblob://company/backups', {}],
    ['azblob://company/backups/', {}],
    ['azblob://company/backups/shop/db/', { prefix: 'shop/db' }],
    ['azblob://company/back-ups?storage-class=Cool', { container: 'back-ups', storageClass: 'Cool' }],
    [
      'azblob://company/backups?endpoint=https://azurite:10000&ca=/pgusher-store/ca.crt',
      { endpoint: 'https://azurite:10000', pathStyle: true, ca: '/pgusher-store/ca.crt' },
    ],
    [
      'azblob://company/backups?endpoint=https://company.blob.core.chinacloudapi.cn',
      { endpoint: 'https://company.blob.core.chinacloudapi.cn', pathStyle: false },
    ],
    [
      'azblob://company/backups?endpoint=https://backups.example.com&path-style=off',
      { endpoint: 'https://backups.example.com', pathStyle: false },
    ],
  ])('%s', (text, expected) => {
    expect(readStoreAddress(text)).toEqual({ ...azure, ...expected });
  });
});

describe('an address that is none is told what it is, and what is wanted', () => {
  test.each([
    [
      '',
      '"" is no address of an object store; wanted s3://bucket[/prefix][?region=…&endpoint=https://…], gs://bucket[/prefix][?storage-class=…] or azblob://account/container[/prefix][?endpoint=https://…]',
    ],
    ['/backups', '"/backups" is no address of an object store; wanted s3://'],
    ['s3:/backups', '"s3:/backups" is no address'],
    ['s3://', "the store's address names no bucket; wanted s3://bucket"],
    ['s3:///shop', "the store's address names no bucket; wanted s3://bucket"],
    ['s3://backups\n', 'ends with white space'],
    ['S3://backups', 'begins with "S3://"; wanted s3://bucket[/prefix][?region=…&endpoint=https://…] (in lower case)'],
    ['gcs://backups', 'begins with "gcs://"; wanted gs://bucket[/prefix]'],
    ['GS://backups', 'wanted gs://bucket[/prefix][?storage-class=…] (in lower case)'],
    ['https://storage.googleapis.com/backups', 'wanted gs://bucket[/prefix]'],
    ['gs://Backups', '"Backups" is no name of a bucket; wanted 3 to 222 small letters'],
    ['gs://', "the store's address names no bucket; wanted gs://bucket"],
    ['gs://backups?region=eu', 'which there is not; wanted one of endpoint, ca, plain-http, storage-class'],
    ['gs://key:topsecret@backups', 'come from the Secret (GS_ACCESS_KEY_ID, GS_SECRET_ACCESS_KEY)'],
    [
      's3://backups?endpoint=https://storage.googleapis.com',
      "Google's S3 door, which ignores If-None-Match: of two that write the same name both would be told",
    ],
    [
      's3://backups/a?endpoint=https://backups.storage.googleapis.com',
      'told that they were first; wanted gs://backups/a',
    ],
    ['s3a://backups', 'begins with "s3a://"; wanted s3://bucket[/prefix]'],
    ['azure://account/container', 'begins with "azure://"; wanted azblob://account/container[/prefix][?endpoint='],
    ['wasbs://container@account.blob.core.windows.net/a', 'begins with "wasbs://"; wanted azblob://account/container'],
    ['AZBLOB://account/container', 'wanted azblob://account/container[/prefix][?endpoint=https://…] (in lower case)'],
    ['https://account.blob.core.windows.net/container', 'wanted azblob://account/container[/prefix]'],
    [
      'https://account.dfs.core.chinacloudapi.cn/container',
      'wanted azblob://account/container[/prefix]?endpoint=https://account.blob.core.chinacloudapi.cn',
    ],
    ['azblob://account', "the store's address names no container; wanted azblob://account/container[/prefix]"],
    ['azblob:///container', "the store's address names no account; wanted azblob://account/container[/prefix]"],
    ['azblob://my-account/container', '"my-account" is no name of a storage account; wanted 3 to 24 small letters'],
    ['azblob://account/Container', '"Container" is no name of a container; wanted 3 to 63 small letters'],
    ['azblob://account/a--b', '"a--b" is no name of a container'],
    ['azblob://account/container//a', 'the prefix "container//a" has an empty part'],
    [
      'azblob://account.blob.core.windows.net/container',
      'is a server, not an account; wanted azblob://account/container',
    ],
    [
      'azblob://account.blob.core.chinacloudapi.cn/container',
      'wanted azblob://account/container?endpoint=https://account.blob.core.chinacloudapi.cn',
    ],
    ['azblob://account:topsecret@x/container', 'come from the Secret (AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN)'],
    [
      'azblob://azurite:10000/container',
      'a port behind the account ("azurite:10000"); wanted the server as a parameter: azblob://account/container?endpoint=https://azurite:10000',
    ],
    [
      'azblob://account/container?region=eu',
      'has the parameter "region", which there is not; wanted one of endpoint, path-style, ca, plain-http, storage-class',
    ],
    ['azblob://account/container?sig=topsecret', 'has the parameter "sig", which there is not'],
    ['azblob://account/container?storage-class=Archive', '"Archive"; wanted Hot, Cool, Cold'],
    ['azblob://account/container?endpoint=http://azurite:10000', 'whoever is on the way reads'],
    ['azblob://account/container?endpoint=https://azurite:10000/account', 'bucket and prefix stand behind azblob://'],
    ['https://backups.s3.amazonaws.com', 'the server is a parameter, s3://bucket/prefix?endpoint=https://HOST'],
    ['ftp://backups', 'begins with "ftp://"; wanted s3://bucket'],
    ['s3://key:topsecret@backups', 'has a user or password in it; wanted it without'],
    ['s3://key@backups', 'has a user or password in it'],
    ['s3://key:top secret@backups', 'has a user or password in it'],
    ['s3://minio:9000/backups', 'has a port behind the bucket ("minio:9000")'],
    ['s3://ab', '"ab" is no name of a bucket'],
    ['s3://-backups', '"-backups" is no name of a bucket'],
    ['s3://backups/a//b', 'the prefix "a//b" has an empty part'],
    ['s3://backups/a/../b', 'the prefix "a/../b" has an empty part, "." or ".."'],
    ['s3://backups/a%2F%2E%2E%2Fb', 'the prefix "a/../b" has'],
    ['s3://backups/100%', 'has a % that begins no escape; wanted %25'],
    ['s3://backups/a%0Ab', 'has control characters'],
    ['s3://backups/a#b', 'has a "#"; wanted none'],
    [
      's3://backups?regoin=eu',
      'has the parameter "regoin", which there is not; wanted one of region, endpoint, path-style, ca, plain-http, storage-class, encryption, kms-key. Did you mean region?',
    ],
    ['s3://backups?pathStyle=on', 'Did you mean path-style?'],
    ['s3://backups?region=a&region=b', 'has the parameter region twice'],
    ['s3://backups?region=', "the parameter region of the store's address is empty"],
    ['s3://backups?region=eu%0A', 'with white space at an end'],
    ['s3://backups?region=eu/central', 'region of the store\'s address is "eu/central"'],
    ['s3://backups?endpoint=minio:9000', 'wanted https://HOST[:PORT]'],
    ['s3://backups?endpoint=minio', 'endpoint of the store\'s address is "minio"; wanted https://HOST[:PORT]'],
    ['s3://backups?endpoint=http://minio', 'whoever is on the way reads and changes the backups; wanted https://'],
    [
      's3://backups?endpoint=http://minio&plain-http=yes',
      'plain-http of the store\'s address is "yes"; wanted plain-http=allowed',
    ],
    ['s3://backups?endpoint=https://minio/backups', 'with something behind host and port'],
    ['s3://backups?endpoint=https://key:topsecret@minio', 'has a user or password in it'],
    ['s3://backups?endpoint=https://key:topsecret@:x', 'wanted https://HOST[:PORT]'],
    ['s3://backups?path-style=yes', 'path-style of the store\'s address is "yes"; wanted on or off'],
    ['s3://backups?encryption=aes', 'wanted AES256 or aws:kms'],
    ['s3://backups?kms-key=1', 'has kms-key without encryption=aws:kms'],
    ['s3://backups?ca=ca.crt', 'wanted the absolute path of a PEM file'],
  ])('%s', (text, words) => {
    const read = readStoreAddress(text);
    expect(read.kind === 'invalid' ? read.words : read).toContain(words);
    expect(JSON.stringify(read)).not.toMatch(/topsecret|top secret/);
  });
});

test('a directory is no address', () => {
  expect(['/backups', 'backups', './s3', 'C:\\backups'].map(isStoreAddress)).toEqual([false, false, false, false]);
  expect(['s3://x', 'S3://x', 'gs://x', 'azblob://'].map(isStoreAddress)).toEqual([true, true, true, true]);
});
