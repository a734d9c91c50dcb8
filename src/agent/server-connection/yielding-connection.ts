import type { Credentials } from './credentials.ts';
import { connectAsReplication } from './server-connection.ts';
import type { Attempt, Row, ServerConnection } from './server-connection.ts';
import type { ServerAddress } from './server-address.ts';

/**
 * CREATE, DROP and ALTER DATABASE wait for five seconds that other sessions leave the database (CountOtherDBBackends in
 * src/backend/storage/ipc/procarray.c), and then fail.
 */
const lookEvery = 1000;

/** A session that waits for this one's database holds its lock on it already; clients that connect take a weaker one. */
const isWaitedFor = `SELECT EXISTS (
  SELECT FROM pg_catalog.pg_locks AS l JOIN pg_catalog.pg_database AS d ON d.oid = l.objid
   WHERE l.locktype = 'object' AND l.database = 0 AND l.classid = 'pg_catalog.pg_database'::pg_catalog.regclass
     AND d.datname = pg_catalog.current_database() AND l.pid <> pg_catalog.pg_backend_pid()
     AND l.mode IN ('ShareLock', 'AccessExclusiveLock')) AS waited`;

/**
 * A lasting connection for questions that keeps no database from being dropped, renamed or copied: it leaves one that somebody waits for and
 * comes back with the next question, then perhaps to another. `closed` is about the server, not about one session of it.
 */
export async function connectYielding(options: {
  readonly address: ServerAddress;
  readonly credentials: () => Promise<Credentials>;
  /** Told the name of each database that it enters. */
  readonly entered: (database: string) => Promise<void>;
}): Promise<Attempt> {
  const { address, credentials, entered } = options;
  const over = Promise.withResolvers<undefined>();
  let isOver = false;
  let current: (ServerConnection & { readonly database: string }) | undefined;
  let last = '';
  let before: Promise<unknown> = Promise.resolve();
  const inTurn = async <Value>(work: () => Promise<Value>): Promise<Value> => {
    const answer = before.then(work);
    before = answer.catch(() => undefined);
    return answer;
  };
  const end = (): void => {
    isOver = true;
    clearInterval(looking);
    over.resolve(undefined);
  };
  const enter = async (): Promise<Attempt> => {
    const attempt = await connectAsReplication(address, await credentials(), last);
    if (attempt.kind !== 'connected') return attempt;
    const { connection } = attempt;
    current = connection;
    last = '';
    void connection.closed.then(() => {
      if (current === connection) end();
    });
    await entered(connection.database);
    return attempt;
  };
  const enterAgain = async (): Promise<ServerConnection> => {
    for (;;) {
      if (isOver) throw new Error('the connection was closed');
      const attempt = await enter();
      if (attempt.kind === 'connected') return attempt.connection;
      // Behind a database that is being copied: it lets nobody in for as long as that takes.
      if (attempt.kind === 'refused' && attempt.message === 'timeout expired') continue;
      end();
      throw new Error(attempt.kind === 'absent' ? 'nothing listens any more' : attempt.message);
    }
  };
  const leave = async (): Promise<void> => {
    const left = current;
    current = undefined;
    last = left?.database ?? '';
    await left?.close();
  };
  const looking = setInterval(() => {
    void inTurn(async () => {
      const [row] = (await current?.query<{ waited: boolean }>(isWaitedFor)) ?? [];
      if (row?.waited === true) await leave();
    }).catch(() => undefined);
  }, lookEvery);
  looking.unref();
  const first = await enter().catch((error: unknown) => {
    end();
    throw error;
  });
  if (first.kind !== 'connected') {
    end();
    return first;
  }
  return {
    kind: 'connected',
    connection: {
      query: async <Wanted extends Row>(text: string) =>
        inTurn(async () => (current ?? (await enterAgain())).query<Wanted>(text)),
      closed: over.promise,
      database: first.connection.database,
      close: async () => {
        end();
        await leave();
      },
    },
  };
}
