import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { developmentCertificate } from '../../src/certificates/development.ts';

const directory = mkdtempSync(join(tmpdir(), 'pgusher-development-'));
afterAll(() => {
  rmSync(directory, { recursive: true });
});
const now = new Date('2026-11-21T12:00:00Z');
const later = (days: number): Date => new Date(now.getTime() + days * 24 * 60 * 60 * 1000);

test('is made once, kept while it is good, and made anew when it ends soon or is spoiled', () => {
  const first = developmentCertificate(join(directory, 'certs'), now);
  expect(first.created).toBe(true);
  expect(new X509Certificate(readFileSync(first.certificate)).checkHost('localhost')).toBe('localhost');
  const bytes = readFileSync(first.certificate, 'utf8');

  expect(developmentCertificate(join(directory, 'certs'), later(87)).created).toBe(false);
  expect(readFileSync(first.certificate, 'utf8')).toBe(bytes);

  const renewed = developmentCertificate(join(directory, 'certs'), later(89));
  expect(renewed.created).toBe(true);
  expect(readFileSync(first.certificate, 'utf8')).not.toBe(bytes);

  writeFileSync(renewed.certificate, 'no certificate');
  expect(developmentCertificate(join(directory, 'certs'), later(89)).created).toBe(true);
  rmSync(renewed.key);
  expect(developmentCertificate(join(directory, 'certs'), later(89)).created).toBe(true);
});

test('the key is for its owner only, and the key of the CA is nowhere', () => {
  const files = developmentCertificate(join(directory, 'modes'), now);
  expect(statSync(files.key).mode & 0o777).toBe(0o600);
  const all = [files.authority, files.certificate, files.key].map((file) => readFileSync(file, 'utf8')).join('');
  expect(all.match(/PRIVATE KEY-----\n/g)).toHaveLength(2);
});
