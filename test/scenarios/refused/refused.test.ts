import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { tryCommand } from '../../../scripts/cluster/command.ts';
import { noCluster } from '../support/cluster.ts';
import { scenario } from '../support/scenario.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const folder = join(root, 'examples', 'refused');
const report = z.array(z.object({ findings: z.array(z.object({ check: z.string(), severity: z.string() })) }));

/** examples/refused, as a user sees it. */
describe.skipIf(noCluster)('unsafe manifests', () => {
  const here = scenario(import.meta.dirname);

  test.each(readdirSync(folder))('%s is refused, with every reason and what to write', async (file) => {
    const { status, stderr } = await here.kubectl.attempt(['apply', '-f', join(folder, file)]);
    expect(status).toBe(1);
    expect(stderr).toContain('admission webhook "mutate.pgusher.postgres.io" denied the request');
    // The command line says the same to the same file, reason by reason.
    const { stdout } = await tryCommand(join(root, 'bin', 'pgusher'), [
      'check',
      '-f',
      join(folder, file),
      '--format',
      'json',
    ]);
    const refusals = report
      .parse(JSON.parse(stdout))
      .flatMap(({ findings }) => findings.filter(({ severity }) => severity === 'deny'));
    expect(refusals.length).toBeGreaterThan(5);
    for (const { check } of refusals) expect(stderr).toContain(`- [${check}] `);
    expect(await here.kubectl(['get', 'statefulset', '-o', 'name'])).toBe('');
  });
});
