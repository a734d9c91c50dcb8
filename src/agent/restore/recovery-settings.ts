import { readServerInteger } from '../../workload/server-number.ts';
import { standbyLimits } from '../../workload/standby-limits.ts';
import type { RestoreTargetContract } from '../contract.ts';

export interface RecoverySettings {
  /** Value of restore_command. */
  readonly restoreCommand: string;
  readonly target: RestoreTargetContract | null;
  /** Settings that recovery needs at least (the server's when the backup was made), by name. */
  readonly atLeast: Readonly<Record<string, number>>;
  /** `current`: along the timeline that PGDATA is on, whatever came after it. */
  readonly timeline: 'latest' | 'current';
  /** For the comment: when or why. */
  readonly occasion: string;
}

/**
 * The text of postgresql.auto.conf after a restore: what it held (ALTER SYSTEM values survive) without the recovery
 * settings of an earlier restore, and then ours. Settings that a standby or a replay must not have lower than the
 * server that wrote the WAL (PostgreSQL manual, "Hot Standby", Administrator's Overview) are raised where the files
 * say less: the recorded value may have been a `-c` argument that is gone.
 * @param autoConf text of postgresql.auto.conf in the backup; @param conf that of postgresql.conf.
 */
export function withRecoverySettings(autoConf: string, conf: string, settings: RecoverySettings): string {
  const kept = autoConf
    .split('\n')
    .filter((line) => !isRecoverySetting(settingName(line)))
    .join('\n')
    .replace(/\n*$/, '\n');
  const lines = [
    `# Added by pgusher ${settings.occasion}.`,
    assignment('restore_command', settings.restoreCommand),
    assignment('recovery_target_timeline', settings.timeline),
    ...targetLines(settings.target),
    ...raised(`${conf}\n${kept}`, settings.atLeast),
  ];
  return `${kept}${lines.join('\n')}\n`;
}

/**
 * postgresql.conf without recovery targets: one that is left from long ago would end this recovery at that point. Kept
 * as comments.
 */
export function withoutRecoveryTargets(conf: string): string {
  return conf
    .split('\n')
    .map((line) =>
      settingName(line)?.startsWith('recovery_target') === true ? `# taken out by pgusher at a restore: ${line}` : line,
    )
    .join('\n');
}

/** postgresql.auto.conf of a restored database that goes on as a standby: at a target it would be promoted. Along the newest timeline. */
export function withoutOwnTarget(autoConf: string): string {
  const lines = autoConf.split('\n');
  const targets = lines.filter((line) => settingName(line)?.startsWith('recovery_target') === true);
  return targets.length === 0
    ? autoConf
    : `${lines
        .filter((line) => !targets.includes(line))
        .join('\n')
        .replace(/\n*$/, '\n')}${assignment('recovery_target_timeline', 'latest')}\n`;
}

function targetLines(target: RestoreTargetContract | null): string[] {
  if (target === null) {
    return [];
  }
  const value =
    target.kind === 'immediate'
      ? assignment('recovery_target', 'immediate')
      : assignment(`recovery_target_${target.kind}`, target.value);
  return [
    value,
    assignment('recovery_target_inclusive', target.inclusive ? 'on' : 'off'),
    // The default, pause, would leave a server that is up and takes no writes.
    assignment('recovery_target_action', 'promote'),
  ];
}

function isRecoverySetting(name: string | undefined): boolean {
  return (
    name !== undefined &&
    (name.startsWith('recovery_target') ||
      name === 'restore_command' ||
      name === 'primary_conninfo' ||
      name === 'primary_slot_name')
  );
}

/** Name of the setting that a line of a configuration file sets; undefined for comments and empty lines. */
function settingName(line: string): string | undefined {
  return /^\s*([A-Za-z_][\w.]*)/.exec(line)?.[1]?.toLowerCase();
}

function raised(conf: string, atLeast: Readonly<Record<string, number>>): string[] {
  return Object.entries(atLeast)
    .filter(([name, value]) => value > (lastNumber(conf, name) ?? standbyLimits[name] ?? value))
    .map(([name, value]) => assignment(name, String(value)));
}

/** The last line wins, as in the server. */
function lastNumber(conf: string, name: string): number | undefined {
  let found: number | undefined;
  for (const line of conf.split('\n')) {
    if (settingName(line) === name) {
      const value = /^\s*[\w.]+\s*=?\s*'?([^\s'#]+)'?/.exec(line)?.[1];
      found = readServerInteger(value ?? '') ?? found;
    }
  }
  return found;
}

/** A quote is doubled and a backslash too: the server's parser reads both (guc-file.l). */
function assignment(name: string, value: string): string {
  return `${name} = '${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}
