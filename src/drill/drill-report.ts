import type { CountedTable } from '../agent/drill/count-rows.ts';
import type { TablesRead } from '../agent/drill/read-tables.ts';
import type { DrillTimes } from './drill-state.ts';

/** What a drill found out. `--json` prints it as it is. */
export interface DrillReport {
  readonly namespace: string;
  readonly set: string;
  /** Whose backups were restored. */
  readonly pod: string;
  /** ISO 8601. */
  readonly began: string;
  readonly took: DrillTimes & { readonly read: number };
  readonly read: TablesRead;
  readonly compared: readonly ComparedTable[];
  readonly ok: boolean;
}

export interface ComparedTable {
  readonly table: string;
  /** Null: it is not there. */
  readonly restored: number | null;
  readonly now: number | null;
}

/** Tables of both sides by name, as each side counted them. */
export function compareTables(
  restored: readonly CountedTable[],
  now: readonly CountedTable[],
): readonly ComparedTable[] {
  const rowsIn = (side: readonly CountedTable[], table: string): number | null =>
    side.find((one) => one.table === table)?.rows ?? null;
  const names = [...new Set([...now, ...restored].map(({ table }) => table))];
  return (
    names
      .map((table) => ({ table, restored: rowsIn(restored, table), now: rowsIn(now, table) }))
      // A name that one side has in a database is said by that name alone.
      .filter(
        (one) => one.restored !== null || one.now !== null || !names.some((name) => name.endsWith(`.${one.table}`)),
      )
  );
}

/** A table that is gone, or has no rows where the real one has some, is a restore that lost something. Fewer rows alone are writes of meanwhile. */
export function isLost({ restored, now }: ComparedTable): boolean {
  return restored === null || (restored === 0 && now !== null && now > 0);
}

export function damages({ databases }: TablesRead): readonly string[] {
  return databases.flatMap(({ name, damaged }) => damaged.map(({ table, reason }) => `${name}.${table}: ${reason}`));
}

/** Lines for a person. */
export function drillText(report: DrillReport): string {
  const { read, took, compared } = report;
  const sum = (of: (database: TablesRead['databases'][number]) => number): number =>
    read.databases.reduce((total, database) => total + of(database), 0);
  const rows: (readonly [string, string])[] = [
    ['backup', `${read.backup ?? 'unknown'}, of ${report.pod}`],
    [
      'time to recover',
      `${seconds(took.begun + took.restored + took.recovered)}: ${seconds(took.begun)} until it began, ${seconds(took.restored)} for the base backup, ${seconds(took.recovered)} for the WAL and the server's start`,
    ],
    ['reached', `${read.lsn} on timeline ${read.timeline}, ${reachedText(report)}`],
    [
      'read',
      `${several(
        sum(({ tables }) => tables),
        'table',
      )} of ${several(read.databases.length, 'database')}, ${several(
        sum((one) => one.rows),
        'row',
      )}, ${megabytes(sum(({ bytes }) => bytes))} on disk, in ${seconds(took.read)}`,
    ],
    ...compared.map((one) => [one.table, comparedText(one)] as const),
    ...damages(read).map((line) => ['not readable', line] as const),
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return [
    `${report.namespace}/${report.set}: ${report.ok ? 'can be restored' : 'the restored database is not whole'}`,
    ...rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`),
    '',
  ].join('\n');
}

function reachedText({ read, began }: DrillReport): string {
  if (read.lastCommit === null) return 'no transaction since the base backup';
  const behind = Math.round((Date.parse(began) - Date.parse(read.lastCommit)) / 1000);
  return `the last transaction of ${read.lastCommit}, ${behind < 0 ? 'after' : `${seconds(behind)} before`} the drill began`;
}

function comparedText(one: ComparedTable): string {
  if (one.restored === null) return `LOST: not in the restored database; ${rowsText(one.now)} now`;
  const lost = isLost(one) ? 'LOST: ' : '';
  return `${lost}${rowsText(one.restored)} restored, ${one.now === null ? 'not there now' : `${rowsText(one.now)} now`}`;
}

function rowsText(rows: number | null): string {
  return rows === null ? 'not there' : several(rows, 'row');
}

function several(count: number, what: string): string {
  return `${number(count)} ${what}${count === 1 ? '' : 's'}`;
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}

function seconds(value: number): string {
  return value < 120 ? `${String(Math.round(value))} s` : `${String(Math.round(value / 60))} min`;
}

function megabytes(bytes: number): string {
  return bytes < 10 * 2 ** 30
    ? `${number(Math.round(bytes / 2 ** 20))} MB`
    : `${number(Math.round(bytes / 2 ** 30))} GB`;
}
