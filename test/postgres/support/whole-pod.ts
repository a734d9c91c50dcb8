import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { AgentContract } from '../../../src/agent/contract.ts';
import type { PostgresServer } from '../../support/postgres-server.ts';
import { asServerUser, initialise, runAsServer } from '../../support/postgres-server.ts';
import type { Agent, Pod } from './backup-agent.ts';
import { newPod } from './backup-agent.ts';
import type { RestoreResult } from './database-with-store.ts';
import { runRestoreProcess } from './database-with-store.ts';
import { leftRecovery, serveWal } from './recovery.ts';

/**
 * A pod as the kubelet runs it: `restore`, then the server, and the agent beside them, on volumes that can be lost, copied and put back.
 * One server and one agent at a time.
 */
export class WholePod {
  readonly pod: Pod;
  server: PostgresServer | null = null;
  agent: Agent | null = null;
  /** Of both programs of the agent. */
  environment: Readonly<Record<string, string>> = {};
  private snapshots = 0;

  private constructor(pod: Pod) {
    this.pod = pod;
  }

  /** @param megabytes of each volume, which is then a file system of its own that can be full; null: a plain folder. */
  static async make(label: string, initdb: readonly string[] = [], megabytes: number | null = null): Promise<WholePod> {
    const made = new WholePod(await newPod(label));
    if (megabytes !== null) {
      made.pod.mount('data', megabytes);
      made.pod.mount('store', megabytes);
    }
    initialise({ dataDirectory: made.pod.dataDirectory, arguments: initdb });
    return made;
  }

  /** What a start of the pod does up to the server. @returns what `restore` said; the server runs where its code is 0. */
  async start(contract: Partial<AgentContract> = {}, seconds = 60): Promise<RestoreResult> {
    const whole = { ...this.pod.contract, ...contract };
    rmSync(join(this.pod.shared, 'decision'), { force: true });
    const result = await runRestoreProcess({ shared: this.pod.shared }, whole, {
      pod: 'orders-0',
      environment: this.environment,
    });
    if (result.code !== 0) {
      return result;
    }
    const service = await serveWal(this.pod.shared, whole);
    try {
      this.server = await this.pod.startServer();
      await leftRecovery(this.server, seconds);
    } catch (error) {
      await this.crash();
      throw error;
    } finally {
      service.kill('SIGKILL');
    }
    this.agent = await this.pod.startAgent({ contract, environment: this.environment });
    return result;
  }

  /** `kubectl delete pod`: the server stops cleanly, the agent last. */
  async stop(): Promise<void> {
    await this.server?.stop();
    await this.agent?.stop();
    this.server = null;
    this.agent = null;
  }

  /** The node dies. */
  async crash(): Promise<void> {
    await this.server?.kill();
    await this.agent?.kill();
    this.server = null;
    this.agent = null;
  }

  /** A copy of a volume, as a snapshot of the storage makes it; the pod must not be running. */
  snapshot(place: 'data' | 'store'): string {
    const copy = join(this.pod.directory, `snapshot-${(this.snapshots += 1)}`);
    runAsServer('cp', ['-a', this.path(place), copy]);
    return copy;
  }

  putBack(place: 'data' | 'store', snapshot: string): void {
    this.lose(place);
    runAsServer('cp', ['-a', `${snapshot}/.`, this.path(place)]);
  }

  lose(place: 'data' | 'store'): void {
    for (const name of readdirSync(this.path(place))) {
      rmSync(join(this.path(place), name), { recursive: true });
    }
  }

  /** Takes what is free of a volume that is a file system of its own. */
  fill(place: 'data' | 'store'): void {
    spawnSync('dd', ['if=/dev/zero', `of=${join(this.path(place), 'lost+found')}`, 'bs=64k'], {
      ...asServerUser(),
      cwd: '/tmp',
    });
  }

  free(place: 'data' | 'store'): void {
    rmSync(join(this.path(place), 'lost+found'), { force: true });
  }

  private path(place: 'data' | 'store'): string {
    return place === 'data' ? this.pod.dataMount : this.pod.storeMount;
  }

  async remove(): Promise<void> {
    await this.pod.remove();
  }
}
