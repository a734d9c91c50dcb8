import type { AddressForm, CommonAddress, InvalidAddress } from '../address-parts.ts';
import { addressParts, commonOf, invalid, quoted } from '../address-parts.ts';

/** `gs://bucket[/prefix][?parameter=value&…]` (docs/object-stores.md). */
export interface GoogleAddress extends CommonAddress {
  readonly kind: 'gs';
  readonly bucket: string;
}

/** Every parameter there is, in the order of the documentation. */
const parameters = ['endpoint', 'ca', 'plain-http', 'storage-class'] as const;

export const googleForm: AddressForm<(typeof parameters)[number]> = {
  scheme: 'gs',
  form: 'gs://bucket[/prefix][?storage-class=…]',
  host: 'a bucket',
  namesInPath: 0,
  keys: 'GS_ACCESS_KEY_ID, GS_SECRET_ACCESS_KEY',
  parameters,
};

export function readGoogleAddress(text: string): GoogleAddress | InvalidAddress {
  const parts = addressParts(text, googleForm);
  if (parts.kind === 'invalid') {
    return parts;
  }
  const bucket = parts.host;
  if (!/^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/.test(bucket)) {
    return invalid(
      `${quoted(bucket)} is no name of a bucket; wanted 3 to 222 small letters, digits, dots, dashes and underscores, with a letter or digit at both ends`,
    );
  }
  const common = commonOf(parts, 'gs');
  return common.kind === 'invalid' ? common : { ...common, kind: 'gs', bucket };
}
