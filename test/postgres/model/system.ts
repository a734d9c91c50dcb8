import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AgentContract, WhenBehind } from '../../../src/agent/contract.ts';
import { standbyTroubleFile } from '../../../src/agent/standby/standby-trouble.ts';
import { promote } from '../../../src/commands/promotion.ts';
import { eventually, initialise } from '../../support/postgres-server.ts';
import { canMount } from '../../support/tool.ts';
import { newPod, untilReceived } from '../support/backup-agent.ts';
import { PromotionOnLoopback } from '../support/promotion-on-loopback.ts';
import type { RestoreResult } from '../support/database-with-store.ts';
import { hasEverything, replicaSet, untilReplicationRole } from '../support/replica-set.ts';
import type { ReplicaSet } from '../support/replica-set.ts';
import { WholePod } from '../support/whole-pod.ts';

/** A loss takes at most what was acknowledged in the last second before it. */
const graceMs = 1000;

/** Megabytes. */
const volumeSize = 320;

/** A moment between two writes, with everything that was acknowledged before it. */
export interface Mark {
  readonly at: string;
  readonly rows: ReadonlySet<number>;
}

interface Member {
  readonly whole: WholePod;
  readonly ordinal: number;
  readonly snapshots: { readonly data: string[]; readonly store: string[] };
}

/**
 * The set of a sequence and what is known of its rows: two pods, of which the primary runs, and the other one while it is promoted. The law,
 * after each step: every row that was acknowledged more than a second before what happened is there; or the pod is down and says why; or
 * the person gave rows up (`fork`, a point in time).
 */
export class System {
  private readonly set: ReplicaSet;
  private readonly cluster: PromotionOnLoopback;
  private primary: Member;
  private other: Member;
  /** Rows that must be there, by the time of their acknowledgement. */
  private must = new Map<number, number>();
  private next = 1;
  readonly marks: Mark[] = [];
  /** Why the pod is down, where a start was refused. */
  refusal: string | null = null;
  private restores = 0;
  private compression: 'zstd' | 'none' = 'zstd';
  readonly steps: string[] = [];
  /** Why standbys were made anew. */
  readonly said: string[] = [];

  private constructor(set: ReplicaSet) {
    this.set = set;
    this.cluster = new PromotionOnLoopback(set, new Map());
    const member = (ordinal: number): Member => {
      const pod = set.pods[ordinal];
      if (pod === undefined) {
        throw new Error(`there is no pod ${ordinal}`);
      }
      return {
        whole: new WholePod(pod, `orders-${ordinal}`, set.ports),
        ordinal,
        snapshots: { data: [], store: [] },
      };
    };
    this.primary = member(0);
    this.other = member(1);
  }

  static async make(): Promise<System> {
    const set = await replicaSet(
      async (label, volume = 'database') => {
        const pod = await newPod(label);
        if (canMount()) {
          pod.mount('data', volumeSize);
          pod.mount('store', volumeSize);
        }
        if (volume !== 'empty') {
          // Small segments, so that a few rows make many of them.
          initialise({ dataDirectory: pod.dataDirectory, arguments: ['--wal-segsize=1'] });
        }
        return pod;
      },
      'model',
      2,
    );
    const system = new System(set);
    await system.start('stop');
    await system.sql('CREATE TABLE rows (number int PRIMARY KEY, filler text)');
    // A past to go back to: without it most lives never get as far as that.
    await system.write(3, 320);
    await system.untilProtected();
    await system.stop();
    system.takeSnapshot('data');
    system.takeSnapshot('store');
    return system;
  }

  /** The pod of the primary. */
  get whole(): WholePod {
    return this.primary.whole;
  }

  get snapshots(): Member['snapshots'] {
    return this.primary.snapshots;
  }

  get isUp(): boolean {
    return this.whole.server !== null;
  }

