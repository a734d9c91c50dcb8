import { Option } from 'commander';
import type { RestoreTargetContract } from '../contract.ts';
import type { StoreOptions } from '../store-options.ts';

export interface RestoreOptions extends StoreOptions {
  readonly to?: string;
  readonly backup: string;
  readonly targetTime?: string;
  readonly targetLsn?: string;
  readonly targetXid?: string;
  readonly targetName?: string;
  readonly targetImmediate?: boolean;
  readonly exclusive?: boolean;
}

/** One of the options that say up to where: they exclude each other. */
export function target(flags: string, description: string): Option {
  const all = ['targetTime', 'targetLsn', 'targetXid', 'targetName', 'targetImmediate'];
  const option = new Option(flags, description);
  return option.conflicts(all.filter((name) => name !== option.attributeName()));
}

/** Null: to the end of the WAL. */
export function targetOf(options: RestoreOptions): RestoreTargetContract | null {
  const inclusive = options.exclusive !== true;
  if (options.targetImmediate === true) {
    return { kind: 'immediate', value: '', inclusive };
  }
  for (const [kind, value] of [
    ['time', options.targetTime],
    ['lsn', options.targetLsn],
    ['xid', options.targetXid],
    ['name', options.targetName],
  ] as const) {
    if (value !== undefined) {
      return { kind, value, inclusive };
    }
  }
  return null;
}
