import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { missingTools } from '../support/tool.ts';
import { untilProtected, untilReceived } from './support/backup-agent.ts';
import { WholePod } from './support/whole-pod.ts';

/** Disaster recovery: the backup claim came along to another namespace or name, the data claim is new (velero issue 9433). */
describe.skipIf(missingTools('postgres', 'pg_receivewal', 'pg_basebackup'))(
  "another set's backups in the claim",
  () => {
    let whole: WholePod;

    beforeAll(async () => {
      whole = await WholePod.make('neighbours');
      await whole.start();
      await whole.server?.sql('CREATE TABLE orders AS SELECT generate_series(1, 100) AS n');
      const { server, agent } = whole;
      if (server === null || agent === null) {
        throw new Error('the pod is down');
      }
      await untilProtected(agent);
      await untilReceived(server, agent);
      await whole.crash();
      whole.lose('data');
    });

    afterAll(async () => {
      await whole.remove();
    });

    it.each([
      ['another namespace', { namespace: 'shop-dr' }, 'shop-dr/orders'],
      ['another name', { set: 'orders-v2' }, 'shop/orders-v2'],
    ])('are not passed over in %s: it stops and says what to write', async (_, changes, prefix) => {
      const { code, reason } = await whole.start({
        ...changes,
        store: { mount: whole.pod.storeMount, prefix },
      });
      expect(code).toBe(1);
      expect(reason).toMatch(
        new RegExp(
          `^PGDATA is empty, and the claim for backups holds 1 base backup of shop/orders in shop/orders \\(newest \\S+Z\\), and nothing of ${prefix} yet\\. ` +
            'To start from them write postgres\\.io/restore-from: "shop/orders"; to begin with an empty database beside them write postgres\\.io/bootstrap: "initialize"$',
        ),
      );
      expect(existsSync(`${whole.pod.storeMount}/${prefix}/STORE.json`)).toBe(false);
    });

    it('are brought back by what it says', async () => {
      const { storeMount } = whole.pod;
      const { reason } = await whole.start({
        namespace: 'shop-dr',
        store: { mount: storeMount, prefix: 'shop-dr/orders' },
        source: { mount: storeMount, prefix: 'shop/orders' },
      });
      expect(reason).toBe('');
      expect(await whole.server?.sql('SELECT count(*)::int AS rows FROM orders')).toEqual([{ rows: 100 }]);
    });
  },
);