  async start(whenBehind: WhenBehind, changes: Partial<AgentContract> = {}): Promise<void> {
    const contract: AgentContract = {
      ...this.contract(this.primary),
      whenBehind,
      // A fork counts once for each id; a person who means it writes a new one.
      restore: { backup: 'latest', target: null, id: whenBehind === 'fork' ? `fork-${(this.restores += 1)}` : null },
      ...changes,
    };
    const result = await this.whole.start(contract, 120);
    this.refusal = result.code === 0 ? null : result.reason;
    if (result.code !== 0 && result.reason === '') {
      throw new Error(`the pod is down without a word: ${result.output}`);
    }
    if (result.output.includes('"postgres.io/when-behind is \\"fork\\"') || result.output.includes('is \\"fork\\":')) {
      await this.acceptWhatIsThere();
    }
  }

  private contract({ ordinal }: Member): AgentContract {
    const contract = this.set.contract(ordinal);
    return {
      ...contract,
      backup: contract.backup === null ? null : { ...contract.backup, compression: this.compression },
    };
  }

  /**
   * The other pod becomes a standby, by what is on its volume or by a copy, and then the primary. `hard`: the old one is killed while rows are
   * written; else it is fenced, and not one may be missing.
   */
  async promote(hard: boolean): Promise<void> {
    const { primary, other } = this;
    await this.startStandby();
    await this.write(20, 320);
    let mayBeMissing = new Set<number>();
    if (hard) {
      await this.crash();
      mayBeMissing = this.mayGo;
    }
    for (const { whole } of [primary, other]) {
      if (whole.server === null) {
        this.cluster.servers.delete(whole.name);
      } else {
        this.cluster.servers.set(whole.name, whole.server);
      }
    }
    const said: string[] = [];
    await promote(this.cluster, {
      set: 'orders',
      pod: null,
      fence: !hard,
      dryRun: false,
      now: () => new Date(),
      say: (line) => said.push(line),
    })
      .catch((error: unknown) => {
        throw new Error(`promote: ${said.join('; ')}: ${String(error)}`, { cause: error });
      })
      .finally(() => {
        this.cluster.close();
      });
    if (!hard) {
      // Its container was started again as a standby; its pod goes now.
      primary.whole.server = this.cluster.servers.get(primary.whole.name) ?? null;
      await primary.whole.stop();
    }
    [this.primary, this.other] = [other, primary];
    const there = await this.rowsThere();
    mayBeMissing.forEach((row) => there.has(row) || this.must.delete(row));
    this.mayGo = new Set();
    // They are moments of the other pod's store.
    this.marks.length = 0;
  }

  private async startStandby(): Promise<void> {
    const { whole } = this.other;
    const primary = this.whole;
    const output = (): string =>
      `${whole.agent?.output() ?? ''}${whole.server?.log() ?? ''}\n${primary.server?.log() ?? ''}`;
    const { server } = primary;
    if (server === null) {
      throw new Error('the pod is down');
    }
    await untilReplicationRole(server, () => primary.agent?.output() ?? '');
    let result = await whole.startStandby(this.contract(this.other));
    if (result.code !== 0 && result.reason !== '') {
      // Its data went on behind the fork: the claim is deleted, as its message says.
      whole.lose('data');
      result = await whole.startStandby(this.contract(this.other));
    }
    expectStarted(result);
    const trouble = join(whole.pod.shared, standbyTroubleFile);
    const hasAll = async (): Promise<boolean> => hasEverything(server, whole.name);
    await eventually(
      'the standby has everything, or says that it never will',
      async () => existsSync(trouble) || hasAll(),
      output,
    );
    if (existsSync(trouble)) {
      // The primary has removed the WAL that it lacks: a copy, as its message says.
      this.said.push(readFileSync(trouble, 'utf8'));
      await whole.stop();
      rmSync(trouble);
      whole.lose('data');
      result = await whole.startStandby(this.contract(this.other));
      expectStarted(result);
      await eventually('the copy has everything', hasAll, output);
    }
  }

  async remove(): Promise<void> {
    await this.primary.whole.remove();
    await this.other.whole.remove();
  }

