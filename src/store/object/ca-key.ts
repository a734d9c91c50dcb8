import { readStoreAddress } from './store-address.ts';

/** Where a pod has the Secret's file that an address may name: `ca=/pgusher-store/<key>`. */
export const secretFolder = '/pgusher-store';

/** Key of the Secret that holds the authorities which the address names; undefined: it names none below that folder. */
export function caKey(address: string): string | undefined {
  const read = readStoreAddress(address);
  const path = read.kind === 'invalid' ? null : read.ca;
  const key = path?.startsWith(`${secretFolder}/`) === true ? path.slice(secretFolder.length + 1) : '';
  return /^[-._A-Za-z0-9]+$/.test(key) ? key : undefined;
}
