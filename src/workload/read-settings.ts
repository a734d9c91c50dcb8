import { annotationPrefix } from './annotation-name.ts';
import { nearestName } from './nearest-name.ts';
import { restoreTargetOf, settingConflicts } from './setting-conflicts.ts';
import type { ParsedSettings, SettingDefinition } from './setting-table.ts';
import { settingDefinitions, settingTable } from './setting-table.ts';
import type { SettingLayer, SettingLayers, SettingName, SettingProblem, Settings, SettingValues } from './settings.ts';

export { annotationPrefix } from './annotation-name.ts';

export const managedLabelName = `${annotationPrefix}managed`;

/** `other`: the label is there with another value than "true", which opts in to nothing. */
export function managedLabel(labels: Readonly<Record<string, string>>): 'managed' | 'absent' | 'other' {
  if (!Object.hasOwn(labels, managedLabelName)) return 'absent';
  return labels[managedLabelName] === 'true' ? 'managed' : 'other';
}

export function isManaged(labels: Readonly<Record<string, string>>): boolean {
  return managedLabel(labels) === 'managed';
}

const escapePrefix = 'allow-';

/** Written by pgusher beside `injection-version`: no settings, but no typing errors either. */
const bookkeeping = ['injection-inputs', 'injection-record'];

/** An object may hold thousands of annotations that we do not know; the first suffice to see what is wrong. */
const mostSuggestions = 20;

const names: readonly SettingName[] = settingTable.map((definition) => definition.name);

type Parsed = { -readonly [Name in SettingName]?: ParsedSettings[Name] };

/** The layers read so far, lowest first. */
interface Reading {
  readonly parsed: Parsed;
  readonly origins: Record<SettingName, SettingLayer>;
  readonly problems: SettingProblem[];
  readonly escapes: Map<string, string>;
}

/**
 * A copy, since V8 keeps an object that got forty keys one after the other as a table, and takes a hundred times as long to copy that (9 instead of
 * 0.1 microseconds for each review).
 */
const builtIn: Reading = copyOf(readBuiltIn());

/** The cluster layer is one object for as long as the config file does not change, so it is read once. */
const clusterReadings = new WeakMap<object, Reading>();

/** Never throws: what cannot be read is a problem, and the layer below counts. */
export function readSettings(layers: SettingLayers): Settings {
  const reading = copyOf(clusterReading(layers.cluster));
  if (layers.namespace !== undefined) readAnnotations(reading, layers.namespace, 'namespace');
  readAnnotations(reading, layers.statefulset, 'statefulset');
  return {
    values: valuesOf(reading.parsed),
    origins: reading.origins,
    problems: [...reading.problems, ...settingConflicts(reading.parsed)],
    escapes: reading.escapes,
  };
}

function readBuiltIn(): Reading {
  const reading: Reading = {
    parsed: {},
    // Object.fromEntries forgets its keys' type; `names` holds all of them.
    origins: Object.fromEntries(names.map((name) => [name, 'built-in'])) as Record<SettingName, SettingLayer>,
    problems: [],
    escapes: new Map(),
  };
  for (const { name, default: text } of settingTable) {
    if (text !== undefined) readValue(reading, name, settingDefinitions[name], text, 'built-in');
  }
  return reading;
}

function clusterReading(cluster: SettingLayers['cluster']): Reading {
  if (cluster === undefined) return builtIn;
  const known = clusterReadings.get(cluster);
  if (known !== undefined) return known;
  const reading = copyOf(builtIn);
  for (const [name, text] of Object.entries(cluster)) readOne(reading, name, text, 'cluster');
  clusterReadings.set(cluster, reading);
  return reading;
}

function copyOf(reading: Reading): Reading {
  return {
    parsed: { ...reading.parsed },
    origins: { ...reading.origins },
    problems: [...reading.problems],
    escapes: new Map(reading.escapes),
  };
}

function readAnnotations(
  reading: Reading,
  annotations: Readonly<Record<string, string>>,
  layer: 'namespace' | 'statefulset',
): void {
  for (const key of Object.keys(annotations)) {
    if (key.startsWith(annotationPrefix)) {
      readOne(reading, key.slice(annotationPrefix.length), annotations[key] ?? '', layer);
    }
  }
}

function readOne(reading: Reading, name: string, text: string, layer: SettingLayer): void {
  if (isSettingName(name)) {
    readValue(reading, name, settingDefinitions[name], text, layer);
  } else if (name.startsWith(escapePrefix)) {
    readEscape(reading, name, text, layer);
  } else if (!bookkeeping.includes(name)) {
    const nearest = reading.problems.length < mostSuggestions ? nearestName(name, names) : undefined;
    const suggestion = nearest === undefined ? undefined : written(nearest, layer);
    reading.problems.push({ kind: 'unknown', annotation: written(name, layer), layer, suggestion });
  }
}