  /** The volume is lost, and brought back as it was at a mark; or the target is refused. */
  async restoreTo(mark: Mark): Promise<void> {
    this.loseData();
    const id = `to-${(this.restores += 1)}`;
    await this.start('stop', {
      restore: { backup: 'latest', target: { kind: 'time', value: mark.at, inclusive: true }, id },
    });
    if (this.isUp) {
      const there = await this.rowsThere();
      const missing = [...mark.rows].filter((row) => !there.has(row));
      const tooMany = [...there].filter((row) => !mark.rows.has(row));
      if (missing.length > 0 || tooMany.length > 0) {
        throw new Error(`restored to ${mark.at}: missing ${missing.join(' ')}; too many ${tooMany.join(' ')}`);
      }
      await this.acceptWhatIsThere();
    }
  }

  async write(count: number, bytes: number): Promise<void> {
    const client = await this.whole.server?.connect();
    for (let written = 0; written < count; written += 1) {
      const number = this.next;
      this.next += 1;
      await client?.query('INSERT INTO rows SELECT $1, repeat(md5(random()::text), $2)', [number, bytes / 32]);
      this.must.set(number, Date.now());
    }
    await client?.end();
  }

  async mark(): Promise<void> {
    await sleep(20);
    const at = new Date().toISOString();
    this.marks.push({ at, rows: await this.rowsThere() });
    await sleep(20);
  }

  async untilProtected(): Promise<void> {
    const { server, agent } = this.whole;
    if (server === null || agent === null) {
      throw new Error('the pod is down');
    }
    await eventually(
      'the agent is protected',
      async () => (await agent.get('/readyz')).status === 200,
      () => `${agent.output()}\n${server.log()}`,
    );
    await untilReceived(server, agent);
  }

  /** The node dies: what was acknowledged in the last second may go where the volume is lost after it. */
  async crash(): Promise<void> {
    const at = Date.now();
    await this.whole.crash();
    this.mayGo = new Set([...this.must].filter(([, acknowledged]) => acknowledged > at - graceMs).map(([row]) => row));
  }

  private mayGo = new Set<number>();

  async stop(): Promise<void> {
    await this.whole.stop();
    this.mayGo = new Set();
  }

  loseData(): void {
    this.mayGo.forEach((row) => this.must.delete(row));
    this.whole.lose('data');
  }

  takeSnapshot(place: 'data' | 'store'): void {
    this.snapshots[place].push(this.whole.snapshot(place));
  }

  putBack(place: 'data' | 'store', index: number): void {
    if (place === 'data') {
      this.mayGo.forEach((row) => this.must.delete(row));
    }
    const all = this.snapshots[place];
    this.whole.putBack(place, all[index % all.length] ?? '');
  }

  /** The volume is full while rows are written; what was acknowledged counts, what failed does not. */
  async fill(place: 'data' | 'store', thenKill: boolean): Promise<void> {
    this.whole.fill(place);
    await this.write(40, 64_000).catch(() => undefined);
    if (thenKill || place === 'data') {
      await this.crash();
    } else {
      await sleep(2000);
    }
    this.whole.free(place);
  }

  async upgrade(): Promise<void> {
    await this.stop();
    this.compression = this.compression === 'zstd' ? 'none' : 'zstd';
    await this.start('stop');
  }

  /** The law. */
  async check(): Promise<void> {
    if (!this.isUp) {
      return;
    }
    const there = await this.rowsThere();
    const missing = [...this.must.keys()].filter((row) => !there.has(row));
    if (missing.length > 0) {
      throw new Error(`${missing.length} acknowledged rows are missing: ${missing.slice(0, 10).join(' ')} …`);
    }
  }

  /** From here on history is another: a moment of the old one is none of this one. */
  private async acceptWhatIsThere(): Promise<void> {
    this.marks.length = 0;
    const there = await this.rowsThere();
    this.must = new Map([...this.must].filter(([row]) => there.has(row)));
  }

  private async rowsThere(): Promise<Set<number>> {
    return new Set((await this.sql<{ number: number }>('SELECT number FROM rows')).map((row) => row.number));
  }

  async sql<Row extends Record<string, unknown>>(text: string): Promise<Row[]> {
    return (await this.whole.server?.sql<Row>(text)) ?? [];
  }
}

function expectStarted({ code, output }: RestoreResult): void {
  if (code !== 0) {
    throw new Error(`no copy of the primary: ${output}`);
  }
}
