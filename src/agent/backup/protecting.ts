import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AgentContract, BackupContract, DumpContract } from '../contract.ts';
import { noDumps } from '../contract.ts';
import { findClientProgram } from '../server-connection/client-program.ts';
import { readCredentials } from '../server-connection/credentials.ts';
import { writePassfile } from '../server-connection/passfile.ts';
import { whyNotAsked } from '../server-connection/postmaster-status.ts';
import { libpqEnvironment } from '../server-connection/server-address.ts';
import { adviceOn, withAdvice } from '../server-connection/refusal.ts';
import { connectYielding } from '../server-connection/yielding-connection.ts';
import type { PasswordsToSet } from '../passwords/keep-setting-passwords.ts';
import type { AgentStatus } from './agent-status.ts';
import type { BackupEdges } from './backup-edges.ts';
import { createDemand } from './demand.ts';
import { startDemandSocket } from './demand-socket.ts';
import { readLiveSettings } from './live-settings.ts';
import { keepOffsite } from '../offsite/keep-offsite.ts';
import { keepMoving } from './moving.ts';
import { pause } from './pause.ts';
import { callerOf, runSession } from './session.ts';
import type { AgentContext, Connected } from './session.ts';
import type { StatusReport } from './status-report.ts';
import { messageOf } from './status-report.ts';

/** What is done besides holding the lock and answering HTTP, until `stopping` and the server's end. */
export async function keepProtecting(options: {
  readonly contract: AgentContract;
  readonly edges: BackupEdges;
  readonly status: AgentStatus;
  readonly report: StatusReport;
  readonly stopping: AbortSignal;
  readonly passwords: PasswordsToSet;
}): Promise<void> {
  const { contract, edges, status, report, stopping, passwords } = options;
  if (contract.backup === null || contract.store === null) {
    await new Promise<void>((resolve) => {
      stopping.addEventListener('abort', () => {
        resolve();
      });
    });
    return;
  }
  const demand = createDemand();
  const dumpDemand = createDemand<readonly string[]>();
  const context: AgentContext = {
    contract,
    edges,
    status,
    report,
    demand,
    dumpDemand,
    stopping,
    passwords,
    programs: {
      pg_basebackup: findClientProgram('pg_basebackup'),
      pg_receivewal: findClientProgram('pg_receivewal'),
    },
    liveBackup: contract.backup,
    liveDump: contract.dump ?? noDumps,
    copied: null,
    system: null,
  };
  const sessionsOver = new AbortController();
  const socket = await startDemandSocket(join(edges.shared, 'agent.sock'), {
    backups: demand,
    dumps: dumpDemand,
    whyNoDump: () => whyNoDump(status),
  });
  const moving = keepMoving(context, sessionsOver.signal);
  const received = new AbortController();
  const offsite = keepOffsite(context, received.signal);
  const reading = keepReadingSettings(context, { backup: contract.backup, dump: contract.dump ?? noDumps });
  await keepSessions(context);
  sessionsOver.abort();
  [...demand.take(), ...dumpDemand.take()].forEach(({ answer }) => {
    answer({ kind: 'failed', message: 'the agent is stopping' });
  });
  await moving;
  // All that was received is in the claim now.
  received.abort();
  await Promise.all([offsite, reading, socket.close()]);
}

/** Dumps are of the server that takes writes, and that only while it is there. */
function whyNoDump({ server }: AgentStatus): string | null {
  switch (server.kind) {
    case 'primary':
      return null;
    case 'recovering':
      return 'the server of this pod takes no writes; wanted the pod that is primary';
    case 'waiting':
      return `the server is not there: ${server.reason}`;
  }
}

/** One session after the other; while there is none and somebody told us to stop, the work is done. */
async function keepSessions(context: AgentContext): Promise<void> {
  while (!context.stopping.aborted) {
    const connected = await connectOnce(context).catch((error: unknown) => {
      context.report.failed('server', messageOf(error));
      return undefined;
    });
    if (connected === undefined) {
      await pause(1000, context.stopping);
      continue;
    }
    context.report.recovered('server');
    try {
      await runSession(context, connected);
    } catch (error) {
      context.report.failed('server', messageOf(error));
      await connected.connection.close();
    }
    context.status.server = { kind: 'waiting', reason: 'the connection ended' };
    context.status.receiver.streaming = false;
    await pause(200, context.stopping);
  }
}

/** The Secret is read anew each time, so that a rotated password is used as soon as its file has changed. */
async function connectOnce(context: AgentContext): Promise<Connected | undefined> {
  const { edges, contract, status, report } = context;
  if (context.passwords.waitedFor) {
    // Who sets them knows how to log in, and says how far the server is.
    return undefined;
  }
  // First, so that a file that is not there is said before there is a server, too.
  const credentials = await readCredentials(edges.environment);
  const reason = await whyNotAsked(contract.dataDirectory);
  if (reason !== null) {
    status.server = { kind: 'waiting', reason };
    return undefined;
  }
  const address = { host: '127.0.0.1', port: contract.serverPort };
  const attempt = await connectYielding({
    address,
    credentials: async () => readCredentials(edges.environment),
    entered: async (database) => writeDatabaseFile(edges.shared, database),
  });
  switch (attempt.kind) {
    case 'absent':
      status.server = { kind: 'waiting', reason: `nothing listens on 127.0.0.1:${address.port} yet` };
      return undefined;
    case 'not-ready':
      status.server = { kind: 'waiting', reason: attempt.message };
      return undefined;
    case 'refused':
      status.server = { kind: 'waiting', reason: attempt.message };
      report.failed(
        'server',
        `the server does not let ${credentials.user} in: ${withAdvice(attempt.message, adviceOn(attempt, callerOf(credentials, status)))}`,
      );
      return undefined;
    case 'connected': {
      const passfile = join(edges.shared, 'passfile');
      await writePassfile(passfile, credentials.password ?? '');
      return {
        connection: attempt.connection,
        address,
        credentials,
        passfile,
        libpq: libpqEnvironment(address, credentials, passfile),
      };
    }
  }
}

async function keepReadingSettings(
  context: AgentContext,
  contract: { readonly backup: BackupContract; readonly dump: DumpContract },
): Promise<void> {
  while (!context.stopping.aborted) {
    const { backup, dump, problems } = await readLiveSettings(contract, context.edges.liveSettings);
    context.liveBackup = backup;
    context.liveDump = dump;
    if (problems[0] === undefined) {
      context.report.recovered('settings');
    } else {
      context.report.failed('settings', problems.join('; '));
    }
    await pause(2000, context.stopping);
  }
}

/** pre-stop.sh and ready.sh ask their questions where the agent asks its own; a line `database=NAME`. */
async function writeDatabaseFile(shared: string, database: string): Promise<void> {
  const path = join(shared, 'database');
  await writeFile(`${path}.new`, `database=${database}\n`, { mode: 0o644 });
  await rename(`${path}.new`, path);
}
