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

describe('an address that is none is told what it is, and what is wanted', () => {
  test.each([
    ['', '"" is no address of an object store; wanted s3://bucket[/prefix][?region=…&endpoint=https://…]'],
    ['/backups', '"/backups" is no address of an object store; wanted s3://'],
    ['s3:/backups', '"s3:/backups" is no address'],
    ['s3://', "the store's address names no bucket; wanted s3://bucket"],
    ['s3:///shop', "the store's address names no bucket; wanted s3://bucket"],
    ['s3://backups\n', 'ends with white space'],
    ['S3://backups', 'begins with "S3://"; wanted s3://bucket[/prefix][?region=…&endpoint=https://…] (in lower case)'],
    ['gs://backups', 'Google Cloud Storage is not supported yet'],
    ['azblob://account/container', 'Azure Blob Storage is not supported yet'],
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
