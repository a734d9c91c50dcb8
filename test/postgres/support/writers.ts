import { eventually } from '../../support/postgres-server.ts';
import type { PostgresServer } from '../../support/postgres-server.ts';

/** Clients that insert one row per commit and remember which commits were acknowledged, and when. */
export interface Writers {
  /** Acknowledged so far: row number → milliseconds of `performance.now()`. */
  readonly acknowledged: ReadonlyMap<number, number>;
  /** Waits until so many more commits were acknowledged. */
  more(count: number): Promise<void>;
  stop(): Promise<void>;
}

/** @param from number of the first row; others than those of writers before. */
export async function startWriters(server: PostgresServer, count: number, from = 0): Promise<Writers> {
  await server.sql('CREATE TABLE IF NOT EXISTS written (n bigint PRIMARY KEY, filler text)');
  const acknowledged = new Map<number, number>();
  const state = { stopped: false };
  // All of them first: a fast one could write what is waited for, and the server be stopped, while others still connect.
  const clients = await Promise.all(Array.from({ length: count }, () => server.connect()));
  const writers = clients.map(async (client, writer) => {
    try {
      for (let n = from + writer; !state.stopped; n += count) {
        await client.query('INSERT INTO written VALUES ($1, $2)', [n, 'x'.repeat(100)]);
        acknowledged.set(n, performance.now());
      }
    } catch {
      // the server is gone: what was not acknowledged does not count
    } finally {
      await client.end().catch(() => undefined);
    }
  });
  return {
    acknowledged,
    more: async (count) => {
      const wanted = acknowledged.size + count;
      await eventually(
        `${count} more rows are committed`,
        () => acknowledged.size >= wanted,
        () => server.log(),
      );
    },
    stop: async () => {
      state.stopped = true;
      await Promise.all(writers);
    },
  };
}

/** Numbers that were acknowledged before `before` (performance.now()) and are not there. */
export async function lostRows(server: PostgresServer, writers: Writers, before = Infinity): Promise<number[]> {
  const rows = await server.sql<{ n: string }>('SELECT n FROM written');
  const found = new Set(rows.map((row) => Number(row.n)));
  return [...writers.acknowledged].filter(([n, at]) => at < before && !found.has(n)).map(([n]) => n);
}
