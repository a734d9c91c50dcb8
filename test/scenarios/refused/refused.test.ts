import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { noCluster } from '../support/cluster.ts';
import { scenario } from '../support/scenario.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const folder = join(root, 'examples', 'unsafe');
const page = readFileSync(join(root, 'docs', 'refusals.md'), 'utf8');

/** What docs/refusals.md shows of a file, from the first word of the apiserver's own: the warnings depend on what is in a cluster. */
function shownRefusal(file: string): string {
  const [, section = ''] = page.split(`\n## ${file.replace('.yaml', '')}\n`);
  const [, refusal = ''] = /^(Error from server \(Forbidden\)[^]*?)\n```$/m.exec(section) ?? [];
  return refusal;
}

/** examples/unsafe, as a user sees it. */
describe.skipIf(noCluster)('unsafe manifests', () => {
  const here = scenario(import.meta.dirname);

  test.each(readdirSync(folder))('%s is refused with the message that the docs show', async (file) => {
    const { status, stderr } = await here.kubectl.attempt(['apply', '-f', join(folder, file)]);
    expect(status).toBe(1);
    const said = stderr.replace(`${root}/`, '').replaceAll(`StatefulSet ${here.namespace}/`, 'StatefulSet default/');
    expect(shownRefusal(file)).toContain('denied the request: StatefulSet default/');
    expect(said).toContain(shownRefusal(file));
    expect(await here.kubectl(['get', 'statefulset', '-o', 'name'])).toBe('');
  });
});
