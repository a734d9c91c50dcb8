import { lookup } from 'node:dns/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AgentContract } from '../contract.ts';
import type { NewerTimeline } from '../decision/decide.ts';
import type { Log } from '../log.ts';
import type { Credentials } from '../server-connection/credentials.ts';
import type { ServerAddress } from '../server-connection/server-address.ts';
import { cameFrom } from './lineage.ts';
import { readReplicationLogin } from './standby.ts';

/** All of it: a peer that does not answer must not keep a good database down. */
const patienceMs = 2_000;

export interface PeersQuestion {
  readonly contract: Pick<AgentContract, 'set' | 'primary' | 'replication'>;
  readonly replicationSecret: string;
  readonly systemId: string;
  /** The newest timeline that PGDATA knows of. */
  readonly own: number;
  readonly log: Log;
}

/**
 * Whether another server of the set runs a timeline of this database that came from ours: a standby that was promoted while this pod was
 * away. Asked by the replication commands IDENTIFY_SYSTEM and TIMELINE_HISTORY (PostgreSQL manual, "Streaming Replication Protocol").
 * Who cannot be reached in two seconds proves nothing, and neither does a set without a replication login; never throws.
 */
export async function newerTimelineOfPeers(question: PeersQuestion): Promise<NewerTimeline | null> {
  const { contract, log } = question;
  if (contract.primary === null || contract.replication === null) {
    return null;
  }
  const given = new AbortController();
  const late = sleep(patienceMs, null, { signal: given.signal }).catch(() => null);
  try {
    return await Promise.race([late, askAll(question, contract.primary)]);
  } catch (error) {
    log.warn({ err: error }, 'the other servers of the set could not be asked for their timeline');
    return null;
  } finally {
    given.abort();
  }
}

async function askAll(question: PeersQuestion, primary: string): Promise<NewerTimeline | null> {
  const credentials = await readReplicationLogin(question.replicationSecret);
  const answers = await Promise.all(
    (await peersOf(question.contract.set, primary)).map((address) => ask(question, address, credentials)),
  );
  return answers.reduce(
    (newest, answer) => ((answer?.timeline ?? 0) > (newest?.timeline ?? 0) ? answer : newest),
    null,
  );
}

/**
 * The pods behind the set's governing Service, which stands behind ordinal 0's own name; or the one server that postgres.io/primary names.
 * Our own address is among them and refuses, since our server is not up yet.
 */
async function peersOf(set: string, primary: string): Promise<readonly ServerAddress[]> {
  const colon = primary.lastIndexOf(':');
  const [host, port] = [primary.slice(0, colon), Number(primary.slice(colon + 1))];
  if (!host.startsWith(`${set}-0.`)) {
    return [{ host: host.replace(/^\[(.*)\]$/, '$1'), port }];
  }
  const found = await lookup(host.slice(`${set}-0.`.length), { all: true }).catch(() => []);
  return found.map(({ address }) => ({ host: address, port }));
}

async function ask(
  { systemId, own }: PeersQuestion,
  address: ServerAddress,
  credentials: Credentials,
): Promise<NewerTimeline | null> {
  // The driver is loaded where there is somebody to ask: every start of a pod waits for `restore`.
  const { connectAsStandby } = await import('../server-connection/server-connection.ts');
  const attempt = await connectAsStandby(address, credentials);
  if (attempt.kind !== 'connected') {
    return null;
  }
  try {
    const [system] = await attempt.connection.query<{ systemid: string; timeline: number | string }>('IDENTIFY_SYSTEM');
    if (system === undefined || system.systemid !== systemId || Number(system.timeline) <= own) {
      return null;
    }
    const timeline = Number(system.timeline);
    const [history] = await attempt.connection.query<{ content: Buffer | string }>(`TIMELINE_HISTORY ${timeline}`);
    return history !== undefined && cameFrom(history.content.toString(), own)
      ? { timeline, at: `${address.host}:${address.port}` }
      : null;
  } catch {
    return null;
  } finally {
    await attempt.connection.close();
  }
}
