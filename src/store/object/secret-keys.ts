import type { StoreAddress } from './store-address.ts';
import { readStoreAddress } from './store-address.ts';

/** Keys of the Secret for a store, which are the names of the variables too. */
export interface SecretKeys {
  /** Without which a pod does not start. */
  readonly needed: readonly string[];
  /** Of these one at least, the first where there is none. */
  readonly either: readonly string[];
  readonly optional: readonly string[];
}

const ofKind: Readonly<Record<StoreAddress['kind'], SecretKeys>> = {
  s3: {
    needed: ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'],
    either: [],
    optional: ['AWS_SESSION_TOKEN', 'AWS_REGION'],
  },
  gs: { needed: ['GS_ACCESS_KEY_ID', 'GS_SECRET_ACCESS_KEY'], either: [], optional: [] },
  azblob: {
    needed: [],
    either: ['AZURE_STORAGE_KEY', 'AZURE_STORAGE_SAS_TOKEN'],
    optional: ['AZURE_STORAGE_ACCOUNT'],
  },
};

/** None for an address that is none: it is refused elsewhere. */
export function secretKeys(address: string): SecretKeys {
  const { kind } = readStoreAddress(address);
  return kind === 'invalid' ? { needed: [], either: [], optional: [] } : ofKind[kind];
}

/** Those that a Secret with these keys must have. */
export function neededKeys({ needed, either }: SecretKeys, there: readonly string[]): readonly string[] {
  return [...needed, ...(either.some((key) => there.includes(key)) ? [] : either.slice(0, 1))];
}
