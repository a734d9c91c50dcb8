import type { Command } from 'commander';
import { isStoreAddress } from '../store/object/store-address.ts';
import { readContract } from './contract-schema.ts';
import type { AgentContract, StoreContract } from './contract.ts';
import { environmentNames } from './contract.ts';
import type { Environment } from './server-connection/credentials.ts';

/** Which store a command is about: named by hand, or the pod's. */
export interface StoreOptions {
  readonly store?: string;
  readonly prefix?: string;
}

export function withStore(command: Command): Command {
  return command
    .option(
      '--store <directory>',
      "where the store is mounted; for list and restore --to also s3://bucket[/prefix], gs://bucket[/prefix] or azblob://account/container[/prefix]; in a pod, the pod's",
    )
    .option('--prefix <folder>', 'folder of the set in it: <namespace>/<name>');
}

/** A directory. @throws where there is none, or an address: only `list` reads the objects of a bucket where they are. */
export function storeOf(options: StoreOptions, environment: Environment): StoreContract {
  const store = namedStore(options, environment);
  if (isStoreAddress(store.mount)) {
    throw new Error(
      `--store is ${JSON.stringify(store.mount)}; wanted a directory: copy ${store.prefix} of the bucket there first (list and restore --to read a bucket)`,
    );
  }
  return store;
}

/** @throws where neither the command line nor the pod's contract names a store. */
export function namedStore(options: StoreOptions, environment: Environment): StoreContract {
  if (options.store !== undefined && options.prefix !== undefined) {
    return { mount: options.store, prefix: options.prefix };
  }
  const contract = environment[environmentNames.contract];
  const own = contract === undefined ? null : restoredFrom(readContract(contract));
  if (own === null) {
    throw new Error('no store is named; wanted --store and --prefix');
  }
  return { mount: options.store ?? own.mount, prefix: options.prefix ?? own.prefix };
}

/** A spool holds what was not sent yet: the backups are in the bucket. */
function restoredFrom({ store, offsite, namespace, set }: AgentContract): StoreContract | null {
  return offsite?.spool === undefined ? store : { mount: offsite.address, prefix: `${namespace}/${set}` };
}
