import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { version } from '../src/version.ts';
import { defaultAgentImage } from '../src/workload/setting-table.ts';

test('the version that is written into objects is the package’s', () => {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  expect(manifest).toMatchObject({ version });
});

test('the agent that is injected is of this version', () => {
  expect(defaultAgentImage).toBe(`ghcr.io/pgusher/pgusher-agent:${version}`);
});

test('the newest entry of the changelog is of this version', () => {
  const changelog = readFileSync(new URL('../CHANGELOG.md', import.meta.url), 'utf8');
  expect(/^## (\S+)/m.exec(changelog)?.[1]).toBe(version);
});
