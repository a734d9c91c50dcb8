import { describe, expect, it } from 'vitest';
import type { ServerPosition } from '../../src/agent/standby/promotion-commands.ts';
import { promote } from '../../src/commands/promotion.ts';
import type { AgentAnswer, PromotionCluster } from '../../src/commands/promotion.ts';

/**
 * What nobody can time with real servers: two people at once, and an apiserver that goes away in between (test/postgres/promote.test.ts has the rest).
 * The record behaves as a ConfigMap does, the agents as a server of each pod.
 */
class Moments implements PromotionCluster {
  readonly servers = new Map<string, ServerPosition>();
  values: Record<string, string> = {};
  version = 0;
  readonly promoted: string[] = [];
  /** Done once, before the call of that name. */
  before: { readonly call: string; readonly work: () => Promise<void> } | null = null;

  constructor() {
    for (const [pod, lsn] of [
      ['db-1', '0/3000000'],
      ['db-2', '0/3000000'],
    ] as const) {
      this.servers.set(pod, { pod, lsn, systemId: '7', timeline: 1, takesWrites: false });
    }
  }

  async pods(): Promise<readonly string[]> {
    return Promise.resolve(['db-0', 'db-1', 'db-2']);
  }

  async agent(pod: string, [command = '']: readonly string[]): Promise<AgentAnswer> {
    await this.reach(`${command} ${pod}`);
    const server = this.servers.get(pod);
    if (server === undefined) return { code: 1, out: '', error: 'nothing listens there' };
    if (command === 'promote' && !server.takesWrites) {
      this.promoted.push(pod);
      this.servers.set(pod, { ...server, timeline: 2, takesWrites: true });
    }
    return { code: 0, out: JSON.stringify(this.servers.get(pod)), error: '' };
  }

  async stopServer(): Promise<void> {
    return Promise.resolve();
  }

  async record(): Promise<{ values: Readonly<Record<string, string>>; version: string }> {
    await this.reach('read');
    return { values: { ...this.values }, version: String(this.version) };
  }

  async writeRecord(changes: Readonly<Record<string, string | null>>, version: string | null): Promise<boolean> {
    await this.reach(`write ${Object.keys(changes).join(' ')}`);
    if (version !== String(this.version)) return false;
    this.version += 1;
    const entries = Object.entries({ ...this.values, ...changes });
    this.values = Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== null));
    return true;
  }

  async pinnedServices(): Promise<readonly never[]> {
    return Promise.resolve([]);
  }

  async pointService(): Promise<void> {
    return Promise.resolve();
  }

  private async reach(call: string): Promise<void> {
    const due = this.before;
    if (due === null || due.call !== call) return;
    this.before = null;
    await due.work();
  }
}

async function run(cluster: Moments, pod: string | null): Promise<string> {
  return promote(cluster, {
    set: 'db',
    pod,
    fence: false,
    dryRun: false,
    now: () => new Date('2026-11-30T12:00:00Z'),
    say: () => undefined,
  }).then(
    () => 'done',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}

describe('two promotions at once', () => {
  it('one wins the record, and the other says who', async () => {
    const cluster = new Moments();
    cluster.before = {
      call: 'write promoting',
      work: async () => {
        await cluster.writeRecord({ promoting: 'db-2' }, String(cluster.version));
      },
    };
    expect(await run(cluster, 'db-1')).toBe(
      'another promotion has begun, of db-2; nothing was changed by this one. Run it again to go on with that one',
    );
    expect(cluster.promoted).toEqual([]);
  });

  it('of another pod is refused between the intent of the first and its promotion', async () => {
    const cluster = new Moments();
    let second = '';
    cluster.before = {
      call: 'promote db-1',
      work: async () => {
        second = await run(cluster, 'db-2');
      },
    };
    expect(await run(cluster, 'db-1')).toBe('done');
    expect(second).toContain(
      'a promotion of db-1 has begun: two that are promoted lose rows. Wanted: `pgusher promote db`',
    );
    expect(cluster.promoted).toEqual(['db-1']);
    expect(cluster.values).toMatchObject({ primary: 'db-1', timeline: '2' });
  });

  it('of the same pod come to the same end', async () => {
    const cluster = new Moments();
    let second = '';
    cluster.before = {
      call: 'promote db-1',
      work: async () => {
        second = await run(cluster, null);
      },
    };
    expect(await run(cluster, 'db-1')).toBe('done');
    expect(second).toBe('done');
    expect(cluster.promoted).toEqual(['db-1']);
  });

  it('of the same pod, where the other one is through before this one has begun', async () => {
    const cluster = new Moments();
    cluster.before = {
      call: 'follow db-0',
      work: async () => {
        expect(await run(cluster, null)).toBe('done');
      },
    };
    expect(await run(cluster, 'db-1')).toBe('done');
    expect(cluster.promoted).toEqual(['db-1']);
    expect(cluster.values).toMatchObject({ primary: 'db-1', timeline: '2' });
  });

  it('goes by whoever is named where the one that was begun does not answer any more', async () => {
    const cluster = new Moments();
    cluster.values = { promoting: 'db-1' };
    cluster.servers.delete('db-1');
    expect(await run(cluster, 'db-2')).toBe('done');
    expect(cluster.promoted).toEqual(['db-2']);
  });

  it('promotes nobody where its intent was taken away meanwhile', async () => {
    const cluster = new Moments();
    cluster.before = {
      call: 'follow db-0',
      work: async () => {
        await cluster.writeRecord({ promoting: null }, String(cluster.version));
      },
    };
    expect(await run(cluster, 'db-1')).toBe(
      'the promotion of db-1 was taken back meanwhile; nobody was promoted by this one',
    );
    expect(cluster.promoted).toEqual([]);
  });
});

describe('an apiserver that goes away half-way', () => {
  it.each(['write promoting', 'promote db-1', 'write primary timeline since previous promoting'])(
    'before "%s": the same command goes on from there',
    async (call) => {
      const cluster = new Moments();
      cluster.before = { call, work: () => Promise.reject(new Error('connect ECONNREFUSED')) };
      expect(await run(cluster, 'db-1')).toContain('ECONNREFUSED');
      expect(await run(cluster, null)).toBe('done');
      expect(cluster.promoted).toEqual(['db-1']);
      expect(cluster.values).toEqual({
        primary: 'db-1',
        timeline: '2',
        since: '2026-11-30T12:00:00.000Z',
        previous: 'db-0',
      });
    },
  );
});
