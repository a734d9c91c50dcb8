import { isStoreAddress } from '../../store/object/store-address.ts';
import type { StoreContract } from '../contract.ts';
import { storeRoot } from './layout.ts';

/** A directory (`<mount>/<prefix>`), or the folder of a set in an object store. */
export type StorePlace =
  { readonly root: string } | { readonly address: string; /** `<namespace>/<set>` */ readonly prefix: string };

/** @param store `mount` may be an address. */
export function storePlace(store: StoreContract): StorePlace {
  return isStoreAddress(store.mount)
    ? { address: store.mount, prefix: store.prefix.replace(/^\/+|\/+$/g, '') }
    : { root: storeRoot(store) };
}