function readValue<Name extends SettingName>(
  reading: Reading,
  name: Name,
  definition: SettingDefinition<ParsedSettings[Name]>,
  text: string,
  layer: SettingLayer,
): void {
  const isMisplaced = definition.scope === 'statefulset' && (layer === 'cluster' || layer === 'namespace');
  const parsed = definition.parse(text.trim());
  if (parsed.ok && !isMisplaced) {
    reading.parsed[name] = parsed.value;
    reading.origins[name] = layer;
    return;
  }
  const wanted = (parsed.ok ? undefined : parsed.expected) ?? definition.expected;
  reading.problems.push({
    kind: 'invalid',
    annotation: written(name, layer),
    layer,
    value: definition.shown?.(text) ?? text,
    expected: isMisplaced ? 'it on a StatefulSet only: it means one database' : wanted,
  });
}

function readEscape(reading: Reading, name: string, reason: string, layer: SettingLayer): void {
  if (reason.trim() === '') {
    reading.problems.push({ kind: 'no-reason', annotation: written(name, layer), layer });
  } else {
    reading.escapes.set(name.slice(escapePrefix.length), reason.trim());
  }
}

/** The cluster config file names settings without prefix. */
function written(name: string, layer: SettingLayer): string {
  return layer === 'cluster' ? name : `${annotationPrefix}${name}`;
}

function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(settingDefinitions, name);
}

function valuesOf(parsed: Parsed): SettingValues {
  return {
    container: parsed.container,
    version: parsed.version,
    dataDirectory: parsed['data-directory'],
    backup: withDefault('backup', parsed.backup),
    backupEngine: withDefault('backup-engine', parsed['backup-engine']),
    backupClaim: parsed['backup-claim'],
    backupStorage: withDefault('backup-storage', parsed['backup-storage']),
    backupStorageClass: parsed['backup-storage-class'],
    backupPrefix: parsed['backup-prefix'],
    backupStore: parsed['backup-store'],
    backupStoreSecret: parsed['backup-store-secret'],
    backupSpool: withDefault('backup-spool', parsed['backup-spool']),
    backupPush: withDefault('backup-push', parsed['backup-push']),
    backupSchedule: parsed['backup-schedule'],
    backupTimeZone: withDefault('backup-time-zone', parsed['backup-time-zone']),
    backupDrill: parsed['backup-drill'],
    backupKeep: withDefault('backup-keep', parsed['backup-keep']),
    backupKeepFor: parsed['backup-keep-for'],
    backupCompression: withDefault('backup-compression', parsed['backup-compression']),
    backupVerify: withDefault('backup-verify', parsed['backup-verify']),
    backupSynchronous: withDefault('backup-synchronous', parsed['backup-synchronous']),
    dumpSchedule: parsed['dump-schedule'],
    dumpKeep: withDefault('dump-keep', parsed['dump-keep']),
    dumpKeepFor: parsed['dump-keep-for'],
    dumpFormat: withDefault('dump-format', parsed['dump-format']),
    dumpJobs: withDefault('dump-jobs', parsed['dump-jobs']),
    dumpRolePasswords: withDefault('dump-role-passwords', parsed['dump-role-passwords']),
    bootstrap: withDefault('bootstrap', parsed.bootstrap),
    whenBehind: withDefault('when-behind', parsed['when-behind']),
    restoreFrom: parsed['restore-from'],
    restoreFromClaim: parsed['restore-from-claim'],
    restoreBackup: withDefault('restore-backup', parsed['restore-backup']),
    restoreTarget: restoreTargetOf(parsed),
    restoreTargetInclusive: withDefault('restore-target-inclusive', parsed['restore-target-inclusive']),
    restoreId: parsed['restore-id'],
    restorePasswords: withDefault('restore-passwords', parsed['restore-passwords']),
    restorePasswordsSecret: parsed['restore-passwords-secret'],
    role: withDefault('role', parsed.role),
    primary: parsed.primary,
    replicationSecret: parsed['replication-secret'],
    replicationNetwork: withDefault('replication-network', parsed['replication-network']),
    synchronous: withDefault('synchronous', parsed.synchronous),
    preStop: withDefault('pre-stop', parsed['pre-stop']),
    stopGrace: withDefault('stop-grace', parsed['stop-grace']),
    probes: withDefault('probes', parsed.probes),
    parameters: parsed.parameters ?? [],
    agentImage: withDefault('agent-image', parsed['agent-image']),
    agentCpu: withDefault('agent-cpu', parsed['agent-cpu']),
    agentMemory: withDefault('agent-memory', parsed['agent-memory']),
    agentPort: withDefault('agent-port', parsed['agent-port']),
    runAs: parsed['run-as'],
    injectionVersion: parsed['injection-version'],
  };
}

/** Cannot be missing: the built-in layer has parsed the default that setting-table.ts gives. */
function withDefault<Value>(name: SettingName, value: Value | undefined): Value {
  if (value === undefined) throw new Error(`the default of ${name} in setting-table.ts does not parse`);
  return value;
}
