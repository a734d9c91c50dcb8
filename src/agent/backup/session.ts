import type pg from 'pg';
import type { AgentContract, BackupContract, DumpContract } from '../contract.ts';
import { environmentNames } from '../contract.ts';
import { readStoreState } from '../decision/store-state.ts';
import { readCredentials } from '../server-connection/credentials.ts';
import type { Credentials } from '../server-connection/credentials.ts';
import { writePassfile } from '../server-connection/passfile.ts';
import { adviceOn } from '../server-connection/refusal.ts';
import type { Caller, Refusal } from '../server-connection/refusal.ts';
import { connectAsReplication, connectAsStandby, connectBriefly } from '../server-connection/server-connection.ts';
import type { Attempt, ServerConnection } from '../server-connection/server-connection.ts';
import { neededWalSenders } from '../../workload/wal-senders.ts';
import type { PasswordsToSet } from '../passwords/keep-setting-passwords.ts';
import { recordConsumed } from '../restore/restore-record.ts';
import type { ServerAddress } from '../server-connection/server-address.ts';
import { keepDumping } from '../dump/keep-dumping.ts';
import { adoptIdentity } from '../offsite/adopt-identity.ts';
import type { BucketInventory } from '../offsite/bucket-inventory.ts';
import { continueSpool } from '../offsite/continue-spool.ts';
import { forgetArchive } from '../standby/standby-server.ts';
import { readGaps } from '../store/gaps.ts';
import { claimStore, learnSystem } from '../store/identity.ts';
import { storeRoot } from '../store/layout.ts';
import { nameInStore, primaryFile } from '../store/stored-primary.ts';
import { keepAdvancingSlot } from './advance-slot.ts';
import type { AgentStatus, FailureKind } from './agent-status.ts';
import type { BackupEdges } from './backup-edges.ts';
import { keepBackingUp } from './base-backup-loop.ts';
import type { Demand } from './demand.ts';
import { pause } from './pause.ts';
import { clearRecoveryTargets, reconcileSynchronous } from './reconcile.ts';
import { programMajor, versionTrouble } from './program-version.ts';
import { noteRecovery } from './note-recovery.ts';
import { keepReceiving } from './receiving.ts';
import { keepAskingRestore } from './restore-answer.ts';
import { readServerFacts } from './server-facts.ts';
import type { ServerFacts } from './server-facts.ts';
import { keepLookingAtStandbys } from './standby-slots.ts';
import type { StatusReport } from './status-report.ts';
import { messageOf } from './status-report.ts';
import { removeTemporaryWal } from './mover.ts';
import { reconcileReplication } from './replication.ts';

/** What lasts from one connection to the next. */
export interface AgentContext {
  readonly contract: AgentContract;
  readonly edges: BackupEdges;
  readonly status: AgentStatus;
  readonly report: StatusReport;
  readonly demand: Demand;
  /** Names of databases; empty: all. */
  readonly dumpDemand: Demand<readonly string[]>;
  readonly programs: { readonly pg_basebackup: string; readonly pg_receivewal: string };
  /** Where SIGTERM or SIGINT came. */
  readonly stopping: AbortSignal;
  readonly passwords: PasswordsToSet;
  /** The settings in force, with what the live ConfigMap says. */
  liveBackup: BackupContract;
  liveDump: DumpContract;
  /** What the off-site copy holds, as far as it is known; null: it was not looked at yet, or none is asked for. */
  copied: BucketInventory | null;
  /** The system that the mover serves; null until it is known to own the store. */
  system: { readonly systemId: string; readonly segmentSize: number } | null;
}

/** One primary, from connecting to its end. */
export interface Session {
  readonly contract: AgentContract;
  readonly connection: ServerConnection;
  readonly facts: ServerFacts;
  /** `<mount>/<prefix>` */
  readonly root: string;
  /** Bytes that the store may hold, where it is a spool (contract.ts, OffsiteContract); null: it is a claim. */
  readonly spool: number | null;
  readonly dataDirectory: string;
  readonly libpq: Readonly<Record<string, string>>;
  readonly status: AgentStatus;
  readonly report: StatusReport;
  readonly edges: BackupEdges;
  readonly demand: Demand;
  readonly dumpDemand: AgentContext['dumpDemand'];
  readonly programs: AgentContext['programs'];
  /** Of now. */
  readonly live: {
    readonly backup: BackupContract;
    readonly dump: DumpContract;
    readonly copied: BucketInventory | null;
  };
  /** The connection is gone. */
  readonly over: AbortSignal;
  /** `over`, or this agent was told to stop: nothing new is begun, but WAL is still received until the server is gone. */
  readonly stopping: AbortSignal;
  /** A password that was rotated since this connection was made: what connects anew needs the one of now. */
  refreshLogin(): Promise<void>;
  /** Connects for a moment, as the session does. */
  askServer(): Promise<Attempt['kind']>;
  /** Connects for a moment as the receiver does: what the server says then. */
  askAsReceiver(): Promise<Attempt>;
  /** What to write so that the agent is let in. */
  adviceOn(refusal: Refusal): string | null;
  /** An ordinary session in a database of the server (undefined: whichever there is), closed when the work is done. */
  readonly within: <Value>(database: string | undefined, work: (client: pg.Client) => Promise<Value>) => Promise<Value>;
  /** Reports a failure, but not one that is only the end of the session. */
  failed(kind: FailureKind, error: unknown): void;
}

