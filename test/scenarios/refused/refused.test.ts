import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { noCluster } from '../support/cluster.ts';
import { scenario } from '../support/scenario.ts';

const folder = join(import.meta.dirname, '..', '..', '..', 'examples', 'refused');

/** examples/refused, as a user sees it. */
describe.skipIf(noCluster)('unsafe manifests', () => {
  const here = scenario(import.meta.dirname);

  test.each(readdirSync(folder))('%s is refused, with every reason and what to write', async (file) => {
    const { status, stderr } = await here.kubectl.attempt(['apply', '-f', join(folder, file)]);
    expect(status).toBe(1);
    expect(stderr).toContain('admission webhook "mutate.pgusher.postgres.io" denied the request: 7 problems');
    await expect(stderr.slice(stderr.indexOf('- ['))).toMatchFileSnapshot(`${file.replace('.yaml', '')}.message.txt`);
    expect(await here.kubectl(['get', 'statefulset', '-o', 'name'])).toBe('');
  });
});
