import type { AddressForm, CommonAddress, InvalidAddress } from '../address-parts.ts';
import { addressParts, commonOf, invalid, quoted, switchOf } from '../address-parts.ts';

/** `azblob://account/container[/prefix][?parameter=value&…]` (docs/object-stores.md). */
export interface AzureAddress extends CommonAddress {
  readonly kind: 'azblob';
  readonly account: string;
  readonly container: string;
  /** The account stands in the path, as with Azurite, not in the host name. */
  readonly pathStyle: boolean;
}

/** Every parameter there is, in the order of the documentation. */
const parameters = ['endpoint', 'path-style', 'ca', 'plain-http', 'storage-class'] as const;

export const azureForm: AddressForm<(typeof parameters)[number]> = {
  scheme: 'azblob',
  form: 'azblob://account/container[/prefix][?endpoint=https://…]',
  host: 'an account',
  namesInPath: 1,
  keys: 'AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN',
  parameters,
};

/** Tiers that can be read at once. What is in Archive has to be brought back first, and takes hours. */
const tiers = ['Hot', 'Cool', 'Cold'];

export function readAzureAddress(text: string): AzureAddress | InvalidAddress {
  const parts = addressParts(text, azureForm);
  if (parts.kind === 'invalid') {
    return parts;
  }
  const { host: account, name: container, parameters: given } = parts;
  if (account.includes('.')) {
    const [name = ''] = account.split('.');
    return invalid(
      `${quoted(account)} is a server, not an account; wanted azblob://${name}/container${account.endsWith('.blob.core.windows.net') ? '' : `?endpoint=https://${account}`}`,
    );
  }
  if (!/^[a-z0-9]{3,24}$/.test(account)) {
    return invalid(`${quoted(account)} is no name of a storage account; wanted 3 to 24 small letters and digits`);
  }
  if (container === '') {
    return invalid(`the store's address names no container; wanted ${azureForm.form}`);
  }
  if (!/^(?=.{3,63}$)[a-z0-9]+(?:-[a-z0-9]+)*$/.test(container)) {
    return invalid(
      `${quoted(container)} is no name of a container; wanted 3 to 63 small letters, digits and single dashes between them`,
    );
  }
  const common = commonOf(parts, 'azblob');
  if (common.kind === 'invalid') {
    return common;
  }
  const ownHost = common.endpoint === null || new URL(common.endpoint).hostname.startsWith(`${account}.`);
  const pathStyle = switchOf(given.get('path-style'), !ownHost);
  if (pathStyle === undefined) {
    return invalid(`path-style of the store's address is ${quoted(given.get('path-style') ?? '')}; wanted on or off`);
  }
  if (common.storageClass !== null && !tiers.includes(common.storageClass)) {
    return invalid(
      `storage-class of the store's address is ${quoted(common.storageClass)}; wanted ${tiers.join(', ')}`,
    );
  }
  return { ...common, kind: 'azblob', account, container, pathStyle };
}
