import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { missingTools } from '../support/tool.ts';

const program = join(import.meta.dirname, '..', '..', 'bench', 'readers', 'run.mjs');

/** Those of bench/readers that need Go and no server. */
const readers = ['yaml-docs', 'quantities', 'images', 'zones', 'cron'];

describe.skipIf(missingTools('go'))('files, quantities, images, zones and schedules', () => {
  test('are read as Kubernetes reads them, but for what docs/readers.md says', () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...readers], { encoding: 'utf8' });
    expect(status, `${stdout}${stderr}`).toBe(0);
    expect(stdout.match(/, 0 of them not meant/g)).toHaveLength(readers.length);
  });
});
