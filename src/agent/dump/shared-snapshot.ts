import { z } from 'zod';
import { openPsql } from './psql-session.ts';
import type { PsqlSession } from './psql-session.ts';
import type { DumpedServer } from './server-databases.ts';

export interface HeldSnapshot {
  readonly database: string;
  /** For `pg_dump --snapshot`. */
  readonly id: string;
  /** As pg_current_snapshot() gives it: `xmin:xmax:in progress`. */
  readonly text: string;
  readonly lsn: string;
  /** ISO 8601. */
  readonly at: string;
}

export interface HeldSnapshots {
  /** True: all have the same `text`, so that all show the same transactions. */
  readonly shared: boolean;
  readonly reason: string | null;
  readonly of: ReadonlyMap<string, HeldSnapshot>;
  /** Ends the session of one; its snapshot holds VACUUM back no longer. */
  release(database: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * How often all are taken anew where they are not the same, some 8 ms each. Of eight databases on two cores with 800 writing transactions a second one of five
 * had not enough of twenty.
 */
const tries = 200;

/**
 * Snapshots of all databases that are the same where that can be had. PostgreSQL lends a snapshot within one database only ("cannot import a snapshot from a
 * different database"). But transaction ids are those of the whole server: two sessions in two databases whose pg_current_snapshot() is the same text
 * see exactly the same transactions as committed. So a session is opened in each database, all take their snapshot at the same moment, and where one
 * differs, all do so again. Each holds VACUUM back in its own database until its dump is done, as pg_dump itself does.
 *
 * A database that cannot be connected to has none; its dump says why.
 */
export async function holdSnapshots(
  environment: Readonly<Record<string, string>>,
  databases: readonly string[],
  server: DumpedServer,
): Promise<HeldSnapshots> {
  if (databases.length > server.maxConnections / 4) {
    return without(
      `${databases.length} databases would take more than a quarter of the ${server.maxConnections} connections (max_connections)`,
    );
  }
  const sessions = new Map<string, PsqlSession>(databases.map((name) => [name, openPsql(environment, name)]));
  const lose = async (name: string): Promise<void> => {
    const session = sessions.get(name);
    sessions.delete(name);
    await session?.close();
  };
  const ask = async (): Promise<HeldSnapshot[]> => {
    const taken = await Promise.all(
      [...sessions].map(async ([name, session]) => takeSnapshot(name, session).catch(() => lose(name))),
    );
    return taken.filter((one) => one !== undefined);
  };
  // The first one also waits for the connections.
  await Promise.all([...sessions].map(([name, session]) => prepare(session, server.major).catch(() => lose(name))));
  let taken = await ask();
  for (let tried = 1; tried < tries && new Set(taken.map(({ text }) => text)).size > 1; tried += 1) {
    taken = await ask();
  }
  const missing = databases.filter((name) => !taken.some((one) => one.database === name));
  const same = new Set(taken.map(({ text }) => text)).size <= 1;
  return {
    shared: same && missing.length === 0,
    reason: !same
      ? `transactions ended between the first and the last of them, in each of ${tries} tries; each is consistent in itself`
      : missing.length === 0
        ? null
        : `no session could be had in ${missing.map((name) => JSON.stringify(name)).join(', ')}`,
    of: new Map(taken.map((one) => [one.database, one])),
    release: lose,
    close: async () => {
      await Promise.all([...sessions.keys()].map(lose));
    },
  };
}

function without(reason: string): HeldSnapshots {
  return { shared: false, reason, of: new Map(), release: () => Promise.resolve(), close: () => Promise.resolve() };
}

/** A role or a database may have limits of its own, and this one waits for hours. */
async function prepare(session: PsqlSession, major: number): Promise<void> {
  await session.ask(
    `SET client_min_messages = error; SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0;${major >= 17 ? ' SET transaction_timeout = 0;' : ''}${major >= 14 ? ' SET idle_session_timeout = 0;' : ''} SELECT 1`,
  );
}

const answer = z.tuple([z.string(), z.string(), z.string(), z.string()]);

async function takeSnapshot(database: string, session: PsqlSession): Promise<HeldSnapshot> {
  // One message for each statement and one way there: the snapshot is taken by the first that needs one.
  const row = await session.ask(
    `ROLLBACK; BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT pg_catalog.json_build_array(pg_catalog.pg_export_snapshot(), pg_catalog.txid_current_snapshot()::text,
      CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn() ELSE pg_catalog.pg_current_wal_insert_lsn() END::text, pg_catalog.clock_timestamp())`,
  );
  const [id, text, lsn, at] = answer.parse(JSON.parse(row));
  return { database, id, text, lsn, at: new Date(at).toISOString() };
}
