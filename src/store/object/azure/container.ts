import type { Trouble } from '../../place.ts';
import type { PartBuffers } from '../parts.ts';
import type { RequestContext } from '../requests.ts';
import type { AzureAddress } from './azure-address.ts';
import type { AzureClient } from './azure-client.ts';

/** What each verb works with. */
export interface Container extends RequestContext {
  readonly client: AzureClient;
  readonly address: AzureAddress;
  readonly buffers: PartBuffers;
}

/** Name of the blob. */
export function blobOf({ address }: Container, key: string): string {
  return address.prefix === '' ? key : `${address.prefix}/${key}`;
}

/** Success, and nothing of what such an answer says. */
export function notAnswered(container: Container, what: string): Trouble {
  return {
    outcome: 'not-this-store',
    words: `${what} in ${container.name}: answered with success, and with nothing that Azure says to that`,
  };
}
