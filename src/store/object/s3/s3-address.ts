import type { AddressForm, CommonAddress, InvalidAddress } from '../address-parts.ts';
import { addressParts, commonOf, invalid, quoted, switchOf } from '../address-parts.ts';

/** `s3://bucket[/prefix][?parameter=value&…]` (docs/object-stores.md). */
export interface S3Address extends CommonAddress {
  readonly kind: 's3';
  readonly bucket: string;
  /** Null: what the environment says, and with an endpoint of one's own `us-east-1`, which most servers take. */
  readonly region: string | null;
  /** The bucket stands in the path, not in the host name. */
  readonly pathStyle: boolean;
  readonly encryption: 'AES256' | 'aws:kms' | null;
  readonly kmsKey: string | null;
}

/** Every parameter there is, in the order of the documentation. */
const parameters = [
  'region',
  'endpoint',
  'path-style',
  'ca',
  'plain-http',
  'storage-class',
  'encryption',
  'kms-key',
] as const;

export const s3Form: AddressForm<(typeof parameters)[number]> = {
  scheme: 's3',
  form: 's3://bucket[/prefix][?region=…&endpoint=https://…]',
  host: 'a bucket',
  namesInPath: 0,
  keys: 'AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY',
  parameters,
};

export function readS3Address(text: string): S3Address | InvalidAddress {
  const parts = addressParts(text, s3Form);
  if (parts.kind === 'invalid') {
    return parts;
  }
  const bucket = parts.host;
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$/.test(bucket)) {
    return invalid(
      `${quoted(bucket)} is no name of a bucket; wanted 3 to 255 letters, digits, dots, dashes and underscores, with a letter or digit at both ends`,
    );
  }
  const common = commonOf(parts, 's3');
  if (common.kind === 'invalid') {
    return common;
  }
  const given = parts.parameters;
  if (common.endpoint !== null && /(?:^|\.)storage\.googleapis\.com$/.test(new URL(common.endpoint).hostname)) {
    return invalid(
      `endpoint of the store's address is Google's S3 door, which ignores If-None-Match: of two that write the same name both would be told that they were first; wanted gs://${bucket}${common.prefix === '' ? '' : `/${common.prefix}`}`,
    );
  }
  const pathStyle = switchOf(given.get('path-style'), common.endpoint !== null);
  if (pathStyle === undefined) {
    return invalid(`path-style of the store's address is ${quoted(given.get('path-style') ?? '')}; wanted on or off`);
  }
  const encryption = given.get('encryption') ?? null;
  if (encryption !== null && encryption !== 'AES256' && encryption !== 'aws:kms') {
    return invalid(`encryption of the store's address is ${quoted(encryption)}; wanted AES256 or aws:kms`);
  }
  const kmsKey = given.get('kms-key') ?? null;
  if (kmsKey !== null && encryption !== 'aws:kms') {
    return invalid(`the store's address has kms-key without encryption=aws:kms; wanted both, or neither`);
  }
  const region = given.get('region') ?? null;
  if (region !== null && !/^[A-Za-z0-9][A-Za-z0-9-]{0,62}$/.test(region)) {
    return invalid(`region of the store's address is ${quoted(region)}; wanted a name such as eu-central-1`);
  }
  return { ...common, kind: 's3', bucket, region, pathStyle, encryption, kmsKey };
}
