import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { agentSessions } from '../../../src/cluster/agent-sessions.ts';
import type { ProcessInPod } from '../../../src/cluster/exec-in-pod.ts';
import type { AgentAnswer, PromotionCluster } from '../../../src/commands/promotion.ts';
import type { RebuildCluster } from '../../../src/commands/rebuilding.ts';
import type { PostgresServer } from '../../support/postgres-server.ts';
import { asServerUser } from '../../support/postgres-server.ts';
import { node } from './database-with-store.ts';
import type { ReplicaSet } from './replica-set.ts';

const sessionScript = join(import.meta.dirname, '../../../src/agent/scripts/session.sh');

/** A set of real servers on loopback as `pgusher promote` sees one in a cluster: what the apiserver and the kubelet do is done here. */
export class PromotionOnLoopback implements PromotionCluster, RebuildCluster {
  readonly services = new Map<string, string>();
  values: Record<string, string> = {};
  version = 0;
  /** Calls that change something, so far. */
  readonly changes: string[] = [];
  /** The person's machine dies before this change. */
  dieAt: number | null = null;

  private readonly sessions = agentSessions({
    startSession: (pod, input) => this.start(pod, input),
    once: () => Promise.reject(new Error('every agent here knows sessions')),
  });

  private readonly set: ReplicaSet;
  /** The server of each pod that runs. */
  readonly servers: Map<string, PostgresServer>;

  /** The agent's commands; bench/ has them built, as the image does. */
  private readonly command: string;

  constructor(
    set: ReplicaSet,
    servers: Map<string, PostgresServer>,
    command = join(import.meta.dirname, 'standby-command.ts'),
  ) {
    this.set = set;
    this.servers = servers;
    this.command = command;
  }

  async pods(): Promise<readonly string[]> {
    return Object.keys(this.set.ports);
  }

  async agent(pod: string, args: readonly string[]): Promise<AgentAnswer> {
    if (!['position', 'stopped', 'rebuilding'].includes(args[0] ?? '') && !args.includes('--check')) {
      this.change(`${args[0] ?? ''} ${pod}`);
    }
    return this.sessions.ask(pod, args);
  }

  /** Processes beside the servers end. */
  close(): void {
    this.sessions.close();
  }

  private start(pod: string, input: Readable): ProcessInPod {
    const ordinal = Number(pod.replace(/^.*-/, ''));
    const shared = this.set.pods[ordinal]?.shared ?? '';
    const child = spawn('sh', [sessionScript, join(shared, 'commands'), node, this.command], {
      ...asServerUser(),
      cwd: '/tmp',
      env: {
        PATH: process.env['PATH'] ?? '',
        NODE_NO_WARNINGS: '1',
        NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
        PGUSHER_CONTRACT: JSON.stringify(this.set.contract(ordinal)),
        PGUSHER_POD: pod,
        PGUSHER_USER: 'postgres',
        PGUSHER_PASSWORD: 'secret',
        SHARED: shared,
        LIVE_SETTINGS: this.set.pods[ordinal]?.liveSettings ?? '',
        PORTS: JSON.stringify(this.set.ports),
      },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    // One that is gone takes no more of it.
    child.stdin.on('error', () => undefined);
    input.pipe(child.stdin);
    const ended = new Promise<number>((resolve) => {
      child.once('close', (code) => {
        resolve(code ?? 1);
      });
    });
    return {
      output: child.stdout,
      ended: Promise.all([text(child.stderr), ended]).then(([error, code]) => ({ code, error })),
      drop: () => {
        child.kill('SIGKILL');
      },
    };
  }

  /** And the kubelet starts the container again, which does not pass pgusher-restore. */
  async stopServer(pod: string): Promise<void> {
    this.change(`stop ${pod}`);
    await this.servers.get(pod)?.stop();
    this.servers.set(pod, await this.set.start(Number(pod.replace(/^.*-/, ''))));
  }

  /** And the set makes it again: `restarted` does what its init container, its server and its agent would. */
  async deletePod(pod: string): Promise<void> {
    this.change(`delete ${pod}`);
    await this.servers.get(pod)?.stop();
    this.servers.delete(pod);
    await this.restarted(pod);
  }

  restarted: (pod: string) => Promise<void> = () => Promise.resolve();

  async record(): Promise<{ values: Readonly<Record<string, string>>; version: string | null }> {
    return { values: { ...this.values }, version: this.version === 0 ? null : String(this.version) };
  }

  async writeRecord(changes: Readonly<Record<string, string | null>>, version: string | null): Promise<boolean> {
    this.change('record');
    if ((this.version === 0 ? null : String(this.version)) !== version) {
      return false;
    }
    this.values = Object.fromEntries(
      Object.entries({ ...this.values, ...changes }).filter((entry): entry is [string, string] => entry[1] !== null),
    );
    this.version += 1;
    const { primary, timeline } = this.values;
    this.set.record(primary ?? null, Number(timeline ?? '1'));
    return true;
  }

  async pinnedServices(): Promise<readonly { name: string; pod: string }[]> {
    return [...this.services].map(([name, pod]) => ({ name, pod }));
  }

  async pointService(name: string, pod: string): Promise<void> {
    this.change(`service ${name}`);
    this.services.set(name, pod);
  }

  private change(what: string): void {
    if (this.dieAt === this.changes.length) {
      throw new Error(`died before ${what}`);
    }
    this.changes.push(what);
  }
}
