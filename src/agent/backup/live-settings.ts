import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { settingDefinitions } from '../../workload/setting-table.ts';
import type { SettingDefinition } from '../../workload/setting-table.ts';
import type { BackupContract, DumpContract, LiveDumpSetting, LiveSetting } from '../contract.ts';
import { errorCode } from '../store/durable-file.ts';

export interface LiveSettings {
  readonly backup: BackupContract;
  readonly dump: DumpContract;
  /** What is in the ConfigMap and cannot be used, a line each; the contract's value is in force then. */
  readonly problems: readonly string[];
}

/** A key of the ConfigMap → what it changes, or undefined where the value is not what the annotation of that name takes. */
const readers: Readonly<Record<LiveSetting, (text: string) => Partial<BackupContract> | undefined>> = {
  'backup-schedule': (text) => change(settingDefinitions['backup-schedule'], text, (schedule) => ({ schedule })),
  'backup-time-zone': (text) => change(settingDefinitions['backup-time-zone'], text, (timeZone) => ({ timeZone })),
  'backup-keep': (text) => change(settingDefinitions['backup-keep'], text, (keep) => ({ keep })),
  'backup-keep-for': (text) => change(settingDefinitions['backup-keep-for'], text, (keepFor) => ({ keepFor })),
  'backup-verify': (text) => change(settingDefinitions['backup-verify'], text, (verify) => ({ verify })),
  'backup-compression': (text) =>
    change(settingDefinitions['backup-compression'], text, (compression) => ({ compression })),
};

const dumpReaders: Readonly<Record<LiveDumpSetting, (text: string) => Partial<DumpContract> | undefined>> = {
  'dump-schedule': (text) => change(settingDefinitions['dump-schedule'], text, (schedule) => ({ schedule })),
  'dump-keep': (text) => change(settingDefinitions['dump-keep'], text, (keep) => ({ keep })),
  'dump-keep-for': (text) => change(settingDefinitions['dump-keep-for'], text, (keepFor) => ({ keepFor })),
  'dump-format': (text) => change(settingDefinitions['dump-format'], text, (format) => ({ format })),
  'dump-jobs': (text) => change(settingDefinitions['dump-jobs'], text, (jobs) => ({ jobs })),
  'dump-role-passwords': (text) =>
    change(settingDefinitions['dump-role-passwords'], text, (rolePasswords) => ({ rolePasswords })),
};

/**
 * Reads the optional ConfigMap, whose keys are files. Read every few seconds: the kubelet swaps the mounted files in
 * place. What an annotation of the StatefulSet says (`fixed`) wins.
 */
export async function readLiveSettings(
  contract: { readonly backup: BackupContract; readonly dump: DumpContract },
  directory: string,
): Promise<LiveSettings> {
  const problems: string[] = [];
  const read = { directory, problems };
  return {
    backup: await changed(contract.backup, readers, read),
    dump: await changed(contract.dump, dumpReaders, read),
    problems,
  };
}

async function changed<
  Name extends LiveSetting | LiveDumpSetting,
  Contract extends { readonly fixed: readonly Name[] },
>(
  contract: Contract,
  from: Readonly<Record<Name, (text: string) => Partial<Contract> | undefined>>,
  { directory, problems }: { readonly directory: string; readonly problems: string[] },
): Promise<Contract> {
  let live = contract;
  for (const name of namesOf(from)) {
    const text = contract.fixed.includes(name) ? undefined : await readValue(join(directory, name), problems);
    if (text === undefined) {
      continue;
    }
    const part = from[name](text);
    if (part === undefined) {
      problems.push(`ConfigMap key ${name} is "${text}"; wanted ${settingDefinitions[name].expected}`);
    } else {
      live = { ...live, ...part };
    }
  }
  return live;
}

function change<Value, Contract>(
  definition: SettingDefinition<Value>,
  text: string,
  toContract: (value: Value) => Partial<Contract>,
): Partial<Contract> | undefined {
  const parsed = definition.parse(text);
  return parsed.ok ? toContract(parsed.value) : undefined;
}

function namesOf<Name extends string>(from: Readonly<Record<Name, unknown>>): readonly Name[] {
  return Object.keys(from).filter((name): name is Name => Object.hasOwn(from, name));
}

async function readValue(path: string, problems: string[]): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') {
      problems.push(error instanceof Error ? error.message : String(error));
    }
    return undefined;
  }
}
