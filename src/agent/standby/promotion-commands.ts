import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AgentContract } from '../contract.ts';
import { parseControlFile } from '../decision/control-file.ts';
import type { Peer } from '../decision/who-is-primary.ts';
import { timelineOf } from '../decision/timeline-relation.ts';
import type { ServerConnection } from '../server-connection/server-connection.ts';
import { formatLsn } from '../store/wal-name.ts';
import { becomesStandby, writeRole } from './become-standby.ts';
import type { StandbyEdges } from './local-server.ts';
import { withLocalServer } from './local-server.ts';
import { forgetArchive } from './standby-server.ts';
import { writePrimaryOrder } from './primary-order.ts';

/** What `pgusher promote` learns of a pod: one line of JSON. */
export interface ServerPosition {
  readonly pod: string;
  readonly systemId: string;
  readonly timeline: number;
  /** Received and flushed. */
  readonly lsn: string;
  readonly takesWrites: boolean;
}

/** `pgusher-agent position` */
export async function serverPosition(contract: AgentContract, edges: StandbyEdges): Promise<ServerPosition> {
  return withLocalServer(contract, edges, (_, own) => Promise.resolve(positionOf(own, edges)));
}

function positionOf(own: Peer, { pod }: StandbyEdges): ServerPosition {
  return {
    pod,
    systemId: own.systemId,
    timeline: timelineOf(own),
    lsn: formatLsn(own.end ?? 0n),
    takesWrites: own.takesWrites,
  };
}

/** Where a server that was told to stop has ended: one line of JSON. */
export interface ServerEnd {
  readonly pod: string;
  readonly timeline: number;
  /** Where the record of its last checkpoint begins; a clean stop writes it behind everything else. */
  readonly checkpoint: string;
  /** False: it runs, or ended without that checkpoint. */
  readonly clean: boolean;
}

/** `pgusher-agent stopped` */
export async function serverEnd({ dataDirectory }: AgentContract, { pod }: StandbyEdges): Promise<ServerEnd> {
  const control = parseControlFile(await readFile(join(dataDirectory, 'global', 'pg_control')));
  return {
    pod,
    timeline: control.timeline,
    checkpoint: formatLsn(control.checkpoint),
    clean: control.shutDown,
  };
}

/** A promotion ends recovery and makes a checkpoint later: what takes longer is a server in trouble. */
const promotionSeconds = 120;

/** pg_promote(true) looks every 100 ms, which is longer than a promotion takes (WAITS_PER_SECOND in src/backend/access/transam/xlogfuncs.c). */
const lookMs = 5;

/**
 * `pgusher-agent promote`: returns once a write was accepted. On a server that takes writes already it only proves that, so that it can
 * be repeated.
 */
export async function promoteHere(contract: AgentContract, edges: StandbyEdges): Promise<ServerPosition> {
  const { pod, shared } = edges;
  return withLocalServer(contract, edges, async (connection, before, read) => {
    if (!before.takesWrites) {
      await connection.query('SELECT pg_catalog.pg_promote(false)');
      await untilPromoted(connection, pod);
    }
    // A commit that is flushed: it waits for no standby, since none may be there yet.
    await connection.query(
      "SET synchronous_commit = 'local'; SELECT pg_catalog.pg_logical_emit_message(true, 'pgusher', 'promoted')",
    );
    const position = positionOf(await read(), edges);
    const order = { primary: pod, timeline: position.timeline, since: new Date().toISOString() };
    await Promise.all([
      forgetArchive(connection),
      writePrimaryOrder(shared, order).then(() => writeRole(shared, 'primary')),
    ]);
    return position;
  });
}

async function untilPromoted(connection: ServerConnection, pod: string): Promise<void> {
  const until = performance.now() + promotionSeconds * 1000;
  for (;;) {
    const [row] = await connection.query<{ recovery: boolean }>('SELECT pg_catalog.pg_is_in_recovery() AS recovery');
    if (row?.recovery === false) {
      return;
    }
    if (performance.now() > until) {
      throw new Error(`the server of ${pod} was told to promote and is in recovery after ${promotionSeconds} s`);
    }
    await sleep(lookMs);
  }
}

/** `pgusher-agent follow POD TIMELINE`: the agent beside the server does it within seconds (standby/keep-following.ts). */
export async function followHere(edges: StandbyEdges, primary: string, timeline: number): Promise<void> {
  await writePrimaryOrder(edges.shared, { primary, timeline, since: new Date().toISOString() });
  if (primary !== edges.pod) {
    await writeRole(edges.shared, 'standby');
  }
}

/** `pgusher-agent fence`: the server of this pod takes no writes once it has stopped; `pgusher promote --fence` stops it then. */
export async function fenceHere(contract: AgentContract, edges: StandbyEdges): Promise<void> {
  await becomesStandby(contract.dataDirectory, edges.shared);
}
