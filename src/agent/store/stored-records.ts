import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from './durable-file.ts';

export interface StoredRecords<Stored> {
  /** In the order of their folders' names. */
  readonly complete: readonly Stored[];
  /** Folders with a record that cannot be read: damage, said aloud, never deleted by retention. */
  readonly damaged: readonly { readonly id: string; readonly reason: string }[];
}

/**
 * What is complete in a folder: each folder in it whose last file is there, a record that bears the folder's name. Without that file it is not
 * complete yet, or no more.
 * @param parse the record, or what is wrong with the text.
 * @throws where the folder is there and cannot be listed.
 */
export async function readStoredRecords<Stored extends { readonly id: string }>(
  folder: string,
  file: string,
  parse: (text: string) => Stored | string,
): Promise<StoredRecords<Stored>> {
  const complete: Stored[] = [];
  const damaged: { id: string; reason: string }[] = [];
  for (const id of (await namesIn(folder)).filter((name) => !name.startsWith('.')).sort()) {
    const path = join(folder, id, file);
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      if (errorCode(error) !== 'ENOENT' && errorCode(error) !== 'ENOTDIR') {
        damaged.push({ id, reason: error instanceof Error ? error.message : String(error) });
      }
      continue;
    }
    const record = parse(text);
    if (typeof record === 'string') {
      damaged.push({ id, reason: `${path}: ${record}` });
    } else if (record.id !== id) {
      damaged.push({ id, reason: `${path} is the record of ${record.id}` });
    } else {
      complete.push(record);
    }
  }
  return { complete, damaged };
}

/** Names in a directory; none where there is no such directory. */
export async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') {
      return [];
    }
    throw error;
  }
}
