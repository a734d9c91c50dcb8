import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/postgres-server.ts';
import { missingTools } from '../support/tool.ts';
import { untilProtected, untilReceived } from './support/backup-agent.ts';
import { WholePod } from './support/whole-pod.ts';

/** Nothing is committed behind the base backup: no record in the WAL tells how far the store reaches (cloudnative-pg issue 5571). */
describe.skipIf(missingTools('postgres', 'pg_receivewal', 'pg_basebackup'))('an idle database', () => {
  let whole: WholePod;
  let until = '';
  let inside = '';

  beforeAll(async () => {
    whole = await WholePod.make('idle');
    await whole.start();
    await whole.server?.sql('CREATE TABLE t AS SELECT 1 AS n');
    const { server, agent } = whole;
    if (server === null || agent === null) {
      throw new Error('the pod is down');
    }
    await untilProtected(agent);
    await untilReceived(server, agent);
    inside = new Date(Date.now() + 1000).toISOString();
    await eventually('the page shows a moment behind the last commit', async () => {
      until = / to (\S+?Z)</.exec((await agent.get('/')).body)?.[1] ?? '';
      return until > inside;
    });
    await whole.crash();
    whole.lose('data');
  });

  afterAll(async () => {
    await whole.remove();
  });

  const at = (value: string) => ({
    backup: 'latest',
    target: { kind: 'time' as const, value, inclusive: true },
    id: 'idle',
  });

  it('refuses a moment after the last that was received, and names that one', async () => {
    const later = new Date(Date.parse(until) + 3_600_000).toISOString();
    const { code, reason } = await whole.start({ restore: at(later) });
    expect(code).toBe(1);
    expect(reason).toMatch(
      /cannot be reached; wanted a target in the recoverable window: from \S+Z .* to \S+Z \(LSN \w+\/\w+, received up to then;/,
    );
  });

  it('is restored to the moment that the page calls recoverable', async () => {
    const { reason } = await whole.start({ restore: at(until) });
    expect(reason).toBe('');
    expect(await whole.server?.sql('SELECT n FROM t')).toEqual([{ n: 1 }]);
  });
});
