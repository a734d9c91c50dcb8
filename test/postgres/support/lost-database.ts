import type { ChildProcess } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import type { AgentContract } from '../../../src/agent/contract.ts';
import { runAsServer, startServer } from '../../support/postgres-server.ts';
import type { PostgresServer } from '../../support/postgres-server.ts';
import { DatabaseWithStore, runRestoreProcess } from './database-with-store.ts';
import { leftRecovery, serveWal } from './recovery.ts';

/** What the tests of a file do with the store of a database that was lost. */
export interface LostDatabase {
  /** `restore` with the database's own contract. @throws where it refuses. */
  restore(): Promise<void>;
  /** The agent's answers to restore_command; ends with the test. */
  serve(contract?: AgentContract): Promise<ChildProcess>;
  /** Starts a server on what was restored, and waits for nothing. */
  start(dataDirectory?: string): Promise<PostgresServer>;
  /** The same, and waits until it takes writes. */
  recovered(dataDirectory?: string): Promise<PostgresServer>;
  /** kill -9 of all of these. */
  kill(): Promise<void>;
}

/**
 * One database for all tests of a `describe`: `fill` writes it, then it is killed and its volume lost. Each test gets an
 * empty volume and a copy of the store, which it may break; what it started is killed after it.
 */
export function lostDatabase(label: string, fill: (database: DatabaseWithStore) => Promise<void>): LostDatabase {
  let database: DatabaseWithStore;
  let pristine: string;
  const servers: PostgresServer[] = [];
  const services: ChildProcess[] = [];

  beforeAll(async () => {
    database = new DatabaseWithStore(label);
    await fill(database);
    await database.crash();
    pristine = join(database.directory, 'pristine');
    runAsServer('cp', ['-a', join(database.directory, 'store'), pristine]);
  });
  beforeEach(() => {
    rmSync(join(database.directory, 'store'), { recursive: true, force: true });
    runAsServer('cp', ['-a', pristine, join(database.directory, 'store')]);
    rmSync(database.shared, { recursive: true, force: true });
    runAsServer('mkdir', ['-m', '700', database.shared]);
    database.loseVolume();
  });
  afterEach(async () => {
    await lost.kill();
  });
  afterAll(async () => {
    await database.remove();
  });

  const lost: LostDatabase = {
    restore: async () => {
      const { code, output } = await runRestoreProcess(database, database.contract());
      if (code !== 0) {
        throw new Error(`restore ended with ${code ?? 'a signal'}:\n${output}`);
      }
    },
    serve: async (contract = database.contract()) => {
      const service = await serveWal(database.shared, contract);
      services.push(service);
      return service;
    },
    start: async (dataDirectory = database.dataDirectory) => {
      const server = await startServer({ dataDirectory, waitFor: 'process' });
      servers.push(server);
      return server;
    },
    recovered: async (dataDirectory) => {
      const server = await lost.start(dataDirectory);
      await leftRecovery(server);
      return server;
    },
    kill: async () => {
      for (const server of servers.splice(0)) {
        await server.kill();
      }
      for (const service of services.splice(0)) {
        service.kill('SIGKILL');
      }
    },
  };
  return lost;
}
