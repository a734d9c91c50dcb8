import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPlace } from '../../src/store/object/open-place.ts';
import type { AzureServer } from '../support/azurite.ts';
import { startAzureServer } from '../support/azurite.ts';
import { asServerUser, eventually, initialise, removeDirectory, scratchDirectory } from '../support/postgres-server.ts';
import { missingTools } from '../support/tool.ts';
import { newPod } from './support/backup-agent.ts';
import { node } from './support/database-with-store.ts';
import { startRecovered } from './support/recovery.ts';
import { WholePod } from './support/whole-pod.ts';

/** The thread of off-site.test.ts once through Azure: copied, volume and claim lost, brought back, and restored on a laptop. What it does when things break is there. */
describe.skipIf(missingTools('postgres', 'pg_receivewal', 'pg_basebackup', 'npm', 'flock'))(
  'backups that leave the zone for Azure',
  () => {
    let server: AzureServer;
    let pod: WholePod;
    let address = '';
    const offsite = (): { readonly offsite: { readonly address: string; readonly pushSeconds: number } } => ({
      offsite: { address, pushSeconds: 1 },
    });

    beforeAll(async () => {
      server = await startAzureServer();
      // The server's user reads the authority.
      chmodSync(dirname(server.ca), 0o755);
      await server.createContainer('backups');
      address = `azblob://${server.account}/backups/production?endpoint=${server.origin}&ca=${server.ca}`;
      pod = new WholePod(await newPod('off-site-azure'));
      initialise({ dataDirectory: pod.pod.dataDirectory, arguments: ['--wal-segsize=1'] });
      pod.environment = server.keys;
    });
    afterAll(async () => {
      await pod.remove();
      await server.stop();
    });

    async function keys(): Promise<readonly string[]> {
      const place = await openPlace(address, { ...server.keys });
      const listed = await place.list('');
      place.close();
      return 'objects' in listed ? listed.objects.map(({ key }) => key) : [listed.words];
    }

    async function untilCopied(): Promise<void> {
      await eventually(
        'all of the claim is off-site',
        async () =>
          ((await pod.agent?.metric('pgusher_offsite_base_backups')) ?? 0) > 0 &&
          (await pod.agent?.metric('pgusher_offsite_lag_bytes')) === 0,
        () => pod.agent?.output() ?? '',
      );
    }

    it('they come back when volume and claim are lost', async () => {
      expect((await pod.start(offsite())).reason).toBe('');
      await pod.server?.sql('CREATE TABLE last_words AS SELECT 1 AS n');
      await untilCopied();
      expect(await keys()).toContain('shop/orders/STORE.json');
      await pod.crash();
      pod.lose('data');
      pod.lose('store');
      const back = await pod.start(offsite());
      expect(back.reason).toBe('');
      expect(back.output).toContain('bringing base backup');
      expect(await pod.server?.sql('SELECT n FROM last_words')).toEqual([{ n: 1 }]);
      await untilCopied();
      await pod.crash();
    });

    it('they are listed and restored on a laptop with a signature that may read and list', async () => {
      const laptop = scratchDirectory('laptop-azure');
      const directory = join(laptop, 'data');
      const before = await keys();
      const reading = { AZURE_STORAGE_SAS_TOKEN: server.signature('rl', new Date(Date.now() + 3_600_000)) };
      const agent = (more: readonly string[], environment: object): ReturnType<typeof spawnSync> =>
        spawnSync(
          node,
          [
            join(import.meta.dirname, '../../src/agent/main.ts'),
            ...[...more, '--store', address, '--prefix', 'shop/orders'],
          ],
          { ...asServerUser(), cwd: '/tmp', encoding: 'utf8', env: { ...process.env, ...environment } },
        );
      const listing = agent(['list'], reading);
      expect({ code: listing.status, error: listing.stderr }).toEqual({ code: 0, error: '' });
      expect(listing.stdout).toMatch(/\d{8}T\d{6}Z/);
      expect(agent(['restore', '--to', directory], {}).stderr).toMatch(/^there are no credentials for Azure; wanted /);
      expect(existsSync(directory)).toBe(false);
      const result = agent(['restore', '--to', directory], reading);
      expect({ code: result.status, error: result.stderr }).toEqual({ code: 0, error: '' });
      const restored = await startRecovered(directory);
      expect(await restored.sql('SELECT n FROM last_words')).toEqual([{ n: 1 }]);
      await restored.kill();
      removeDirectory(laptop);
      expect(await keys()).toEqual(before);
    });
  },
);
