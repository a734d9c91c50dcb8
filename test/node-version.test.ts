import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { nodeProblem } from '../src/node-version.ts';

test.each(['22.19.0', '22.20.1', '24.21.0', '26.0.0', '24.0.0-nightly'])('Node %s will do', (version) => {
  expect(nodeProblem(version)).toBeUndefined();
});

test.each(['20.20.2', '22.18.0', '21.7.3'])('Node %s is too old, and that is said', (version) => {
  expect(nodeProblem(version)).toBe(
    `the node on PATH is ${version}; wanted 22.19 or newer. Install it, or take a checkout, which brings its own.`,
  );
});

test('the one that runs here will do', () => {
  expect(nodeProblem(process.versions.node)).toBeUndefined();
});

/** An older one is rarely there; what it says of itself decides. */
const older = `data:text/javascript,Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } })`;

test.each(['src/main.ts', 'src/agent/main.ts'])('%s says it before anything else, and does nothing', (program) => {
  const path = join(import.meta.dirname, '..', program);
  const result = spawnSync(process.execPath, ['--import', older, path, '--version'], { encoding: 'utf8' });
  expect(result).toMatchObject({ stdout: '', stderr: `${String(nodeProblem('20.20.2'))}\n` });
  expect(result.status).not.toBe(0);
});
