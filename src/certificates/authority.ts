import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { signedCertificate } from './signed-certificate.ts';
import type { ServingCertificate } from './source.ts';

export interface AuthorityPeriod {
  /** Start of validity before backdating. */
  readonly now: Date;
  readonly days: number;
}

/** A CA that can sign; `certificate` alone goes to clients. PEM. */
export interface Authority {
  readonly certificate: string;
  readonly key: string;
}

export interface ServingNames {
  /** DNS names; the first one is also the common name. */
  readonly dnsNames: readonly [string, ...string[]];
  readonly addresses: readonly string[];
}

/** Clocks of nodes differ; a certificate that is valid "from now on" is refused by a client that is a minute behind. */
export const backdated = 60 * 60 * 1000;

const day = 24 * 60 * 60 * 1000;

/** Makes a self-signed CA. Its key is of P-256: a handshake costs a third of what it costs with RSA, and making one no time at all. */
export function createAuthority(commonName: string, period: AuthorityPeriod): Authority {
  const keys = generateKeys();
  const certificate = signedCertificate(
    {
      ...validity(period),
      subject: commonName,
      issuer: commonName,
      publicKey: keys.public,
      use: { kind: 'authority' },
    },
    keys.private,
  );
  return { certificate, key: keys.pem };
}

/**
 * Signs a certificate for a server with a key of its own. It ends with its authority at the latest, as every client would have it.
 * Throws where `authority` is not a CA in PEM.
 */
export function issueServingCertificate(
  authority: Authority,
  names: ServingNames,
  period: AuthorityPeriod,
): ServingCertificate {
  const keys = generateKeys();
  const issuer = new X509Certificate(authority.certificate);
  const { notBefore, notAfter } = validity(period);
  const certificate = signedCertificate(
    {
      notBefore,
      notAfter: new Date(Math.min(notAfter.getTime(), issuer.validToDate.getTime())),
      subject: names.dnsNames[0],
      issuer: issuer.subject.replace(/^CN=/, ''),
      publicKey: keys.public,
      use: { kind: 'server', ...names },
    },
    createPrivateKey(authority.key),
  );
  return { certificate, key: keys.pem };
}

function generateKeys(): { readonly public: KeyObject; readonly private: KeyObject; readonly pem: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
  return { public: publicKey, private: privateKey, pem: pem.toString() };
}

function validity({ now, days }: AuthorityPeriod): { readonly notBefore: Date; readonly notAfter: Date } {
  return {
    notBefore: new Date(now.getTime() - backdated),
    notAfter: new Date(now.getTime() + days * day),
  };
}
