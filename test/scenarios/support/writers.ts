import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';

/** A row that the server has confirmed, and when that was. */
interface Acknowledged {
  readonly writer: number;
  readonly row: number;
  readonly at: number;
}

export interface Writers {
  readonly acknowledged: readonly Acknowledged[];
  /** Ends every connection at once and resolves when no writer works any more. */
  stop(): Promise<void>;
}

export const table = 'CREATE TABLE IF NOT EXISTS written (writer int, row int, PRIMARY KEY (writer, row))';

/** Writers that commit row after row, each in a transaction of its own, and go on where they were after an interruption. */
export function startWriters(count: number, address: () => Promise<string>): Writers {
  const acknowledged: Acknowledged[] = [];
  const stopping = new AbortController();
  const work = Array.from({ length: count }, (_, writer) => write(writer));

  async function write(writer: number): Promise<void> {
    let row = 0;
    while (!stopping.signal.aborted) {
      let client: Client | undefined;
      try {
        client = new Client({
          host: await address(),
          user: 'postgres',
          password: 'secret',
          connectionTimeoutMillis: 2000,
        });
        // What breaks a connection is said by the query too.
        client.on('error', () => undefined);
        await client.connect();
        for (;;) {
          row += 1;
          // A row that was cut off may be there or not; it is written under a new number.
          await client.query('INSERT INTO written VALUES ($1, $2)', [writer, row]);
          acknowledged.push({ writer, row, at: Date.now() });
          await pause(5, undefined, { signal: stopping.signal });
        }
      } catch {
        await pause(200);
      } finally {
        void client?.end().catch(() => undefined);
      }
    }
  }

  return {
    acknowledged,
    stop: async () => {
      stopping.abort();
      await Promise.all(work);
    },
  };
}

/** Rows that were acknowledged until `before` and are not in what the database holds: `writer:row` in lines. */
export function lost(writers: Writers, held: string, before = Infinity): readonly string[] {
  const there = new Set(held.split('\n'));
  return writers.acknowledged
    .filter(({ at }) => at <= before)
    .map(({ writer, row }) => `${writer}:${row}`)
    .filter((name) => !there.has(name));
}

export const heldRows = "SELECT writer || ':' || row FROM written";
