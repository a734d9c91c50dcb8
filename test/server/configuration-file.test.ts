import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openConfigurationFile } from '../../src/server/configuration-file.ts';
import type { ConfigurationFile } from '../../src/server/configuration-file.ts';

/** The cluster config file as the kubelet mounts it: a link to a folder that is swapped as a whole. Only the clock is not the real one. */
let directory: string;
let file: ConfigurationFile | undefined;
let said: string[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pgusher-config-'));
  said = [];
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});
afterEach(() => {
  file?.stop();
  vi.useRealTimers();
  rmSync(directory, { recursive: true });
});

/** `..data` → a folder of this version; the file itself is a link through it, and keeps its own identity. */
function mount(version: string, text: string): void {
  mkdirSync(join(directory, version));
  writeFileSync(join(directory, version, 'config.yaml'), text);
  symlinkSync(version, join(directory, '..data_tmp'));
  renameSync(join(directory, '..data_tmp'), join(directory, '..data'));
}

async function openMounted(text: string): Promise<ConfigurationFile> {
  mount('..2026_1', text);
  const path = join(directory, 'config.yaml');
  symlinkSync(join('..data', 'config.yaml'), path);
  file = await openConfigurationFile(path);
  file.follow({
    read: ({ policy }) => said.push(`read ${[...policy.modes].join(' ')}`),
    refused: (problems) => said.push(...problems.map((problem) => `refused ${problem.replace(directory, '')}`)),
  });
  return file;
}

/** One look at the file, which is read for real. */
async function look(): Promise<void> {
  await vi.advanceTimersByTimeAsync(5_000);
  await new Promise((resolve) => setTimeout(resolve, 50));
}

const off = (check: string): string => `checks: { modes: { ${check}: 'off' } }\n`;

test('a ConfigMap that was swapped is used, and what is the same is not read again', async () => {
  const configuration = await openMounted(off('image-eol'));
  expect([...configuration.current().policy.modes.keys()]).toEqual(['image-eol']);
  await look();
  expect(said).toEqual([]);
  mount('..2026_2', off('readiness-missing'));
  await look();
  await look();
  expect(said).toEqual(['read readiness-missing,off']);
  expect([...configuration.current().policy.modes.keys()]).toEqual(['readiness-missing']);
});

test('of a file that cannot be used the last good one stays, until it can', async () => {
  const configuration = await openMounted(off('image-eol'));
  mount('..2026_2', off('image-eoll'));
  await look();
  expect(said).toEqual([
    'refused 1:20: checks.modes names the check "image-eoll", which is not known; did you mean image-eol?',
  ]);
  mount('..2026_3', 'checks: [');
  await look();
  expect(said).toHaveLength(2);
  expect([...configuration.current().policy.modes.keys()]).toEqual(['image-eol']);
  mount('..2026_4', off('image-eol'));
  await look();
  expect(said.at(-1)).toBe('read image-eol,off');
});

test('a file that is away is said once, and one that comes back as it was is good again', async () => {
  const configuration = await openMounted(off('image-eol'));
  const text = readFileSync(join(directory, 'config.yaml'), 'utf8');
  rmSync(join(directory, '..2026_1', 'config.yaml'));
  await look();
  await look();
  expect(said).toEqual([expect.stringMatching(/^refused ENOENT: /)]);
  expect([...configuration.current().policy.modes.keys()]).toEqual(['image-eol']);
  writeFileSync(join(directory, '..2026_1', 'config.yaml'), text);
  await look();
  expect(said.at(-1)).toBe('read image-eol,off');
});
