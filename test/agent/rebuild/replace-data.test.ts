import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { dataVolumePaths } from '../../../src/agent/decision/data-volume-paths.ts';
import { finishReplacing } from '../../../src/agent/rebuild/replace-data.ts';

const directories: string[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) {
    rmSync(directory, { recursive: true, force: true });
  }
});

function database(directory: string, whose: string): void {
  mkdirSync(join(directory, 'global'), { recursive: true });
  mkdirSync(join(directory, 'base'));
  for (const name of ['global/pg_control', 'base/1', 'PG_VERSION']) {
    writeFileSync(join(directory, name), whose);
  }
}

/** Whose each of the three files is; undefined where one is missing. */
function whoseDatabase(directory: string): string | undefined {
  const found = ['global/pg_control', 'base/1', 'PG_VERSION'].map((name) => join(directory, name));
  return found.every((path) => existsSync(path))
    ? found.map((path) => readFileSync(path, 'utf8')).join(' ')
    : undefined;
}

/** @param below PGDATA in the volume; '' where it is the root of it, so that it cannot be renamed. */
function volume(below: string): { mount: string; dataDirectory: string } {
  const mount = mkdtempSync(join(tmpdir(), 'pgusher-replace-'));
  directories.push(mount);
  const dataDirectory = join(mount, below);
  database(dataDirectory, 'old');
  database(dataVolumePaths(mount).staging, 'new');
  return { mount, dataDirectory };
}

const script = `
import { dataVolumePaths } from '${join(import.meta.dirname, '../../../src/agent/decision/data-volume-paths.ts')}';
import { replaceData } from '${join(import.meta.dirname, '../../../src/agent/rebuild/replace-data.ts')}';
await replaceData(dataVolumePaths(process.env.MOUNT), process.env.PGDATA, 'order');
`;

function replaceKilledAt(step: number, { mount, dataDirectory }: { mount: string; dataDirectory: string }): boolean {
  const preload = join(import.meta.dirname, '../../postgres/support/kill-at-step.ts');
  const { signal, status, stderr } = spawnSync(
    process.execPath,
    ['--import', preload, '--input-type=module', '--eval', script],
    {
      encoding: 'utf8',
      env: { ...process.env, KILL_AT_STEP: String(step), MOUNT: mount, PGDATA: dataDirectory, NODE_NO_WARNINGS: '1' },
    },
  );
  if (signal === null && status !== 0) {
    throw new Error(stderr);
  }
  return signal === 'SIGKILL';
}

describe.each([
  ['below the root of its volume', 'pgdata'],
  ['the root of its volume', ''],
])('PGDATA that is %s', (_, below) => {
  it('is replaced whole, killed at each step and gone on with, and what it was is kept', async () => {
    let killed = true;
    let steps = 0;
    for (let step = 1; killed; step += 1) {
      const one = volume(below);
      const paths = dataVolumePaths(one.mount);
      killed = replaceKilledAt(step, one);
      if (existsSync(paths.replacing)) {
        await finishReplacing(paths, one.dataDirectory, 'order');
        expect(whoseDatabase(one.dataDirectory), `step ${step}`).toBe('new new new');
        expect(whoseDatabase(join(paths.replaced, 'order')), `step ${step}`).toBe('old old old');
        expect(existsSync(paths.staging)).toBe(false);
        expect(readdirSync(paths.own).filter((name) => !name.startsWith('.tmp'))).toEqual(['replaced', 'replacing']);
      } else {
        expect(whoseDatabase(one.dataDirectory), `step ${step}`).toBe('old old old');
      }
      steps = step;
    }
    expect(steps).toBeGreaterThan(10);
  });
});
