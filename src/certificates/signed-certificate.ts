import { createHash, createPublicKey, randomBytes, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import forge from 'node-forge';

const { asn1 } = forge;
/** Missing in its types. */
const util = forge.util as typeof forge.util & { bytesFromIP(address: string): string | null };
type Asn1 = forge.asn1.Asn1;

/** RFC 5280 appendix A; ECDSA: RFC 5758, 3.2. */
const oids = {
  commonName: '2.5.4.3',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
} as const;

/** Tags of a field's own, whose numbers node-forge's types know by the names of universal ones alone. */
const tags = { 0: asn1.Type.NONE, 2: asn1.Type.INTEGER, 3: asn1.Type.BITSTRING, 7: asn1.Type.ODESC } as const;

export interface CertificateContent {
  readonly subject: string;
  readonly issuer: string;
  readonly publicKey: KeyObject;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly use:
    | { readonly kind: 'authority' }
    | { readonly kind: 'server'; readonly dnsNames: readonly string[]; readonly addresses: readonly string[] };
}

/**
 * An X.509 certificate, signed by ECDSA with SHA-256, PEM. node-forge writes its ASN.1; it can sign by RSA alone, so that OpenSSL does
 * (docs/decisions/2026-11-30-certificates.md).
 */
export function signedCertificate(content: CertificateContent, signer: KeyObject): string {
  const algorithm = sequence(oid(oids.ecdsaWithSha256));
  const signed = sequence(
    // Version 3, which has extensions.
    explicit(0, integer('\u0002')),
    integer(randomSerial()),
    algorithm,
    name(content.issuer),
    sequence(time(content.notBefore), time(content.notAfter)),
    name(content.subject),
    asn1.fromDer(binary(content.publicKey.export({ type: 'spki', format: 'der' }))),
    explicit(3, sequence(...extensions(content, signer))),
  );
  const signature = sign('sha256', Buffer.from(der(signed), 'binary'), signer);
  const certificate = sequence(signed, algorithm, bitString(`\0${binary(signature)}`));
  const lines =
    Buffer.from(der(certificate), 'binary')
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

function extensions({ publicKey, use }: CertificateContent, signer: KeyObject): readonly Asn1[] {
  const own = extension(oids.subjectKeyIdentifier, octets(keyIdentifier(publicKey)));
  if (use.kind === 'authority') {
    return [
      extension(oids.basicConstraints, sequence(boolean()), 'critical'),
      // keyCertSign and cRLSign: the bits 5 and 6 of seven, so one bit of the octet is not used.
      extension(oids.keyUsage, bitString('\u0001\u0006'), 'critical'),
      own,
    ];
  }
  return [
    extension(oids.basicConstraints, sequence(), 'critical'),
    // digitalSignature: bit 0 of one. ECDSA enciphers no keys.
    extension(oids.keyUsage, bitString('\u0007\u0080'), 'critical'),
    extension(oids.extKeyUsage, sequence(oid(oids.serverAuth))),
    own,
    // Lets a client tell two authorities of one name apart while they are rotated.
    extension(oids.authorityKeyIdentifier, sequence(implicit(0, keyIdentifier(createPublicKey(signer))))),
    extension(
      oids.subjectAltName,
      sequence(
        ...use.dnsNames.map((text) => implicit(2, text)),
        ...use.addresses.map((address) => implicit(7, addressBytes(address))),
      ),
    ),
  ];
}

/** RFC 5280, 4.2.1.2 (1): SHA-1 of the bits of the key, which for a point of P-256 are the last 65 octets of its encoding. */
function keyIdentifier(publicKey: KeyObject): string {
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  return binary(createHash('sha1').update(spki.subarray(-65)).digest());
}

/** 127 random bits. The leading 0 keeps it positive (RFC 5280 4.1.2.2: at most 20 octets, positive); the 4 keeps it from being 0. */
function randomSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes.readUInt8(0) & 0x3f) | 0x40;
  return binary(bytes);
}

function addressBytes(address: string): string {
  const bytes = util.bytesFromIP(address);
  if (bytes === null) throw new Error(`"${address}" is no IP address`);
  return bytes;
}

function primitive(type: forge.asn1.Type, value: string): Asn1 {
  return asn1.create(asn1.Class.UNIVERSAL, type, false, value);
}

function sequence(...items: readonly Asn1[]): Asn1 {
  return asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SEQUENCE, true, [...items]);
}

function explicit(tag: keyof typeof tags, inner: Asn1): Asn1 {
  return asn1.create(asn1.Class.CONTEXT_SPECIFIC, tags[tag], true, [inner]);
}

function implicit(tag: keyof typeof tags, value: string): Asn1 {
  return asn1.create(asn1.Class.CONTEXT_SPECIFIC, tags[tag], false, value);
}

function oid(dotted: string): Asn1 {
  return primitive(asn1.Type.OID, asn1.oidToDer(dotted).getBytes());
}

function integer(bytes: string): Asn1 {
  return primitive(asn1.Type.INTEGER, bytes);
}

function octets(bytes: string): Asn1 {
  return primitive(asn1.Type.OCTETSTRING, bytes);
}

/** The first octet says how many bits of the last one are not used. */
function bitString(bytes: string): Asn1 {
  return primitive(asn1.Type.BITSTRING, bytes);
}

/** False is never written: it is the default wherever there is one (X.690, 11.5). */
function boolean(): Asn1 {
  return primitive(asn1.Type.BOOLEAN, '\u00ff');
}

function extension(id: string, value: Asn1, critical?: 'critical'): Asn1 {
  return sequence(oid(id), ...(critical === undefined ? [] : [boolean()]), octets(der(value)));
}

function name(commonName: string): Asn1 {
  const text = primitive(asn1.Type.UTF8, forge.util.encodeUtf8(commonName));
  const set = asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SET, true, [sequence(oid(oids.commonName), text)]);
  return sequence(set);
}

/** RFC 5280, 4.1.2.5: two digits of the year through 2049, four from 2050 on. */
function time(date: Date): Asn1 {
  return date.getUTCFullYear() < 2050
    ? primitive(asn1.Type.UTCTIME, asn1.dateToUtcTime(date))
    : primitive(asn1.Type.GENERALIZEDTIME, asn1.dateToGeneralizedTime(date));
}

function der(value: Asn1): string {
  return asn1.toDer(value).getBytes();
}

function binary(bytes: Buffer): string {
  return bytes.toString('binary');
}
