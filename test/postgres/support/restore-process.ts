import { readContract } from '../../../src/agent/contract-schema.ts';
import { createLog } from '../../../src/agent/log.ts';
import { runRestore } from '../../../src/agent/restore/run-restore.ts';
import { soonGivenUp } from './soon-given-up.ts';
import { podsOnLoopback } from './pods-on-loopback.ts';

/**
 * `restore` as a process of its own, with the places that are fixed in a pod given by RESTORE_PLACES (JSON): what a test
 * kills at any moment and starts again. Exit 0, or 1 with the reason as the last line of standard error.
 */
interface Places {
  readonly shared: string;
  readonly pod: string;
  readonly mustBeMount: boolean;
  readonly liveSettings: string;
  /** How long an off-site copy is asked. */
  readonly offsitePatienceMs: number;
  /** Pod → its server on loopback; what the governing Service is in a cluster. */
  readonly ports: Readonly<Record<string, number>> | null;
}

const places = JSON.parse(process.env['RESTORE_PLACES'] ?? '{}') as Places;
try {
  await runRestore(readContract(process.env['PGUSHER_CONTRACT']), {
    ...places,
    ...(places.ports === null ? {} : { pods: podsOnLoopback(places.ports) }),
    replicationSecret: `${places.shared}/replication-secret`,
    openPlace: soonGivenUp,
    environment: process.env,
    offsitePatienceMs: places.offsitePatienceMs,
    primaryPatienceMs: 10_000,
    log: createLog('debug'),
  });
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
