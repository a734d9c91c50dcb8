import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeDurably } from '../store/durable-file.ts';
import type { Role } from './pod-role.ts';

/**
 * /pgusher/decision: what `restore` decided, for initdb.sh, ready.sh and pgusher-backup. One `name=value` a line, no
 * quoting: no value holds a line break, and the shell reads it with `IFS='=' read -r name value`.
 */
export interface BootDecision {
  /** `initialise`: initdb.sh makes the database in `staging`; the rest: PGDATA is there. */
  readonly action: 'start' | 'restored' | 'copied' | 'initialise';
  readonly role: Role;
  /** `no`: nothing of this server may go into the store (the store is another system's, or there is none). */
  readonly archive: boolean;
  /** PGDATA as the server will have it. */
  readonly dataDirectory: string;
  /** Where an initialisation is made before it becomes PGDATA. */
  readonly staging: string;
  /** File that is there while a finished database is moved into a PGDATA that cannot be replaced. */
  readonly filling: string;
  /**
   * After a restore: settings that recovery needs at least. initdb.sh compares, because only the server's container knows
   * its arguments.
   */
  readonly leastSettings: Readonly<Record<string, number>>;
}

export const decisionFileName = 'decision';

const leastPrefix = 'least_';

export async function writeDecisionFile(path: string, decision: BootDecision): Promise<void> {
  const lines = [
    ['action', decision.action],
    ['role', decision.role],
    ['archive', decision.archive ? 'yes' : 'no'],
    ['data_directory', decision.dataDirectory],
    ['staging', decision.staging],
    ['filling', decision.filling],
    ...Object.entries(decision.leastSettings).map(([name, least]) => [`${leastPrefix}${name}`, String(least)]),
  ];
  await mkdir(dirname(path), { recursive: true });
  await writeDurably(path, lines.map(([name, value]) => `${name ?? ''}=${value ?? ''}\n`).join(''), 0o644);
}

/** @throws where there is none or it cannot be read: nobody may guess the role of a server. */
export async function readDecisionFile(path: string): Promise<BootDecision> {
  const values = new Map(
    (await readFile(path, 'utf8'))
      .split('\n')
      .filter((line) => line.includes('='))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const),
  );
  const value = (name: string): string => {
    const found = values.get(name);
    if (found === undefined) {
      throw new Error(`${path} has no line ${name}=`);
    }
    return found;
  };
  return {
    action: oneOf(path, value('action'), ['start', 'restored', 'copied', 'initialise']),
    role: oneOf(path, value('role'), ['primary', 'standby']),
    archive: oneOf(path, value('archive'), ['yes', 'no']) === 'yes',
    dataDirectory: value('data_directory'),
    staging: value('staging'),
    filling: value('filling'),
    leastSettings: Object.fromEntries(
      [...values]
        .filter(([name]) => name.startsWith(leastPrefix))
        .map(([name, least]) => [name.slice(leastPrefix.length), Number(least)]),
    ),
  };
}

function oneOf<const Word extends string>(path: string, value: string, words: readonly Word[]): Word {
  const found = words.find((word) => word === value);
  if (found === undefined) {
    throw new Error(`${path} says "${value}"; wanted one of ${words.join(', ')}`);
  }
  return found;
}
