import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { settingsPage, settingsPath } from '../../scripts/write-docs/settings.ts';
import { readSettings } from '../../src/workload/read-settings.ts';
import { settingTable } from '../../src/workload/setting-table.ts';

test('docs/settings.md is what the table of settings says (node scripts/write-docs/settings.ts writes it)', () => {
  expect(readFileSync(settingsPath, 'utf8')).toBe(settingsPage());
});

test.each(settingTable.map(({ name, example }) => [name, example]))(
  'the example of %s is accepted: %s',
  (name, example) => {
    const { origins, problems } = readSettings({ statefulset: { [`postgres.io/${name}`]: example } });
    expect(problems.filter(({ kind }) => kind !== 'conflict')).toEqual([]);
    expect(Object.entries(origins).filter(([, layer]) => layer === 'statefulset')).toEqual([[name, 'statefulset']]);
  },
);

test('every default is accepted, and a setting without one says what happens then', () => {
  for (const { name, default: text, unset, parse } of settingTable) {
    expect([name, text === undefined ? unset !== '' : parse(text).ok]).toEqual([name, true]);
  }
});
