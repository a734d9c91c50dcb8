import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { createAuthority, issueServingCertificate } from '../../src/certificates/authority.ts';

const now = new Date('2026-11-21T12:00:00Z');
const authority = createAuthority('pgusher CA', { now, days: 365 });
const names = {
  dnsNames: ['pgusher.pgusher-system.svc', 'pgusher.pgusher-system'],
  addresses: ['127.0.0.1', '::1'],
} as const;
const serving = issueServingCertificate(authority, names, { now, days: 90 });
const ca = new X509Certificate(authority.certificate);
const leaf = new X509Certificate(serving.certificate);

test('the CA may sign certificates and nothing else', () => {
  expect(ca.ca).toBe(true);
  expect(ca.subject).toBe('CN=pgusher CA');
  expect(ca.checkIssued(ca)).toBe(true);
  expect(ca.verify(ca.publicKey)).toBe(true);
});

test('the leaf is signed by the CA, for servers, under its names', () => {
  expect(leaf.ca).toBe(false);
  expect(leaf.checkIssued(ca)).toBe(true);
  expect(leaf.verify(ca.publicKey)).toBe(true);
  // serverAuth.
  expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
  expect(leaf.subjectAltName).toBe(
    'DNS:pgusher.pgusher-system.svc, DNS:pgusher.pgusher-system, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1',
  );
  expect(leaf.checkHost('pgusher.pgusher-system.svc')).toBe('pgusher.pgusher-system.svc');
  expect(leaf.checkHost('other.svc')).toBeUndefined();
});

test('validity begins an hour early, for clocks that are behind', () => {
  expect(leaf.validFromDate).toEqual(new Date('2026-11-21T11:00:00Z'));
  expect(leaf.validToDate).toEqual(new Date('2027-02-19T12:00:00Z'));
  expect(ca.validToDate).toEqual(new Date('2027-11-21T12:00:00Z'));
});

test('serial numbers are positive, at most 16 octets and never the same', () => {
  const other = new X509Certificate(issueServingCertificate(authority, names, { now, days: 90 }).certificate);
  const serials = [ca, leaf, other].map(({ serialNumber }) => serialNumber);
  expect(new Set(serials).size).toBe(3);
  for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9A-F]{31}$/);
});

test('a key that is not the CA\u2019s signs nothing', () => {
  expect(() => issueServingCertificate({ ...authority, key: 'x' }, names, { now, days: 1 })).toThrow();
});
