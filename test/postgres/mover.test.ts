import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { giveToServer, runAsServer } from '../support/postgres-server.ts';
import { missingTools } from '../support/tool.ts';
import type { DatabaseWithStore } from './support/database-with-store.ts';
import { numbers, rowsOf } from './support/database-with-store.ts';
import { lostDatabase } from './support/lost-database.ts';

describe.skipIf(missingTools('postgres', 'pg_receivewal', 'pg_basebackup'))('the mover', () => {
  let database: DatabaseWithStore;
  const lost = lostDatabase('mover', async (made) => {
    database = made;
    await database.begin();
    database.backup();
    await database.write(1, 25);
    await database.received();
  });

  it('that is killed at any step loses nothing, and the next run completes it', async () => {
    const store = join(database.directory, 'store');
    const before = join(database.directory, 'before');
    const after = join(database.directory, 'after');
    const stepsTo = join(database.directory, 'steps');
    writeFileSync(stepsTo, '');
    giveToServer(stepsTo);
    runAsServer('cp', ['-a', store, before]);
    database.moveInSteps({ stepsTo });
    runAsServer('cp', ['-a', store, after]);
    const steps = readFileSync(stepsTo, 'utf8').trim().split('\n');
    expect(database.finished().length).toBeGreaterThan(2);
    expect(steps.length).toBeGreaterThan(10);
    for (const [index, what] of steps.entries()) {
      rmSync(store, { recursive: true });
      runAsServer('cp', ['-a', before, store]);
      database.moveInSteps({ killAtStep: index + 1 });
      database.move();
      expect(() => runAsServer('diff', ['-r', after, store]), `killed before ${what}`).not.toThrow();
    }
    await lost.restore();
    await lost.serve();
    expect(await rowsOf(await lost.recovered())).toEqual(numbers(1, 25));
  });
});
