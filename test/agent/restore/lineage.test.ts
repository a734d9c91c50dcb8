import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { latestLineage, lineageOfData } from '../../../src/agent/restore/lineage.ts';
import { historyWithin, readHistory } from '../../../src/agent/store/timeline-history.ts';
import type { WalInventory } from '../../../src/agent/store/wal-inventory.ts';

const second = '1\t0/A02B30\tno recovery target specified\n';
const third = `${second}\n2\t0/C02AA8\tno recovery target specified\n`;

describe('the lineage of a store', () => {
  let root = '';
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'pgusher-lineage-'));
    await mkdir(join(root, '7/wal'), { recursive: true });
    await mkdir(join(root, 'pgdata/pg_wal'), { recursive: true });
  });
  afterEach(async () => {
    await rm(root, { recursive: true });
  });

  const knows = (...histories: number[]): WalInventory => ({
    segments: new Map(),
    partial: new Map(),
    histories: new Set(histories),
  });
  const timelines = async (wal: WalInventory, ofBackups: readonly number[]): Promise<readonly number[]> =>
    (await latestLineage(root, '7', wal, ofBackups)).map(({ timeline }) => timeline);

  it('goes through a timeline that the store never saw: the next one came from it', async () => {
    await writeFile(join(root, '7/wal/00000003.history'), third);
    expect(await timelines(knows(3), [1, 3])).toEqual([1, 2, 3]);
    // For a recovery that counts up from timeline 1.
    expect(await readHistory(root, '7', 2)).toBe(second);
    expect(await readHistory(root, '7', 4)).toBeUndefined();
  });

  it('is refused where a timeline in between is nobody’s past: PostgreSQL would stop counting there', async () => {
    await writeFile(join(root, '7/wal/00000003.history'), second);
    await expect(timelines(knows(3), [1])).rejects.toThrow(
      'the history file 00000002.history is missing in the store, which holds timeline 3; without it a restore would stop before the newest rows',
    );
    expect(await timelines(knows(3), [3])).toEqual([1, 3]);
  });

  it('is refused without the history of the newest timeline', async () => {
    await expect(timelines(knows(3), [3])).rejects.toThrow('the history file 00000003.history is missing');
  });

  it('of data on a timeline that the store knows nothing of is what the data itself knows', async () => {
    await writeFile(join(root, '7/wal/00000002.history'), second);
    const place = { root, systemId: '7' };
    await expect(lineageOfData(place, knows(2), join(root, 'pgdata'), 3)).rejects.toThrow(
      '00000003.history is missing',
    );
    await writeFile(join(root, 'pgdata/pg_wal/00000003.history'), third);
    const lineage = await lineageOfData(place, knows(2), join(root, 'pgdata'), 3);
    expect(lineage.map(({ timeline }) => timeline)).toEqual([1, 2, 3]);
  });

  it('has the text of an earlier history to the byte', () => {
    expect(historyWithin(third, 2)).toBe(second);
    expect(historyWithin(third, 1)).toBeUndefined();
    expect(historyWithin(third, 12)).toBeUndefined();
  });
});
