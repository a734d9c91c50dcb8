import type { InvalidAddress } from './address-parts.ts';
import { invalid, quoted } from './address-parts.ts';
import type { AzureAddress } from './azure/azure-address.ts';
import { azureForm, readAzureAddress } from './azure/azure-address.ts';
import type { GoogleAddress } from './google/google-address.ts';
import { googleForm, readGoogleAddress } from './google/google-address.ts';
import type { S3Address } from './s3/s3-address.ts';
import { readS3Address, s3Form } from './s3/s3-address.ts';

/** Where an object store is, as one line of text says it; the kind is the text before `://` (docs/object-stores.md). */
export type StoreAddress = S3Address | GoogleAddress | AzureAddress;

export type AddressReading = StoreAddress | InvalidAddress;

/** How an address is written, of every kind. */
export const addressForms = `${s3Form.form}, ${googleForm.form} or ${azureForm.form}`;

/** Whether a text is meant as the address of an object store, however wrong: a directory never has `://`. */
export function isStoreAddress(text: string): boolean {
  return /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(text);
}

export function readStoreAddress(text: string): AddressReading {
  if (text !== text.trim()) {
    return invalid(
      'the address of the store begins or ends with white space; wanted it without (a line break at the end of a file?)',
    );
  }
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(text)?.[1];
  switch (scheme) {
    case undefined:
      return invalid(`${quoted(text)} is no address of an object store; wanted ${addressForms}`);
    case 's3':
      return readS3Address(text);
    case 'gs':
      return readGoogleAddress(text);
    case 'azblob':
      return readAzureAddress(text);
    default:
      return invalid(`the store's address begins with ${quoted(`${scheme}://`)}; wanted ${insteadOf(scheme, text)}`);
  }
}

/** What people try who know a store by another name. */
function insteadOf(scheme: string, text: string): string {
  const host = /^[^/]+:\/\/(?:[^/?#]*@)?([^/?#]*)/.exec(text)?.[1]?.toLowerCase() ?? '';
  switch (scheme.toLowerCase()) {
    case 's3':
    case 's3a':
    case 's3n':
      return `${s3Form.form}${scheme === scheme.toLowerCase() ? '' : ' (in lower case)'}`;
    case 'gs':
    case 'gcs':
      return `${googleForm.form}${scheme === scheme.toLowerCase() ? '' : ' (in lower case)'}`;
    case 'azblob':
    case 'az':
    case 'azure':
    case 'wasb':
    case 'wasbs':
    case 'abfs':
    case 'abfss':
      return `${azureForm.form}${scheme === scheme.toLowerCase() ? '' : ' (in lower case)'}`;
    case 'http':
    case 'https':
      if (/(?:^|\.)storage\.(?:cloud\.)?googleapis\.com$|^storage\.cloud\.google\.com$/.test(host)) {
        return googleForm.form;
      }
      return host.includes('.blob.') || host.includes('.dfs.')
        ? `azblob://${host.split('.')[0] ?? ''}/container[/prefix]${host.endsWith('.core.windows.net') ? '' : `?endpoint=https://${host.replace('.dfs.', '.blob.')}`}`
        : `${s3Form.form}: the server is a parameter, s3://bucket/prefix?endpoint=https://HOST`;
    default:
      return addressForms;
  }
}
