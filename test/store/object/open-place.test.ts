import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openPlace } from '../../../src/store/object/open-place.ts';
import { startFaultStore } from '../../support/fault-store.ts';
import { credentials } from './verbs.ts';

const directory = mkdtempSync(join(tmpdir(), 'pgusher-open-place-'));
const empty = join(directory, 'empty.pem');
writeFileSync(empty, 'nothing\n');
afterAll(() => {
  rmSync(directory, { recursive: true });
});

test.each([
  ['a wrong address', 's3://b', {}, 'no name of a bucket'],
  [
    'half a pair of keys',
    's3://backups?region=eu',
    { AWS_ACCESS_KEY_ID: 'x' },
    'there is AWS_ACCESS_KEY_ID without AWS_SECRET_ACCESS_KEY; wanted both',
  ],
  ['the other half', 's3://backups?region=eu', { AWS_SECRET_ACCESS_KEY: 'x' }, 'without AWS_ACCESS_KEY_ID'],
  [
    'a key with a line break',
    's3://backups?region=eu',
    { ...credentials, AWS_SECRET_ACCESS_KEY: 'sec\n' },
    'AWS_SECRET_ACCESS_KEY ends with white space or a line break; wanted the bare key',
  ],
  [
    'a key with a blank',
    's3://backups?region=eu',
    { ...credentials, AWS_ACCESS_KEY_ID: 'a b' },
    'AWS_ACCESS_KEY_ID has white space in it',
  ],
  ['no region', 's3://backups', credentials, 'no region is known for s3://backups; wanted ?region='],
  [
    'no file of authorities',
    's3://backups?region=eu&ca=/nowhere/ca.crt',
    credentials,
    'wanted a PEM file at ca=/nowhere/ca.crt',
  ],
  ['a file without authorities', `s3://backups?region=eu&ca=${empty}`, credentials, 'has no certificate in it'],
])('%s is said before anything is asked', async (_, address, environment, words) => {
  await expect(openPlace(address, environment)).rejects.toThrow(words);
});

test('a place says where it is, and no secret', async () => {
  const place = await openPlace('s3://backups/shop/db?region=eu&endpoint=https://minio.storage:9000', credentials);
  expect(place.name).toBe('s3://backups/shop/db at https://minio.storage:9000');
  place.close();
});

test('the bucket stands in the path with an endpoint of one’s own, and keys are below the prefix', async () => {
  const store = await startFaultStore();
  const place = await openPlace(`s3://backups/shop/db?endpoint=${store.origin}&plain-http=allowed`, credentials);
  expect(await place.putIfAbsent('a b/c+d', Buffer.from('x'))).toMatchObject({ outcome: 'stored' });
  expect([...store.objects.keys()]).toEqual(['shop/db/a b/c+d']);
  expect(store.asked[0]?.headers.authorization).toContain('/us-east-1/s3/aws4_request');
  place.close();
  await store.close();
});

test('storage class and encryption are asked for at every write', async () => {
  const store = await startFaultStore();
  const place = await openPlace(
    `s3://backups?endpoint=${store.origin}&plain-http=allowed&storage-class=STANDARD_IA&encryption=aws:kms&kms-key=1`,
    credentials,
  );
  await place.putIfAbsent('a', Buffer.from('x'));
  expect(store.asked[0]?.headers).toMatchObject({
    'x-amz-storage-class': 'STANDARD_IA',
    'x-amz-server-side-encryption': 'aws:kms',
    'x-amz-server-side-encryption-aws-kms-key-id': '1',
  });
  place.close();
  await store.close();
});

test('a proxy of the environment is used', async () => {
  const proxy = await startFaultStore();
  const place = await openPlace('s3://backups?endpoint=http://store.invalid&plain-http=allowed', {
    ...credentials,
    HTTP_PROXY: proxy.origin,
  });
  const listed = await place.list('');
  expect(listed).toEqual({ outcome: 'listed', objects: [] });
  expect(proxy.asked[0]?.headers.host).toBe('store.invalid');
  place.close();
  await proxy.close();
});
