import type { AgentStatus } from '../backup/agent-status.ts';
import type { BackupEdges } from '../backup/backup-edges.ts';
import type { StatusReport } from '../backup/status-report.ts';
import type { AgentContract } from '../contract.ts';
import { environmentNames } from '../contract.ts';
import { setting, standbySlotName } from '../restore/standby.ts';
import { applicationName } from '../server-connection/server-address.ts';
import type { ServerConnection } from '../server-connection/server-connection.ts';
import { lastNamed, ordinalIn, readSynchronousNames, synchronousNames } from './synchronous-names.ts';
import { wantedStandbys } from './wanted-standbys.ts';

interface Parts {
  readonly contract: AgentContract;
  readonly edges: BackupEdges;
  readonly status: AgentStatus;
  readonly report: StatusReport;
}

/**
 * `synchronous: <n>`. On a primary: set once n of the set's standbys stream, and then left alone; where they are gone, commits wait, and that is said.
 * On a standby at once: it may be promoted any moment, and its first commit waits then.
 * @returns whether all is as it is wanted.
 */
export async function keepSynchronous(
  connection: ServerConnection,
  { contract, edges, status, report }: Parts,
  inRecovery: boolean,
): Promise<boolean> {
  const { set } = contract;
  const { standbys, problem } = await wantedStandbys(contract, edges.liveSettings);
  const [row] = await connection.query<{ value: string }>(
    `SELECT pg_catalog.current_setting('synchronous_standby_names') AS value`,
  );
  const value = row?.value ?? '';
  const names = readSynchronousNames(value);
  const isOurs = names?.set === set;
  if (standbys === 0) {
    status.synchronous = null;
    if (isOurs) {
      await change(connection, null);
      edges.log.info('commits wait for no standby any more');
    }
    return settle(report, problem);
  }
  if (value !== '' && names === undefined && value !== applicationName) {
    status.synchronous = null;
    return settle(
      report,
      `synchronous_standby_names is "${value}"; wanted it unset, so that postgres.io/synchronous can name the set's standbys`,
    );
  }
  const pods = await podsOf(connection, set);
  const pod = ordinalIn(set, edges.environment[environmentNames.pod] ?? '') ?? 0;
  const wanted = synchronousNames({
    set,
    standbys,
    last: Math.max(isOurs ? names.last : 0, lastNamed([pod, ...pods.streaming, ...pods.away])),
  });
  const waits = isOurs || inRecovery || pods.streaming.length >= standbys;
  if (waits && value !== wanted) {
    await change(connection, wanted);
    edges.log.info(
      { standbys },
      inRecovery ? 'commits wait for standbys once this one is promoted' : 'commits now wait for standbys',
    );
  }
  if (inRecovery) {
    status.synchronous = null;
    return settle(report, problem);
  }
  const named = (ordinals: readonly number[]): string[] => ordinals.map((ordinal) => `${set}-${ordinal}`);
  status.synchronous = { wanted: standbys, waits, streaming: named(pods.streaming) };
  return settle(
    report,
    pods.streaming.length >= standbys ? problem : tooFew(set, standbys, waits, named(pods.streaming), named(pods.away)),
  );
}

function settle(report: StatusReport, trouble: string | null): boolean {
  if (trouble === null) {
    report.recovered('commits');
    return true;
  }
  report.failed('commits', trouble);
  return false;
}

function tooFew(
  set: string,
  standbys: number,
  waits: boolean,
  streaming: readonly string[],
  away: readonly string[],
): string {
  const seen = `${streaming.length === 0 ? 'no standby of the set streams' : `only ${streaming.join(', ')} streams`}${away.length === 0 ? '' : `, and ${away.join(', ')} ${away.length === 1 ? 'is' : 'are'} away`}`;
  const each = standbys === 1 ? 'a standby' : `${standbys} standbys`;
  return waits
    ? `every commit waits: it is to be on ${each} (postgres.io/synchronous), and ${seen}. Wanted: the pods back; or, to let commits go on without them and without a restart, synchronous: "0" in ConfigMap ${set}-pgusher`
    : `commits do not wait yet: they are to be on ${each} (postgres.io/synchronous) from when so many have streamed once, and ${seen}`;
}

/** The set's standbys by ordinal: those that stream, and those that were here before and have a slot that nobody uses. */
async function podsOf(
  connection: ServerConnection,
  set: string,
): Promise<{ readonly streaming: readonly number[]; readonly away: readonly number[] }> {
  const senders = await connection.query<{ name: string }>(
    "SELECT application_name AS name FROM pg_catalog.pg_stat_replication WHERE state = 'streaming' ORDER BY 1",
  );
  const slots = await connection.query<{ name: string }>(
    "SELECT slot_name AS name FROM pg_catalog.pg_replication_slots WHERE slot_type = 'physical' AND NOT active ORDER BY 1",
  );
  const prefix = standbySlotName(`${set}-`);
  const streaming = [...new Set(senders.map(({ name }) => ordinalIn(set, name)))].filter(
    (ordinal) => ordinal !== undefined,
  );
  const away = slots
    .filter(({ name }) => name.startsWith(prefix))
    .map(({ name }) => ordinalIn(set, `${set}-${name.slice(prefix.length)}`))
    .filter((ordinal) => ordinal !== undefined)
    .filter((ordinal) => !streaming.includes(ordinal));
  return { streaming, away };
}

/** Null: as without the setting. Who waits is let go by the reload. */
async function change(connection: ServerConnection, names: string | null): Promise<void> {
  await connection.query(
    names === null
      ? 'ALTER SYSTEM RESET synchronous_standby_names'
      : `ALTER SYSTEM SET synchronous_standby_names = ${setting(names)}`,
  );
  await connection.query('SELECT pg_catalog.pg_reload_conf()');
}
