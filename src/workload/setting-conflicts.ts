import { annotationName } from './annotation-name.ts';
import type { ParsedSettings } from './setting-table.ts';
import type { RestoreTarget, SettingName, SettingProblem } from './settings.ts';

type Parsed = Partial<ParsedSettings>;

interface NamedTarget {
  readonly setting: SettingName;
  readonly target: RestoreTarget;
}

/** Every target that is asked for; more than one is a conflict. */
function targetsOf(parsed: Parsed): readonly NamedTarget[] {
  const texts = {
    time: parsed['restore-target-time'],
    lsn: parsed['restore-target-lsn'],
    xid: parsed['restore-target-xid'],
    name: parsed['restore-target-name'],
    immediate: parsed['restore-target-immediate'] === true ? '' : undefined,
  };
  const kinds = ['time', 'lsn', 'xid', 'name', 'immediate'] as const;
  return kinds.flatMap((kind): readonly NamedTarget[] => {
    const value = texts[kind];
    return value === undefined ? [] : [{ setting: `restore-target-${kind}`, target: { kind, value } }];
  });
}

/** The target asked for; undefined where there is none, or where several leave open which is meant. */
export function restoreTargetOf(parsed: Parsed): RestoreTarget | undefined {
  const targets = targetsOf(parsed);
  return targets.length === 1 ? targets[0]?.target : undefined;
}

/** Settings that are right alone and wrong together. */
export function settingConflicts(parsed: Parsed): readonly SettingProblem[] {
  const targets = targetsOf(parsed);
  const [first] = targets;
  return [
    ...conflictIf(
      targets.length > 1,
      targets.map(({ setting }) => setting),
      'one of them only: recovery stops at one place',
    ),
    ...conflictIf(
      targets.length > 0 && parsed['restore-id'] === undefined,
      // It goes with whichever one stays.
      targets.slice(0, 1).map(({ setting }) => setting),
      `${annotationName('restore-id')} beside it: a name for this one restore, which is done once under that name`,
    ),
    // Only a time or an LSN tells which base backup comes before it.
    ...conflictIf(
      first !== undefined &&
        ['xid', 'name', 'immediate'].includes(first.target.kind) &&
        parsed['restore-backup'] === 'latest',
      [...targets.map(({ setting }) => setting), 'restore-backup'],
      `${annotationName('restore-backup')} with the id of a base backup: nothing tells which one comes before such a target`,
    ),
    ...conflictIf(
      parsed.bootstrap === 'initialize' && sourcesOf(parsed, targets).length > 0,
      ['bootstrap', ...sourcesOf(parsed, targets)],
      `${annotationName('bootstrap')} auto or restore: initialize never restores`,
    ),
    ...conflictIf(
      parsed.role === 'standby' && parsed.primary === undefined && targets.length > 0,
      ['role', ...targets.map(({ setting }) => setting)],
      `one of them only: a standby replays for ever, and a restore up to a target takes writes from there on`,
    ),
    ...conflictIf(
      parsed['restore-passwords'] === 'keep' && parsed['restore-passwords-secret'] !== undefined,
      ['restore-passwords', 'restore-passwords-secret'],
      `one of them only: "keep" leaves every password as it was restored`,
    ),
    ...conflictIf(
      (parsed.synchronous ?? 0) > 0 && parsed['replication-secret'] === undefined,
      ['synchronous'],
      `${annotationName('replication-secret')} beside it: without standbys every commit would wait for ever`,
    ),
    ...conflictIf(
      (parsed.synchronous ?? 0) > 0 && parsed['backup-synchronous'] === true,
      ['synchronous', 'backup-synchronous'],
      'one of them only: synchronous_standby_names cannot say that a commit waits for the backup and for a standby too',
    ),
    ...conflictIf(
      parsed.backup === false && parsed['backup-store'] !== undefined,
      ['backup', 'backup-store'],
      `${annotationName('backup')} on: the copy is of backups that are made`,
    ),
    ...conflictIf(
      parsed['backup-store'] === undefined && parsed['backup-store-secret'] !== undefined,
      ['backup-store-secret'],
      `${annotationName('backup-store')} beside it: the address that the keys are for`,
    ),
    ...conflictIf(
      parsed.backup === false && parsed['dump-schedule'] !== undefined,
      ['backup', 'dump-schedule'],
      `${annotationName('backup')} on: dumps are made by its agent, beside base backups`,
    ),
    ...conflictIf(
      parsed.backup === false && parsed['backup-synchronous'] === true,
      ['backup', 'backup-synchronous'],
      `${annotationName('backup')} on: without a backup every commit would wait for ever`,
    ),
  ];
}

/** The settings that ask for a restore. */
function sourcesOf(parsed: Parsed, targets: readonly NamedTarget[]): readonly SettingName[] {
  const sources: readonly SettingName[] = ['restore-from', 'restore-from-claim'];
  const picked: readonly SettingName[] = parsed['restore-backup'] === 'latest' ? [] : ['restore-backup'];
  return [...sources.filter((name) => parsed[name] !== undefined), ...picked, ...targets.map(({ setting }) => setting)];
}

function conflictIf(holds: boolean, settings: readonly SettingName[], expected: string): readonly SettingProblem[] {
  return holds ? [{ kind: 'conflict', annotations: settings.map(annotationName), expected }] : [];
}
