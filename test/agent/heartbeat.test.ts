import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { heartbeatProbe } from '../../src/agent/heartbeat-probe.ts';
import { startHeartbeat } from '../../src/agent/heartbeat.ts';
import { missingTools } from '../support/tool.ts';

let shared = '';
beforeEach(() => {
  shared = mkdtempSync(join(tmpdir(), 'heartbeat-'));
});
afterEach(() => {
  rmSync(shared, { recursive: true });
});

const uptime = (): number => Number.parseInt(readFileSync('/proc/uptime', 'utf8'), 10);

describe.each([
  ['dash', []],
  ['busybox', ['sh']],
])('the liveness probe under %s', (shell, before) => {
  const probe = (): number | null => spawnSync(shell, [...before, '-c', heartbeatProbe, join(shared, 'alive')]).status;

  it.skipIf(missingTools(shell))(
    'is 0 while the process turns, and after it only for as long as it may be late',
    async () => {
      const heartbeat = await startHeartbeat(shared);
      expect(probe()).toBe(0);
      await heartbeat.stop();
      expect(readFileSync(join(shared, 'alive'), 'utf8')).toHaveLength(16);
      writeFileSync(join(shared, 'alive'), `${uptime() - 1}\n`);
      expect(probe()).not.toBe(0);
      writeFileSync(join(shared, 'alive'), `${uptime() + 30}\n`);
      expect(probe()).toBe(0);
    },
  );

  it.skipIf(missingTools(shell))('is not 0 where nothing was ever written, or nothing that can be read', () => {
    expect(probe()).not.toBe(0);
    writeFileSync(join(shared, 'alive'), '');
    expect(probe()).not.toBe(0);
    writeFileSync(join(shared, 'alive'), 'x\n');
    expect(probe()).not.toBe(0);
  });
});
