import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { runPgusher } from './support/run-pgusher.ts';

const { stdout: script, status } = runPgusher(['completion', 'bash']);

/** What a bash that has read the script offers for the last of the words. */
function offered(...words: readonly string[]): readonly string[] {
  const ask = 'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _pgusher; printf "%s\\n" "${COMPREPLY[@]}"';
  const shell = spawnSync('bash', ['--norc', '-euc', `${script}\n${ask}`, 'bash', 'pgusher', ...words], {
    encoding: 'utf8',
  });
  expect(shell.stderr).toBe('');
  return shell.stdout.split('\n').filter((line) => line !== '');
}

test('commands, their subcommands and options, and the values that an option may have', () => {
  expect(status).toBe(0);
  expect(offered('re')).toEqual(['review', 'rebuild']);
  expect(offered('backup', '')).toEqual(['now']);
  expect(offered('backup', 'now', '--')).toEqual(['--namespace', '--context', '--kubeconfig', '--help']);
  expect(offered('logs', 'orders', '--f')).toEqual(['--follow']);
  expect(offered('check', '-f', 'db.yaml', '--format', 's')).toEqual(['sarif']);
});

test('an argument that is called like a command is none', () => {
  expect(offered('logs', 'list', '--t')).toEqual(['--tail']);
  expect(offered('logs', 'list', '--j')).toEqual([]);
});

test('where a file or a name is wanted nothing is offered, so that the shell completes files', () => {
  expect(offered('check', '')).toEqual([]);
  expect(offered('check', '-f', '')).toEqual([]);
  expect(offered('status', '--namespace', '')).toEqual([]);
});
