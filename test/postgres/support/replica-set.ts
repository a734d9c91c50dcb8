import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AgentContract } from '../../../src/agent/contract.ts';
import type { PostgresServer } from '../../support/postgres-server.ts';
import { eventually, giveToServer, ownedDirectory } from '../../support/postgres-server.ts';
import type { Agent, AgentOptions, Pod } from './backup-agent.ts';
import { runRestoreProcess } from './database-with-store.ts';
import type { RestoreResult } from './database-with-store.ts';
import type { podsOfEachTest } from './pods.ts';

/** Pods of one set, each with a data volume and a store of its own, as claim templates make them; or one store, as a claim that all may mount. */
export interface ReplicaSet {
  readonly pods: readonly Pod[];
  readonly ports: Readonly<Record<string, number>>;
  contract(ordinal: number): AgentContract;
  /** `pgusher-restore` of the pod; without wait for a primary that is not there. */
  restore(ordinal: number, environment?: Readonly<Record<string, string>>): Promise<RestoreResult>;
  start(ordinal: number): Promise<PostgresServer>;
  agent(ordinal: number, options?: AgentOptions): Promise<Agent>;
  /** The keys of ConfigMap `orders-pgusher`, in every pod at once; null: none. */
  record(primary: string | null, timeline?: number): void;
  /** The replication Secret, in every pod at once. */
  secret(password: string): void;
}

/** As all containers of the agent have it. */
export const superuser = { PGUSHER_USER: 'postgres', PGUSHER_PASSWORD: 'secret' };

export async function replicaSet(
  pod: ReturnType<typeof podsOfEachTest>,
  label: string,
  count: number,
  changes: Partial<AgentContract> = {},
  stores: 'own' | 'shared' = 'own',
): Promise<ReplicaSet> {
  const pods = [await pod(label)];
  while (pods.length < count) {
    pods.push(await pod(label, 'empty'));
  }
  const ports = Object.fromEntries(pods.map(({ port }, ordinal) => [`orders-${ordinal}`, port]));
  const at = (ordinal: number): Pod => {
    const found = pods[ordinal];
    if (found === undefined) {
      throw new Error(`there is no pod ${ordinal}`);
    }
    return found;
  };
  const contract = (ordinal: number): AgentContract => ({
    ...at(ordinal).contract,
    replication: { network: '127.0.0.1/32' },
    primary: `127.0.0.1:${at(0).port}`,
    service: 'orders.shop.svc',
    ...(stores === 'shared' ? { store: at(0).contract.store } : {}),
    ...changes,
  });
  const set: ReplicaSet = {
    pods,
    ports,
    contract,
    restore: (ordinal, environment) =>
      runRestoreProcess(at(ordinal), contract(ordinal), {
        pod: `orders-${ordinal}`,
        liveSettings: at(ordinal).liveSettings,
        ports,
        environment: { ...superuser, ...environment },
      }),
    start: (ordinal) => at(ordinal).startServer(),
    agent: (ordinal, options) =>
      at(ordinal).startAgent({
        ports,
        ...options,
        contract: { ...contract(ordinal), ...options?.contract },
        environment: { ...options?.environment, PGUSHER_POD: `orders-${ordinal}` },
      }),
    record: (primary, timeline = 1) => {
      for (const { liveSettings } of pods) {
        for (const [key, text] of Object.entries({
          primary,
          timeline: String(timeline),
          since: '2026-11-21T06:00:00Z',
        })) {
          const path = join(liveSettings, key);
          if (primary === null) {
            rmSync(path, { force: true });
          } else {
            writeFileSync(path, text ?? '');
            giveToServer(path);
          }
        }
      }
    },
    secret: (password) => {
      for (const { directory, shared } of pods) {
        for (const folder of [join(directory, 'replication'), join(shared, 'replication-secret')]) {
          mkdirSync(folder, { recursive: true });
          ownedDirectory(folder);
          for (const [name, text] of [
            ['username', 'replicator'],
            ['password', password],
          ] as const) {
            writeFileSync(join(folder, name), text);
            giveToServer(join(folder, name));
          }
        }
      }
    },
  };
  set.secret(`one: 'two' \\three`);
  return set;
}

/** Made by the agent beside the primary, from the Secret. */
export async function untilReplicationRole(server: PostgresServer, output: () => string): Promise<void> {
  await eventually(
    'the replication role is there',
    async () => (await server.sql("SELECT FROM pg_roles WHERE rolname = 'replicator' AND rolreplication")).length === 1,
    output,
  );
}

/** The standby streams, and has replayed all that the primary has flushed. */
export async function hasEverything(primary: PostgresServer, standby: string): Promise<boolean> {
  const rows = await primary.sql(
    "SELECT FROM pg_stat_replication WHERE state = 'streaming' AND application_name = $1 AND replay_lsn >= pg_current_wal_flush_lsn()",
    [standby],
  );
  return rows.length === 1;
}

/** The numbers in `kept`, once they are as many as wanted. */
export async function untilKept(server: PostgresServer, wanted: readonly number[]): Promise<void> {
  let found: number[] = [];
  await eventually(
    `the server has ${wanted.join(', ')}`,
    async () => {
      found = (await server.sql<{ n: number }>('SELECT n FROM kept ORDER BY n').catch(() => [])).map(({ n }) => n);
      return found.join() === wanted.join();
    },
    () => `it has ${found.join(', ')}\n${server.log()}`,
  );
}
