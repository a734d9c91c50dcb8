import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { styleText } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { shownOnTerminal } from '../../src/commands/shown-on-terminal.ts';
import { missingTools } from '../support/tool.ts';

test('text, lines, tabs and our colours stay', () => {
  const text = `${styleText('red', 'NOT safe', { validateStream: false })}\tdéjà vu 数据库 🐘\n`;
  expect(text).toContain('\u001b[31m');
  expect(shownOnTerminal(text)).toBe(text);
});

test.each([
  ['the title of the window', '\u001b]0;owned\u0007', '\\u001b]0;owned\\u0007'],
  ['the screen', '\u001b[2J\u001b[H', '\\u001b[2J\\u001b[H'],
  ['the line', 'all safe\rNOT', 'all safe\\u000dNOT'],
  ['one of C1', '\u009b2J', '\\u009b2J'],
  ['the direction of text', 'a\u202eb', 'a\\u202eb'],
  ['a colour that has no end', '\u001b[31', '\\u001b[31'],
])('what changes %s is shown', (_what, sent, shown) => {
  expect(shownOnTerminal(sent)).toBe(shown);
});

describe.skipIf(missingTools('script'))('a command', () => {
  const directory = mkdtempSync(join(tmpdir(), 'pgusher-terminal-'));
  afterAll(() => {
    rmSync(directory, { recursive: true });
  });
  const main = join(import.meta.dirname, '..', '..', 'src', 'main.ts');
  // A file of its own is what a person may have been sent; `inject` prints it whole.
  const manifest = join(directory, 'set.yaml');
  writeFileSync(manifest, '# \u009b2Jnot ours\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n');

  test('shows it on a terminal, and hands every byte to a pipe', () => {
    const command = [process.execPath, main, 'inject', '-f', manifest];
    const piped = spawnSync(command[0] ?? '', command.slice(1), { encoding: 'utf8' });
    expect(piped.stdout).toContain('# \u009b2Jnot ours');
    const quoted = command.map((word) => `'${word}'`).join(' ');
    const typed = spawnSync('script', ['-qec', quoted, '/dev/null'], { encoding: 'utf8' });
    expect(typed.stdout).toContain('# \\u009b2Jnot ours');
    expect(typed.stdout).not.toContain('\u009b');
  });
});
