import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { command } from '../../../scripts/cluster/command.ts';
import { imageConfiguration, withFilesOf } from '../../../scripts/cluster/image-storage.ts';
import { baseImages, productImages } from '../../../scripts/cluster/images.ts';
import { version } from '../../../src/version.ts';
import { isForeign, noCluster } from '../support/cluster.ts';

/** Both targets of the Dockerfile, as the distribution's builder makes them. */
describe.skipIf(noCluster || isForeign).each([
  ['webhook', 200],
  ['agent', 400],
] as const)('the image %s', (target, most) => {
  const image = productImages[target];

  test('runs as nobody in particular, stops on SIGTERM and says what it is', async () => {
    expect(await imageConfiguration(image)).toMatchObject({
      config: {
        User: '65532:65532',
        StopSignal: 'SIGTERM',
        Entrypoint: [`/opt/pgusher/bin/${target === 'agent' ? 'pgusher-agent' : 'pgusher'}`],
        Labels: {
          'org.opencontainers.image.title': target === 'agent' ? 'pgusher-agent' : 'pgusher',
          'org.opencontainers.image.description': expect.any(String) as string,
          'org.opencontainers.image.licenses': 'Apache-2.0',
          'org.opencontainers.image.version': version,
        },
      },
    });
    // A VOLUME of the server's image would put an empty directory over a claim.
    expect(await imageConfiguration(image)).not.toHaveProperty('config.Volumes');
  });

  test('has no compiler and no installer of packages', async () => {
    await withFilesOf(image, async (root) => {
      for (const name of ['npm', 'npx', 'yarn', 'corepack', 'gcc', 'cc', 'g++', 'make', 'clang', 'go']) {
        for (const folder of ['usr/local/bin', 'usr/bin', 'bin']) {
          expect(existsSync(join(root, folder, name)), `${folder}/${name}`).toBe(false);
        }
      }
      const own = ['LICENSE', 'bin', 'dist', ...(target === 'webhook' ? ['manifests'] : []), 'package.json'];
      expect(readdirSync(join(root, 'opt/pgusher')).toSorted()).toEqual(own);
      await Promise.resolve();
    });
  });

  test(`is at most ${most} MB larger than its base`, async () => {
    const size = (name: string): Promise<number> =>
      withFilesOf(name, async (root) => Number((await command('du', ['-sx', '-B1', root])).split('\t')[0]));
    const added = ((await size(image)) - (await size(baseImages[target]))) / 1e6;
    console.log(`${target}: ${added.toFixed(0)} MB beyond its base`);
    expect(added).toBeLessThan(most);
  });
});

describe.skipIf(noCluster || isForeign)('the image of the webhook', () => {
  test('prints what installs it', async () => {
    await withFilesOf(productImages.webhook, async (root) => {
      const printed = await command('chroot', [root, '/opt/pgusher/bin/pgusher', 'install', '--replicas', '3']);
      expect(printed).toContain('kind: MutatingWebhookConfiguration');
      expect(printed).toContain('replicas: 3');
    });
  });
});
