import type { Credentials } from '../server-connection/credentials.ts';
import type { ServerAddress } from '../server-connection/server-address.ts';
import type { ServerConnection } from '../server-connection/server-connection.ts';
import { errorCode } from '../store/durable-file.ts';

export type SlotAttempt =
  { readonly kind: 'made' } | { readonly kind: 'there' } | { readonly kind: 'failed'; readonly reason: string };

/** duplicate_object */
const isThere = '42710';

/** undefined_object */
const isAbsent = '42704';

/** The slot of a standby on its primary, with WAL kept for it from now on: a login for replication may make it. */
export async function makeStandbySlot(primary: SlotPlace, credentials: Credentials): Promise<SlotAttempt> {
  return withConnection(primary, credentials, async (connection) => {
    try {
      await connection.query(`CREATE_REPLICATION_SLOT ${primary.slot} PHYSICAL RESERVE_WAL`);
      return { kind: 'made' };
    } catch (error) {
      if (errorCode(error) === isThere) {
        return { kind: 'there' };
      }
      throw error;
    }
  });
}

/** The same, with nothing left of an earlier one. */
export async function remakeStandbySlot(primary: SlotPlace, credentials: Credentials): Promise<SlotAttempt> {
  return withConnection(primary, credentials, async (connection) => {
    await connection.query(`DROP_REPLICATION_SLOT ${primary.slot}`).catch((error: unknown) => {
      if (errorCode(error) !== isAbsent) {
        throw error;
      }
    });
    await connection.query(`CREATE_REPLICATION_SLOT ${primary.slot} PHYSICAL RESERVE_WAL`);
    return { kind: 'made' };
  });
}

type SlotPlace = ServerAddress & { readonly slot: string };

async function withConnection(
  primary: SlotPlace,
  credentials: Credentials,
  work: (connection: ServerConnection) => Promise<SlotAttempt>,
): Promise<SlotAttempt> {
  const { connectAsStandby } = await import('../server-connection/server-connection.ts');
  const attempt = await connectAsStandby(primary, credentials);
  if (attempt.kind !== 'connected') {
    return { kind: 'failed', reason: attempt.kind === 'absent' ? 'nothing listens there' : attempt.message };
  }
  try {
    return await work(attempt.connection);
  } catch (error) {
    return { kind: 'failed', reason: error instanceof Error ? error.message : String(error) };
  } finally {
    await attempt.connection.close();
  }
}