export interface Connected {
  readonly connection: ServerConnection;
  readonly address: ServerAddress;
  credentials: Credentials;
  /** Where libpq finds the password. */
  readonly passfile: string;
  readonly libpq: Readonly<Record<string, string>>;
}

/** Runs until the connection is gone: waits for the end of recovery, makes sure of the store, then works. */
export async function runSession(context: AgentContext, connected: Connected): Promise<void> {
  const { status, contract } = context;
  const { connection } = connected;
  const end = new AbortController();
  void connection.closed.then(() => {
    end.abort();
  });
  const facts = await primaryFacts(context, connection, end.signal);
  if (facts === undefined || contract.store === null) {
    await connection.close();
    return;
  }
  status.server = { kind: 'primary', systemId: facts.systemId, timeline: facts.timeline, major: facts.major };
  if (!(await ownStore(context, facts, end.signal))) {
    await connection.close();
    return;
  }
  if (context.system?.systemId !== facts.systemId) {
    // The lock on the volume makes sure that nobody else moves here; and neither mover nor receiver has begun.
    await removeTemporaryWal(storeRoot(contract.store), facts.systemId).catch((error: unknown) => {
      context.report.failed('store', messageOf(error));
    });
  }
  context.system = facts;
  const stopping = AbortSignal.any([end.signal, context.stopping]);
  const session: Session = {
    contract,
    connection,
    facts,
    root: storeRoot(contract.store),
    spool: contract.offsite?.spool ?? null,
    dataDirectory: contract.dataDirectory,
    libpq: connected.libpq,
    status,
    report: context.report,
    edges: context.edges,
    demand: context.demand,
    dumpDemand: context.dumpDemand,
    programs: context.programs,
    live: {
      get backup() {
        return context.liveBackup;
      },
      get dump() {
        return context.liveDump;
      },
      get copied() {
        return context.copied;
      },
    },
    over: end.signal,
    stopping,
    failed: (kind, error) => {
      if (!stopping.aborted) {
        context.report.failed(kind, messageOf(error));
      }
    },
    refreshLogin: async () => {
      connected.credentials = await readCredentials(context.edges.environment);
      await writePassfile(connected.passfile, connected.credentials.password ?? '');
    },
    askServer: async () => closeAgain(await connectAsReplication(connected.address, connected.credentials)),
    askAsReceiver: async () => {
      const attempt = await connectAsStandby(connected.address, connected.credentials);
      await closeAgain(attempt);
      return attempt;
    },
    adviceOn: (refusal) => adviceOn(refusal, callerOf(connected.credentials, status)),
    within: async (database, work) => {
      const client = await connectBriefly(connected.address, connected.credentials, database);
      try {
        return await work(client);
      } finally {
        await client.end();
      }
    },
  };
  status.receiver.gaps = (await readGaps(session.root, facts.systemId)).length;
  const trouble = versionTrouble(facts.major, await programMajor(session.programs.pg_receivewal));
  if (trouble === null) {
    session.report.recovered('version');
  } else {
    session.report.failed('version', trouble);
  }
  await Promise.all([
    // Programs that are older than the server are turned away by it, each time anew.
    ...(trouble === null ? [keepReceiving(session), keepBackingUp(session)] : []),
    // It says by itself that its programs are older.
    keepDumping(session),
    keepAskingRestore(session),
    keepReconciling(session, context, connected),
    keepLookingAtStandbys(session),
    ...(session.spool === null ? [] : [keepAdvancingSlot(session)]),
  ]);
}

async function closeAgain(attempt: Attempt): Promise<Attempt['kind']> {
  if (attempt.kind === 'connected') {
    await attempt.connection.close();
  }
  return attempt.kind;
}

/** Who the server did not let in, for what is said of it. */
export function callerOf({ user, password }: Credentials, status: AgentStatus): Caller {
  const standbys = status.standbySlots.length;
  return { user, hasPassword: password !== null, senders: neededWalSenders({ backup: true, standbys }) };
}

/** Waits while the server is in recovery; undefined where the connection ended before. */
async function primaryFacts(
  context: AgentContext,
  connection: ServerConnection,
  over: AbortSignal,
): Promise<ServerFacts | undefined> {
  while (!over.aborted && !context.stopping.aborted) {
    const facts = await readServerFacts(connection);
    if (!facts.inRecovery) {
      return facts;
    }
    noteRecovery(context.status);
    // In a store that several pods share, the WAL of a standby's former life is its primary's to move.
    context.system = null;
    await pause(1000, AbortSignal.any([over, context.stopping]));
  }
  return undefined;
}

