import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { errorCode, writeDurably } from './durable-file.ts';
import { storeNames } from './layout.ts';

/** `<system id>/gaps.json`: where WAL is missing for good, so that nobody finds out by a restore. */
export interface Gap {
  /** ISO 8601. */
  readonly at: string;
  readonly timeline: number;
  /** First segment that is missing. */
  readonly missing: string;
  /** Where receiving went on. */
  readonly resumed: string;
  readonly reason: string;
}

const schema = z.object({
  format: z.literal(1),
  gaps: z.array(
    z.object({
      at: z.string(),
      timeline: z.number().int(),
      missing: z.string(),
      resumed: z.string(),
      reason: z.string(),
    }),
  ),
});

/** @throws where the file is there and cannot be read. */
export async function readGaps(root: string, systemId: string): Promise<readonly Gap[]> {
  const path = join(root, systemId, storeNames.gaps);
  try {
    return schema.parse(JSON.parse(await readFile(path, 'utf8'))).gaps;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') {
      return [];
    }
    throw new Error(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

export async function recordGap(root: string, systemId: string, gap: Gap): Promise<void> {
  const gaps = [...(await readGaps(root, systemId)), gap];
  await writeDurably(join(root, systemId, storeNames.gaps), `${JSON.stringify({ format: 1, gaps }, null, 2)}\n`);
}
