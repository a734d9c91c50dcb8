import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { partStaging, placeParts, preparePartStaging, settleParts } from '../../../src/agent/restore/place-parts.ts';

/** The places of parts outside PGDATA. Ring 3 kills a restore at each step of it. */
describe('a part in its place', () => {
  let location: string;
  beforeEach(() => {
    location = mkdtempSync(join(tmpdir(), 'pgusher-part-'));
  });
  afterEach(() => {
    rmSync(location, { recursive: true });
  });

  async function place(link: string, name: string, text: string): Promise<readonly string[]> {
    const parts = [{ link, location }];
    await preparePartStaging(parts);
    const staging = partStaging({ link, location });
    mkdirSync(join(staging, name));
    writeFileSync(join(staging, name, 'file'), text);
    return placeParts(parts, new Date('2026-11-29T20:00:00Z'));
  }

  it('of a tablespace leaves what is not of its name alone, also where a restore that was cut off is taken back', async () => {
    writeFileSync(join(location, 'notes'), 'mine');
    expect(await place('pg_tblspc/1', 'PG_15_1', 'first')).toEqual([]);
    // Killed here: PGDATA never came. The next one removes what this one moved in.
    expect(await place('pg_tblspc/1', 'PG_15_1', 'second')).toEqual([]);
    await settleParts([{ link: 'pg_tblspc/1', location }]);
    expect(readdirSync(location).toSorted()).toEqual(['PG_15_1', 'notes']);
    expect(readFileSync(join(location, 'PG_15_1', 'file'), 'utf8')).toBe('second');
    expect(readFileSync(join(location, 'notes'), 'utf8')).toBe('mine');
  });

  it('of the WAL has everything else put aside, once', async () => {
    writeFileSync(join(location, '0000000100000000000000FF'), 'stale');
    const [before] = await place('pg_wal', 'archive_status', 'first');
    expect(before).toBe(join(location, '.pgusher', 'before-20261129T200000Z'));
    expect(await place('pg_wal', 'archive_status', 'second')).toEqual([]);
    await settleParts([{ link: 'pg_wal', location }]);
    expect(readdirSync(location).toSorted()).toEqual(['.pgusher', 'archive_status']);
    expect(readFileSync(join(before ?? '', '0000000100000000000000FF'), 'utf8')).toBe('stale');
  });
});
