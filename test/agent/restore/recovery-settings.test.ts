import { describe, expect, it } from 'vitest';
import { withRecoverySettings, withoutRecoveryTargets } from '../../../src/agent/restore/recovery-settings.ts';

describe('recovery settings', () => {
  const settings = {
    restoreCommand: 'sh /pgusher/bin/restore-command.sh %f %p',
    target: null,
    atLeast: {},
    timeline: 'latest' as const,
    occasion: 'when base backup b1 was restored',
  };

  it('are appended, so that the values of ALTER SYSTEM survive', () => {
    expect(withRecoverySettings("# Do not edit\nwork_mem = '8MB'\n", '', settings)).toBe(
      "# Do not edit\nwork_mem = '8MB'\n# Added by pgusher when base backup b1 was restored.\n" +
        "restore_command = 'sh /pgusher/bin/restore-command.sh %f %p'\nrecovery_target_timeline = 'latest'\n",
    );
  });

  it('replace those of an earlier restore or of a standby', () => {
    const before =
      "restore_command = 'old'\n Recovery_Target_Time='2020-01-01 00:00:00+00'\nprimary_conninfo = 'host=a'\nprimary_slot_name = 's'\nport = 1\n";
    expect(withRecoverySettings(before, '', settings).split('\n')[0]).toBe('port = 1');
  });

  it.each([
    [
      { kind: 'time', value: '2026-11-21 06:00:00.000000+00', inclusive: true },
      "recovery_target_time = '2026-11-21 06:00:00.000000+00'",
      'on',
    ],
    [{ kind: 'lsn', value: '0/3000000', inclusive: false }, "recovery_target_lsn = '0/3000000'", 'off'],
    [{ kind: 'xid', value: '741', inclusive: true }, "recovery_target_xid = '741'", 'on'],
    [{ kind: 'name', value: "it's \\ here", inclusive: true }, "recovery_target_name = 'it''s \\\\ here'", 'on'],
    [{ kind: 'immediate', value: '', inclusive: true }, "recovery_target = 'immediate'", 'on'],
  ] as const)('name the target %j and promote there', (target, line, inclusive) => {
    expect(
      withRecoverySettings('', '', { ...settings, target })
        .split('\n')
        .slice(-4),
    ).toEqual([line, `recovery_target_inclusive = '${inclusive}'`, "recovery_target_action = 'promote'", '']);
  });

  it('raise what recovery needs, only where the files say less', () => {
    const atLeast = {
      max_connections: 500,
      max_worker_processes: 8,
      max_wal_senders: 20,
      max_locks_per_transaction: 64,
    };
    const conf = "max_connections = 100\nmax_connections = 200 # later lines win\nmax_wal_senders='30'\n";
    const added = withRecoverySettings('', conf, { ...settings, atLeast })
      .split('\n')
      .slice(4);
    expect(added).toEqual(["max_connections = '500'", '']);
  });

  it('read a number as the server does: a leading zero is octal', () => {
    const conf = "max_connections = 0310\nmax_worker_processes = '0x10' # sixteen\nmax_wal_senders = 1e1\n";
    const atLeast = { max_connections: 201, max_worker_processes: 16, max_wal_senders: 10 };
    const added = withRecoverySettings('', conf, { ...settings, atLeast })
      .split('\n')
      .slice(4);
    expect(added).toEqual(["max_connections = '201'", '']);
  });

  it('are taken out of postgresql.conf as comments, where they would end recovery at an old point', () => {
    expect(withoutRecoveryTargets("port = 1\nrecovery_target_name = 'a'\n#recovery_target_xid = 1\n")).toBe(
      "port = 1\n# taken out by pgusher at a restore: recovery_target_name = 'a'\n#recovery_target_xid = 1\n",
    );
  });
});
