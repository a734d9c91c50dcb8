import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { AgentContract } from '../../../src/agent/contract.ts';
import type { PostgresServer } from '../../support/postgres-server.ts';
import { asServerUser, eventually, startServer } from '../../support/postgres-server.ts';
import type { Pod } from './backup-agent.ts';
import { node } from './database-with-store.ts';

/** The agent's side of restore_command, as a process of the server's user; resolves once it answers. */
export async function serveWal(
  shared: string,
  contract: AgentContract,
  { liveSettings = '', pod = 'orders-0', environment = {} } = {},
): Promise<ChildProcess> {
  const child = spawn(node, [join(import.meta.dirname, 'wal-service-process.ts'), shared, liveSettings], {
    ...asServerUser(),
    cwd: '/tmp',
    env: { ...process.env, ...environment, PGUSHER_POD: pod, PGUSHER_CONTRACT: JSON.stringify(contract) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => {
      resolve();
    });
    child.once('exit', (code) => {
      reject(new Error(`the WAL service ended with ${String(code)}`));
    });
  });
  child.stdout.resume();
  return child;
}

/** Waits until a server that was restored takes writes. @throws at once where it ends instead. */
export async function leftRecovery(server: PostgresServer, seconds?: number): Promise<void> {
  await eventually(
    'the server has left recovery',
    async () => {
      try {
        return (await server.sql<{ is: boolean }>('SELECT pg_is_in_recovery() AS is'))[0]?.is === false;
      } catch (error) {
        if (server.child.exitCode !== null || server.child.signalCode !== null) {
          throw error;
        }
        return false;
      }
    },
    () => server.log(),
    seconds,
  );
}

/** Starts a server on a restored PGDATA and waits until it takes writes. */
export async function startRecovered(dataDirectory: string): Promise<PostgresServer> {
  const server = await startServer({ dataDirectory });
  await leftRecovery(server);
  return server;
}

/** The same in a pod, whose server fetches its WAL from a service that is there until then. */
export async function startRecoveredIn(pod: Pod, contract: AgentContract): Promise<PostgresServer> {
  const service = await serveWal(pod.shared, contract);
  try {
    const server = await pod.startServer();
    await leftRecovery(server);
    return server;
  } finally {
    service.kill('SIGKILL');
  }
}
