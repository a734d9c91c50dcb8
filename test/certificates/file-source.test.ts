import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { createAuthority, issueServingCertificate } from '../../src/certificates/authority.ts';
import { fileSource } from '../../src/certificates/file-source.ts';
import type { ServingCertificate } from '../../src/certificates/source.ts';

const root = mkdtempSync(join(tmpdir(), 'pgusher-source-'));
afterAll(() => {
  rmSync(root, { recursive: true });
});
const period = { now: new Date(), days: 30 };
const authority = createAuthority('test', period);
const issue = (): ServingCertificate =>
  issueServingCertificate(authority, { dnsNames: ['localhost'], addresses: [] }, period);
const [one, two] = [issue(), issue()] as const;

/** A Secret volume: files are links into `..data`, which is a link to a directory and is swapped as a whole. */
function secretVolume(name: string): {
  readonly certificate: string;
  readonly key: string;
  swap(pair: ServingCertificate): void;
} {
  const volume = join(root, name);
  mkdirSync(volume);
  let generation = 0;
  const swap = (pair: ServingCertificate): void => {
    generation += 1;
    const directory = join(volume, `..${String(generation)}`);
    mkdirSync(directory);
    writeFileSync(join(directory, 'tls.crt'), pair.certificate);
    writeFileSync(join(directory, 'tls.key'), pair.key);
    symlinkSync(directory, join(volume, '..data_tmp'));
    renameSync(join(volume, '..data_tmp'), join(volume, '..data'));
  };
  swap(one);
  symlinkSync(join('..data', 'tls.crt'), join(volume, 'tls.crt'));
  symlinkSync(join('..data', 'tls.key'), join(volume, 'tls.key'));
  return { certificate: join(volume, 'tls.crt'), key: join(volume, 'tls.key'), swap };
}

async function until(condition: () => boolean): Promise<void> {
  for (let round = 0; round < 2000 && !condition(); round += 1) await sleep(10);
  expect(condition()).toBe(true);
}

test('a swapped Secret volume is followed', async () => {
  const volume = secretVolume('swapped');
  const source = fileSource(volume, { interval: 10 });
  const seen: ServingCertificate[] = [];
  source.onChange((certificate) => seen.push(certificate));
  expect(source.current()).toEqual(one);
  volume.swap(two);
  await until(() => seen.length > 0);
  expect(seen).toEqual([two]);
  expect(source.current()).toEqual(two);
  source.stop();
});

test('a certificate with another key is not taken, and is told of until it is mended', async () => {
  const volume = secretVolume('mixed');
  const failures: string[] = [];
  const source = fileSource(volume, { interval: 10, onFailure: (message) => failures.push(message) });
  volume.swap({ certificate: two.certificate, key: one.key });
  await until(() => source.problem() !== undefined);
  expect(source.current()).toEqual(one);
  expect(source.problem()).toMatch(
    /tls\.crt and .*tls\.key are not a certificate and its key in PEM: .*key values mismatch/,
  );
  expect(failures.length).toBeGreaterThan(6);
  volume.swap(two);
  await until(() => source.problem() === undefined);
  expect(source.current()).toEqual(two);
  source.stop();
});

test('a key of another type than the certificate’s is not taken', () => {
  const volume = secretVolume('types');
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  volume.swap({ certificate: one.certificate, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() });
  expect(() => fileSource(volume)).toThrow(
    /tls\.crt and .*tls\.key are not a certificate and its key in PEM: the certificate is for a key of type ec, this key is of type rsa$/,
  );
});

test('a few failed looks are no problem yet', async () => {
  const volume = secretVolume('gone');
  const problems: (string | undefined)[] = [];
  // Looked at and mended within the look itself: a busy machine may not come here between two of them.
  const source = fileSource(volume, {
    interval: 10,
    onFailure: () => {
      problems.push(source.problem());
      if (problems.length === 2) {
        source.stop();
        renameSync(`${volume.key}.away`, volume.key);
      }
    },
  });
  renameSync(volume.key, `${volume.key}.away`);
  await until(() => problems.length >= 2);
  expect(problems.slice(0, 2)).toEqual([undefined, undefined]);
  expect(source.current()).toEqual(one);
});

test('a source that is stopped looks no more', async () => {
  const volume = secretVolume('stopped');
  const source = fileSource(volume, { interval: 10 });
  source.stop();
  volume.swap(two);
  await sleep(60);
  expect(source.current()).toEqual(one);
});

test('the first read fails in one line', () => {
  expect(() => fileSource({ certificate: join(root, 'none.crt'), key: join(root, 'none.key') })).toThrow(
    /^the serving certificate cannot be read: ENOENT: .*none\.crt'$/,
  );
});
