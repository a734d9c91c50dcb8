import { Socket } from 'node:net';
import pg from 'pg';
import { errorCode } from '../store/durable-file.ts';
import { preparedPassword } from './saslprep.ts';
import { applicationName } from './server-address.ts';
import type { ServerAddress } from './server-address.ts';
import type { Credentials } from './credentials.ts';

export type Row = Record<string, unknown>;

export interface ServerConnection {
  /** One statement in the simple protocol, when those that were asked before have been answered. @throws as pg does. */
  query<Wanted extends Row = Row>(text: string): Promise<Wanted[]>;
  /** Resolves when the connection is gone, whoever ended it. */
  readonly closed: Promise<void>;
  /** That it is in; empty for a session that takes replication commands only. */
  readonly database: string;
  close(): Promise<void>;
}

/**
 * Where the agent asks its questions, and the scripts theirs (pre-stop.sh, ready.sh): somebody may have dropped the database postgres, or
 * renamed it; template1 is always there. A lasting session is in none of them for longer than nobody minds (yielding-connection.ts).
 */
const databases = ['postgres', 'template1'] as const;

export type Attempt =
  | { readonly kind: 'connected'; readonly connection: ServerConnection }
  /** Nothing listens: not started yet, or gone. */
  | { readonly kind: 'absent' }
  /** Starting, in crash recovery, or shutting down. */
  | { readonly kind: 'not-ready'; readonly message: string }
  /** `code`: SQLSTATE, or that of the system; null where the driver itself gave up. */
  | { readonly kind: 'refused'; readonly message: string; readonly code: string | null };

/**
 * A walsender session that also takes SQL (PostgreSQL manual, "Streaming Replication Protocol"). Not an ordinary session
 * on purpose: a smart shutdown waits for those for ever, for walsenders it does not.
 */
export async function connectAsReplication(
  address: ServerAddress,
  credentials: Credentials,
  /** Tried last: a database that was just left to somebody. */
  avoided = '',
): Promise<Attempt> {
  const [first, second] = [...databases].sort((a, b) => Number(a === avoided) - Number(b === avoided));
  const attempt = await connect(address, credentials, first ?? '', 'database');
  return isMissingDatabase(attempt) ? connect(address, credentials, second ?? '', 'database') : attempt;
}

/** A walsender session as a standby has it, which takes replication commands only; pg_hba lets a replication login into no other. */
export async function connectAsStandby(address: ServerAddress, credentials: Credentials): Promise<Attempt> {
  return connect(address, credentials, '', 'true');
}

/** An ordinary session, for what takes parameters. To be closed at once. */
export async function connectBriefly(
  address: ServerAddress,
  credentials: Credentials,
  database?: string,
): Promise<pg.Client> {
  return connectOrdinarily(database, (name) => createClient(address, credentials, name));
}

/** An ordinary session whose statements may take hours. Of a copy that nobody stops in order, or to be closed soon: a smart shutdown waits for it. */
export async function connectForLong(
  address: ServerAddress,
  credentials: Credentials,
  database?: string,
): Promise<pg.Client> {
  const client = await connectOrdinarily(database, (name) => createClient(address, credentials, name, { patience: 0 }));
  // A role or a database may have one of its own.
  await client.query("SET statement_timeout = 0; SET lock_timeout = '10min'");
  return client;
}

async function connectOrdinarily(
  database: string | undefined,
  clientOf: (name: string) => pg.Client,
): Promise<pg.Client> {
  const [first, second] = database === undefined ? databases : [database];
  const connectTo = async (name: string): Promise<pg.Client> => {
    const client = clientOf(name);
    client.on('error', () => undefined);
    await client.connect();
    return client;
  };
  return connectTo(first).catch(async (error: unknown) => {
    if (second === undefined || errorCode(error) !== invalidCatalogName) throw error;
    return connectTo(second);
  });
}

const invalidCatalogName = '3D000';

function isMissingDatabase(attempt: Attempt): boolean {
  return attempt.kind === 'refused' && attempt.code === invalidCatalogName;
}

async function connect(
  address: ServerAddress,
  credentials: Credentials,
  database: string,
  replication: 'database' | 'true',
): Promise<Attempt> {
  const client = createClient(address, credentials, database === '' ? 'replication' : database, { replication });
  const closed = new Promise<void>((resolve) => {
    client.once('end', resolve);
  });
  // A server that goes away breaks the connection; who waits for `closed` or for an answer learns it there.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    void client.end().catch(() => undefined);
    return classify(error, credentials);
  }
  // A protocol of one question at a time; several parts of the agent share the connection.
  let before: Promise<unknown> = Promise.resolve();
  return {
    kind: 'connected',
    connection: {
      query: async <Wanted extends Row>(text: string) => {
        const answer = before.then(() => client.query<Wanted>(text));
        before = answer.catch(() => undefined);
        return (await answer).rows;
      },
      closed,
      database,
      close: async () => {
        await client.end().catch(() => undefined);
      },
    },
  };
}

/** `patience`: milliseconds for each statement, 0 for as long as it takes. */
function createClient(
  address: ServerAddress,
  credentials: Credentials,
  database: string,
  { replication, patience = 15_000 }: { readonly replication?: 'database' | 'true'; readonly patience?: number } = {},
): pg.Client {
  const options: pg.ClientConfig & { replication?: string } = {
    host: address.host,
    port: address.port,
    user: credentials.user,
    database,
    application_name: `${applicationName} agent`,
    connectionTimeoutMillis: 10_000,
    query_timeout: patience,
    ssl: false,
    // Told even where there is none: pg would look into PGPASSWORD and ~/.pgpass otherwise.
    password: credentials.password ?? '',
    ...(replication === undefined ? {} : { replication }),
    ...(address.from === undefined ? {} : { stream: socketFrom(address, address.from) }),
  };
  return new pg.Client(options);
}

/** The driver knows no address to come from. */
function socketFrom({ host, port }: ServerAddress, localAddress: string): () => Socket {
  return () => {
    const socket = new Socket();
    const connect = socket.connect.bind(socket);
    return Object.assign(socket, { connect: () => connect({ host, port, localAddress }) });
  };
}

function classify(error: unknown, credentials: Credentials): Exclude<Attempt, { kind: 'connected' }> {
  const message = error instanceof Error ? error.message : String(error);
  const code = errorCode(error);
  switch (code) {
    case 'ECONNREFUSED':
    case 'ECONNRESET':
      return { kind: 'absent' };
    // cannot_connect_now; admin_shutdown
    case '57P03':
    case '57P01':
      return { kind: 'not-ready', message };
    // invalid_password
    case '28P01':
      return { kind: 'refused', message: `${message}${whyPerhaps(credentials.password ?? '')}`, code };
    default:
      return { kind: 'refused', message, code: code ?? null };
  }
}

/** The driver sends only the normalised form of a password, PostgreSQL may want the other one. */
function whyPerhaps(password: string): string {
  return preparedPassword(password) === password
    ? ''
    : '. If it is the right one: it holds letters that can be written in more than one way and others that SASLprep does not know (emoji, for one); PostgreSQL takes such a password as it is, this agent cannot. Wanted a password of ASCII, or without one of the two kinds';
}
