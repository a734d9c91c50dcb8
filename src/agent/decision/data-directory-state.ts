import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../store/durable-file.ts';
import type { ControlFile } from './control-file.ts';
import { parseControlFile, UnknownControlFile } from './control-file.ts';
import { dataVolumePaths, ownFolder } from './data-volume-paths.ts';

export type DataDirectoryState =
  | {
      readonly kind: 'VALID';
      readonly major: number;
      readonly control: ControlFile;
      /** The signal file that is there; a restore or a standby that has not ended. */
      readonly signal: 'recovery' | 'standby' | null;
    }
  | { readonly kind: 'EMPTY' }
  /**
   * `clear`: an unfinished restore or copy beside PGDATA. `finish`: a verified one that is being moved in. `take-back`: an
   * initialisation in PGDATA that has not ended.
   */
  | { readonly kind: 'OURS-PARTIAL'; readonly remedy: 'clear' | 'finish' | 'take-back' }
  /** `found` names what is there, for a person. */
  | { readonly kind: 'FOREIGN'; readonly found: string }
  /** A database of which a part on another volume is lost (lost-part.ts); `found` names it. */
  | { readonly kind: 'INCOMPLETE'; readonly found: string }
  /** A database of a server that this agent is too old for; `found` says what is wanted, too. */
  | { readonly kind: 'NEWER'; readonly found: string };

/** Made by mkfs and left alone by everybody. */
export const notOfAnybody: ReadonlySet<string> = new Set(['lost+found', ownFolder]);

/**
 * Looks at PGDATA and at the volume that holds it; changes nothing.
 * @throws where a directory cannot be listed: what cannot be seen must not be taken for empty.
 */
export async function readDataDirectoryState(dataDirectory: string, dataMount: string): Promise<DataDirectoryState> {
  const ours = dataVolumePaths(dataMount);
  const ownEntries = await entriesOf(join(dataMount, ownFolder));
  if (ownEntries.includes(ours.fillingName)) {
    return { kind: 'OURS-PARTIAL', remedy: 'finish' };
  }
  const entries = (await entriesOf(dataDirectory)).filter((name) => !notOfAnybody.has(name));
  if (entries.length > 0) {
    return ownEntries.includes(ours.initialisingName)
      ? readInitialisation(ours.initialising, dataDirectory)
      : readDatabase(dataDirectory, entries);
  }
  if (ownEntries.includes(ours.stagingName)) {
    return { kind: 'OURS-PARTIAL', remedy: 'clear' };
  }
  const elsewhere = await findDatabase(dataMount, dataDirectory, 3);
  return elsewhere === undefined
    ? { kind: 'EMPTY' }
    : {
        kind: 'FOREIGN',
        found: `${dataDirectory} is empty, but there is a database in ${elsewhere} on the same volume`,
      };
}

async function readDatabase(dataDirectory: string, entries: readonly string[]): Promise<DataDirectoryState> {
  const version = await textOf(join(dataDirectory, 'PG_VERSION'));
  const control = await bytesOf(join(dataDirectory, 'global', 'pg_control'));
  const major = Number(version?.trim());
  if (version === undefined || version.trim() === '' || control === undefined) {
    const listed = entries.slice(0, 8).join(', ') + (entries.length > 8 ? ` and ${entries.length - 8} more` : '');
    const missing = control === undefined ? 'global/pg_control' : 'PG_VERSION';
    return { kind: 'FOREIGN', found: `${dataDirectory} holds no database (no ${missing}), but it holds ${listed}` };
  }
  if (!Number.isInteger(major)) {
    return { kind: 'FOREIGN', found: `${dataDirectory}/PG_VERSION says "${version.trim()}"; wanted a major version` };
  }
  try {
    const signal = entries.includes('standby.signal')
      ? 'standby'
      : entries.includes('recovery.signal')
        ? 'recovery'
        : null;
    return { kind: 'VALID', major, control: parseControlFile(control), signal };
  } catch (error) {
    if (error instanceof UnknownControlFile) {
      return { kind: 'NEWER', found: `${dataDirectory} holds a database of PostgreSQL ${major}: ${error.message}` };
    }
    return { kind: 'FOREIGN', found: `${dataDirectory}: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/**
 * What is in PGDATA while the image initialises it. Only the very database that it was making is ours to remove: somebody may
 * have put another one there since.
 */
async function readInitialisation(marker: string, dataDirectory: string): Promise<DataDirectoryState> {
  const made = /^system=(\d+)$/m.exec((await textOf(marker)) ?? '')?.[1];
  const control = await bytesOf(join(dataDirectory, 'global', 'pg_control'));
  const found = control === undefined || control.length < 8 ? undefined : control.readBigUInt64LE(0).toString();
  return made !== undefined && found === made
    ? { kind: 'OURS-PARTIAL', remedy: 'take-back' }
    : {
        kind: 'FOREIGN',
        found:
          `${marker} says that an initialisation of ${dataDirectory} was cut off (system ${made ?? 'not known yet'}), but what is there now ` +
          `is not what it made (${found === undefined ? 'no global/pg_control' : `system ${found}`}). To keep it, remove that file`,
      };
}

/** A directory with PG_VERSION and global/, at most `depth` levels below `directory`, or `directory` itself. */
async function findDatabase(directory: string, except: string, depth: number): Promise<string | undefined> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') {
      return [];
    }
    throw error;
  });
  const names = entries.map((entry) => entry.name);
  if (directory !== except && names.includes('PG_VERSION') && names.includes('global')) {
    return directory;
  }
  if (depth === 0) {
    return undefined;
  }
  for (const entry of entries) {
    const path = join(directory, entry.name);
    if (entry.isDirectory() && !notOfAnybody.has(entry.name) && path !== except) {
      const found = await findDatabase(path, except, depth - 1);
      if (found !== undefined) {
        return found;
      }
    }
  }
  return undefined;
}

async function entriesOf(directory: string): Promise<string[]> {
  return (await absentAsUndefined(readdir(directory))) ?? [];
}

async function textOf(path: string): Promise<string | undefined> {
  return absentAsUndefined(readFile(path, 'utf8'));
}

async function bytesOf(path: string): Promise<Buffer | undefined> {
  return absentAsUndefined(readFile(path));
}

async function absentAsUndefined<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') {
      return undefined;
    }
    throw error;
  }
}
