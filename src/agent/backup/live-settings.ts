import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { settingDefinitions } from '../../workload/setting-table.ts';
import type { SettingDefinition } from '../../workload/setting-table.ts';
import type { BackupContract, LiveSetting } from '../contract.ts';
import { errorCode } from '../store/durable-file.ts';

export interface LiveSettings {
  readonly backup: BackupContract;
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

/**
 * Reads the optional ConfigMap, whose keys are files. Read every few seconds: the kubelet swaps the mounted files in
 * place. What an annotation of the StatefulSet says (`fixed`) wins.
 */
export async function readLiveSettings(contract: BackupContract, directory: string): Promise<LiveSettings> {
  let backup = contract;
  const problems: string[] = [];
  for (const name of Object.keys(readers).filter(isLiveSetting)) {
    const text = contract.fixed.includes(name) ? undefined : await readValue(join(directory, name), problems);
    if (text === undefined) {
      continue;
    }
    const changed = readers[name](text);
    if (changed === undefined) {
      problems.push(`ConfigMap key ${name} is "${text}"; wanted ${settingDefinitions[name].expected}`);
    } else {
      backup = { ...backup, ...changed };
    }
  }
  return { backup, problems };
}

function change<Value>(
  definition: SettingDefinition<Value>,
  text: string,
  toContract: (value: Value) => Partial<BackupContract>,
): Partial<BackupContract> | undefined {
  const parsed = definition.parse(text);
  return parsed.ok ? toContract(parsed.value) : undefined;
}

function isLiveSetting(name: string): name is LiveSetting {
  return Object.hasOwn(readers, name);
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
