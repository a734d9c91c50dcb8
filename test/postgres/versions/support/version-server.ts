import { createHash } from 'node:crypto';
import pg from 'pg';
import { eventually } from '../../../support/postgres-server.ts';
import type { Container } from './container.ts';

/** Someone who commits rows one after the other. */
export interface Writer {
  /** Number of the last row that was acknowledged. */
  acknowledged(): number;
  /** Waits until so many more rows were. */
  more(count: number): Promise<void>;
  /** Resolves when the server no longer answers. */
  readonly ended: Promise<void>;
}

/** A running server. */
export class VersionServer {
  readonly container: Container;
  private readonly sockets: string;
  private readonly port: number;

  constructor(container: Container, sockets: string, port: number) {
    this.container = container;
    this.sockets = sockets;
    this.port = port;
  }

  async connect(): Promise<pg.Client> {
    const client = new pg.Client({ host: this.sockets, port: this.port, user: 'postgres', database: 'postgres' });
    // A server that is killed breaks its connections; the test sees that by its queries.
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  /** One statement, or several. */
  async sql<Row extends pg.QueryResultRow = pg.QueryResultRow>(text: string): Promise<Row[]> {
    const client = await this.connect();
    try {
      return (await client.query<Row>(text)).rows;
    } finally {
      await client.end();
    }
  }

  /** The only value of the only row, as text. */
  async value(expression: string): Promise<string> {
    const [row] = await this.sql<{ value: string }>(`SELECT (${expression})::text AS value`);
    return row?.value ?? '';
  }

  async untilConnected(): Promise<void> {
    await this.until('the server takes connections', 'true');
  }

  async untilWritable(): Promise<void> {
    await this.until('the server is out of recovery', 'NOT pg_is_in_recovery()');
  }

  /** Asks until `condition` holds. @throws with the server's log, at once where it has ended. */
  async until(what: string, condition: string): Promise<void> {
    let ended: number | string | undefined;
    let last = '';
    void this.container.exited.then((how) => {
      ended = how;
    });
    await eventually(
      what,
      async () => {
        if (ended !== undefined) {
          throw new Error(`the server ended with ${ended}:\n${this.container.output()}`);
        }
        last = await this.value(condition).catch((error: unknown) => String(error));
        return last === 'true';
      },
      () => `last answer: ${last}\n${this.container.output()}`,
    );
  }

  /** Commits rows `from` to `to`, one by one, and begins a new WAL segment after each tenth. */
  async write(from: number, to: number): Promise<void> {
    const client = await this.connect();
    await client.query('CREATE TABLE IF NOT EXISTS rows (number int PRIMARY KEY, content text NOT NULL)');
    for (let number = from; number <= to; number++) {
      await client.query('INSERT INTO rows VALUES ($1, $2)', [number, content(number)]);
      if (number % 10 === 0) {
        await client.query('SELECT pg_switch_wal()');
      }
    }
    await client.end();
  }

  /** Goes on with row `from` until the server is gone. */
  async keepWriting(from: number): Promise<Writer> {
    const client = await this.connect();
    let last = from - 1;
    const ended = (async () => {
      try {
        for (let number = from; ; number++) {
          await client.query('INSERT INTO rows VALUES ($1, $2)', [number, content(number)]);
          last = number;
        }
      } catch {
        await client.end().catch(() => undefined);
      }
    })();
    return {
      ended,
      acknowledged: () => last,
      more: async (count) => {
        const wanted = last + count;
        await eventually(
          `${count} more rows are committed`,
          () => last >= wanted,
          () => this.container.output(),
        );
      },
    };
  }

  /** Every row, in order. */
  async rows(): Promise<string[]> {
    const found = await this.sql<{ number: number; content: string }>(
      'SELECT number, content FROM rows ORDER BY number',
    );
    return found.map((row) => rowText(row.number, row.content));
  }

  /** Waits until the receiver has fsynced all that is committed. */
  async untilReceived(): Promise<void> {
    const position = await this.value('pg_current_wal_lsn()');
    await this.until(
      'the store has everything',
      `EXISTS (SELECT FROM pg_stat_replication WHERE application_name = 'pgusher' AND flush_lsn >= '${position}')`,
    );
  }

  async kill(): Promise<void> {
    await this.container.kill();
  }

  /** Fast shutdown. @returns the exit code. */
  async stop(): Promise<number | string> {
    this.container.signal('SIGINT');
    return this.container.exited;
  }
}

/** Rows `from` to `to` as `VersionServer.rows` tells them. */
export function rowTexts(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => rowText(from + index, content(from + index)));
}

function rowText(number: number, text: string): string {
  return `${number} ${text}`;
}

function content(number: number): string {
  return createHash('sha256').update(String(number)).digest('hex');
}
