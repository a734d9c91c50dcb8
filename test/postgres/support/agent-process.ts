import { readContract } from '../../../src/agent/contract-schema.ts';
import { runBackup } from '../../../src/agent/backup/run-backup.ts';
import { createLog } from '../../../src/agent/log.ts';
import { soonGivenUp } from './soon-given-up.ts';
import { podsOnLoopback } from './pods-on-loopback.ts';

/**
 * `backup` as a process of its own, with the places that are fixed in a pod given by AGENT_PLACES (JSON): what a test
 * kills, freezes and stops.
 */
interface Places {
  readonly shared: string;
  readonly liveSettings: string;
  readonly replicationSecret: string;
  readonly rolePasswords: string;
  readonly storeMustBeMount: boolean;
  /** Pod → its server on loopback. */
  readonly ports: Readonly<Record<string, number>> | null;
}

function isPlaces(value: unknown): value is Places {
  return typeof value === 'object' && value !== null && 'shared' in value && 'storeMustBeMount' in value;
}

const places: unknown = JSON.parse(process.env['AGENT_PLACES'] ?? '{}');
if (!isPlaces(places)) {
  throw new Error('AGENT_PLACES is missing');
}
const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    stop.abort();
  });
}
const end = await runBackup(readContract(process.env['PGUSHER_CONTRACT']), {
  ...places,
  ...(places.ports === null ? {} : { pods: podsOnLoopback(places.ports) }),
  environment: process.env,
  openPlace: soonGivenUp,
  listen: '127.0.0.1',
  retrySeconds: 1,
  log: createLog('debug'),
  now: () => new Date(),
  stop: stop.signal,
  alongside: [],
});
process.exitCode = end.kind === 'stopped' ? 0 : 1;