/**
 * Nothing is written to a store that is not proven to be this system's. False where the connection ended before it was.
 */
async function ownStore(context: AgentContext, facts: ServerFacts, over: AbortSignal): Promise<boolean> {
  const { contract, edges, report, status } = context;
  const either = AbortSignal.any([over, context.stopping]);
  while (!either.aborted && contract.store !== null) {
    const trouble = await proveStore(context, facts).catch(messageOf);
    status.store.ours = trouble === null;
    if (trouble === null) {
      report.recovered('identity');
      return true;
    }
    report.failed('identity', trouble);
    await pause(edges.retrySeconds * 1000, either);
  }
  return false;
}

/** What is wrong, or null. */
async function proveStore(context: AgentContext, facts: ServerFacts): Promise<string | null> {
  const { contract, edges } = context;
  if (contract.store === null) {
    return 'there is no store';
  }
  const owner = { namespace: contract.namespace, set: contract.set };
  const root = storeRoot(contract.store);
  const trouble = await continueSpool(context, root, facts);
  if (trouble !== null) {
    return `nothing is received: ${trouble}`;
  }
  const state = await readStoreState({
    store: contract.store,
    owner,
    writable: true,
    mustBeMount: edges.storeMustBeMount,
  });
  switch (state.kind) {
    case 'UNKNOWN':
      return `nothing is archived: ${state.reason}`;
    case 'NONE':
      return 'there is no store';
    case 'OTHER':
      return `nothing is archived: the store ${root} belongs to ${state.identity.namespace}/${state.identity.set}; wanted ${contract.namespace}/${contract.set}. Give this set another backup-prefix or claim`;
    case 'EMPTY':
    case 'CLAIMED':
    case 'BACKUPS': {
      if (state.kind === 'BACKUPS' && state.writeTrouble !== null) {
        return `nothing is archived: ${state.writeTrouble}`;
      }
      const identity =
        state.identity ??
        (await adoptIdentity(context, root, facts.systemId)) ??
        (await claimStore(root, { ...owner, claimedAt: edges.now().toISOString() }));
      const known = state.kind === 'EMPTY' ? identity.systemId : state.systemId;
      if (known !== null && known !== facts.systemId) {
        return `nothing is archived: the store ${root} holds system ${known}, this server is ${facts.systemId}. It is another database; give this set another backup-prefix, or restore`;
      }
      await learnSystem(root, identity, {
        systemId: facts.systemId,
        major: facts.major,
        segmentSize: facts.segmentSize,
      });
      await recordConsumed(contract.dataDirectory, root);
      return nameAsPrimary(context, root, facts);
    }
  }
}

/**
 * Before anything is archived, and for as long as it is: of two servers that take writes on one store the newer timeline's is named, and the agent
 * of the other one stops it (standby/keep-following.ts).
 * @returns what is wrong, or null.
 */
async function nameAsPrimary(
  { contract, edges }: AgentContext,
  root: string,
  { systemId, timeline }: ServerFacts,
): Promise<string | null> {
  const primary = edges.environment[environmentNames.pod];
  if (contract.replication === null || primary === undefined) {
    return null;
  }
  const naming = await nameInStore(root, { primary, timeline, since: edges.now().toISOString(), systemId });
  return naming.kind === 'named'
    ? null
    : `nothing is archived: ${primaryFile(root)} says that ${naming.stored.primary} is primary on timeline ${naming.stored.timeline} since ${naming.stored.since}, and the server here takes writes on timeline ${timeline}. ` +
        `Wanted: one primary. If this one is right, remove that file; if that one is, \`pgusher promote ${contract.set} --record ${naming.stored.primary}\``;
}

/** Once a minute, and every second until the receiver streams for the first time. */
async function keepReconciling(session: Session, context: AgentContext, connected: Connected): Promise<void> {
  while (!session.stopping.aborted) {
    try {
      // What is wrong with the store is no reason to leave roles and settings as they are.
      const trouble = await nameAsPrimary(context, session.root, session.facts).catch(messageOf);
      if (trouble === null) {
        session.report.recovered('identity');
      } else {
        session.report.failed('identity', trouble);
      }
      const cleared = await clearRecoveryTargets(session.connection);
      if (cleared.length > 0) {
        session.edges.log.info({ cleared }, 'recovery targets of a restore that is over were cleared');
      }
      await forgetArchive(session.connection);
      const outcome = await reconcileSynchronous(
        session.connection,
        session.live.backup.synchronous,
        session.status.receiver.streaming,
        session.edges.log,
      );
      if (outcome.kind === 'conflict') {
        session.report.failed('synchronous', outcome.message);
      } else {
        session.report.recovered('synchronous');
      }
      await session.refreshLogin();
      await reconcileReplication(context, connected);
      session.report.recovered('replication');
    } catch (error) {
      session.failed('replication', error);
    }
    await pause(session.status.receiver.streaming ? 60_000 : 1000, session.stopping);
  }
}
