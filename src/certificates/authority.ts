import { generateKeyPairSync, randomBytes } from 'node:crypto';
import forge from 'node-forge';
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
const backdated = 60 * 60 * 1000;

const day = 24 * 60 * 60 * 1000;

/** Makes a self-signed CA. One RSA-2048 key: some 100 ms of work for the CPU. */
export function createAuthority(commonName: string, period: AuthorityPeriod): Authority {
  const keys = generateKeys();
  const certificate = blank(keys.public, period);
  const subject = [{ name: 'commonName', value: commonName }];
  certificate.setSubject(subject);
  certificate.setIssuer(subject);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: true, critical: true },
    { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    { name: 'subjectKeyIdentifier' },
  ]);
  certificate.sign(keys.private, forge.md.sha256.create());
  return { certificate: forge.pki.certificateToPem(certificate), key: keys.pem };
}

/** Signs a certificate for a server with a key of its own. Throws where `authority` is not a CA in PEM. */
export function issueServingCertificate(
  authority: Authority,
  names: ServingNames,
  period: AuthorityPeriod,
): ServingCertificate {
  const keys = generateKeys();
  const issuer = forge.pki.certificateFromPem(authority.certificate);
  const certificate = blank(keys.public, period);
  certificate.setSubject([{ name: 'commonName', value: names.dnsNames[0] }]);
  certificate.setIssuer(issuer.subject.attributes);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: false, critical: true },
    { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
    { name: 'extKeyUsage', serverAuth: true },
    { name: 'subjectKeyIdentifier' },
    // Lets a client tell two CAs of one name apart while they are rotated.
    { name: 'authorityKeyIdentifier', keyIdentifier: issuer.generateSubjectKeyIdentifier().getBytes() },
    {
      name: 'subjectAltName',
      altNames: [
        ...names.dnsNames.map((value) => ({ type: 2, value })),
        ...names.addresses.map((ip) => ({ type: 7, ip })),
      ],
    },
  ]);
  certificate.sign(forge.pki.privateKeyFromPem(authority.key), forge.md.sha256.create());
  return { certificate: forge.pki.certificateToPem(certificate), key: keys.pem };
}

/** node-forge makes RSA keys in JavaScript, which takes seconds at times; OpenSSL takes a tenth of one. It knows no ECDSA. */
function generateKeys(): { public: forge.pki.PublicKey; private: forge.pki.rsa.PrivateKey; pem: string } {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return {
    public: forge.pki.publicKeyFromPem(publicKey),
    private: forge.pki.privateKeyFromPem(privateKey),
    pem: privateKey,
  };
}

function blank(publicKey: forge.pki.PublicKey, period: AuthorityPeriod): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = publicKey;
  certificate.serialNumber = randomSerial();
  certificate.validity.notBefore = new Date(period.now.getTime() - backdated);
  certificate.validity.notAfter = new Date(period.now.getTime() + period.days * day);
  return certificate;
}

/** 127 random bits, hexadecimal. The leading 0 keeps it positive (RFC 5280 4.1.2.2: at most 20 octets, positive); the 4 keeps it from being 0. */
function randomSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes.readUInt8(0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}
