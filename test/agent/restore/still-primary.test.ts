import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stillPrimary } from '../../../src/agent/restore/still-primary.ts';
import { contractOf } from '../../postgres/support/contract.ts';

describe('a restore that has ended', () => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'pgusher-still-'));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  async function check(replication: { readonly network: string } | null = { network: 'all' }): Promise<void> {
    const contract = contractOf({
      set: 'orders',
      major: 17,
      dataDirectory: join(directory, 'pgdata'),
      dataMount: directory,
      serverPort: 5432,
      agentPort: 8432,
      store: null,
      backup: null,
    });
    await stillPrimary({ ...contract, replication }, { pod: 'orders-0', liveSettings: directory, shared: directory });
  }

  function record(primary: string): void {
    for (const [key, text] of Object.entries({ primary, timeline: '2', since: '2026-11-21T06:00:00Z' })) {
      writeFileSync(join(directory, key), text);
    }
  }

  it('becomes the database where the record names this pod, or nobody', async () => {
    await check();
    record('orders-0');
    await check();
  });

  it('does not where another pod became primary meanwhile', async () => {
    record('orders-1');
    await expect(check()).rejects.toThrow(
      'orders-1 became primary while this was restored, since 2026-11-21T06:00:00Z: the next start copies it',
    );
  });

  it('becomes it without standbys, whatever the ConfigMap says', async () => {
    record('orders-1');
    await check(null);
  });
});
