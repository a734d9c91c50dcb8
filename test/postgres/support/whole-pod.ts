import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { AgentContract } from '../../../src/agent/contract.ts';
import type { PostgresServer } from '../../support/postgres-server.ts';
import { asServerUser, runAsServer } from '../../support/postgres-server.ts';
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
  readonly name: string;
  server: PostgresServer | null = null;
  agent: Agent | null = null;
  /** Of both programs of the agent. */
  environment: Readonly<Record<string, string>> = {};
  /** Where it is one of several: the server of each. */
  private readonly ports: Readonly<Record<string, number>> | null;
  private snapshots = 0;

  constructor(pod: Pod, name = 'orders-0', ports: Readonly<Record<string, number>> | null = null) {
    this.pod = pod;
    this.name = name;
    this.ports = ports;
  }

  static async make(label: string): Promise<WholePod> {
    const made = new WholePod(await newPod(label));
    made.pod.initialise();
    return made;
  }

  /** What a start of the pod does up to the server. @returns what `restore` said; the server runs where its code is 0. */
  async start(contract: Partial<AgentContract> = {}, seconds = 60): Promise<RestoreResult> {
    const result = await this.restore({ ...this.pod.contract, ...contract });
    if (result.code !== 0) {
      return result;
    }
    await this.startBoth(contract, (server) => leftRecovery(server, seconds));
    return result;
  }

  /** The same, of a pod whose server stays in recovery. */
  async startStandby(contract: Partial<AgentContract>): Promise<RestoreResult> {
    const result = await this.restore({ ...this.pod.contract, ...contract });
    if (result.code === 0) {
      await this.startBoth(contract, async () => undefined);
    }
    return result;
  }

  /** As in a pod, where the agent answers restore_command beside all else: here that is a process of its own. */
  private async startBoth(
    contract: Partial<AgentContract>,
    until: (server: PostgresServer) => Promise<void>,
  ): Promise<void> {
    const service = await serveWal(this.pod.shared, { ...this.pod.contract, ...contract });
    try {
      this.agent = await this.pod.startAgent({
        contract,
        environment: { PGUSHER_POD: this.name, ...this.environment },
        ...(this.ports === null ? {} : { ports: this.ports }),
      });
      this.server = await this.pod.startServer();
      await until(this.server);
    } catch (error) {
      await this.crash();
      throw error;
    } finally {
      service.kill('SIGKILL');
    }
  }

  private async restore(contract: AgentContract): Promise<RestoreResult> {
    rmSync(join(this.pod.shared, 'decision'), { force: true });
    return runRestoreProcess({ shared: this.pod.shared }, contract, {
      pod: this.name,
      liveSettings: this.pod.liveSettings,
      environment: this.environment,
      ...(this.ports === null ? {} : { ports: this.ports }),
    });
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
