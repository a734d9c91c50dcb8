import { readContract } from '../../../src/agent/contract-schema.ts';
import { runSession } from '../../../src/agent/session.ts';
import { podsOnLoopback } from './pods-on-loopback.ts';

/** What answers `pgusher-agent session` where no agent runs, with the shared folder given by SHARED. */
const shared = process.env['SHARED'] ?? '';
await runSession(
  process.stdin,
  {
    contract: readContract(process.env['PGUSHER_CONTRACT']),
    edges: {
      environment: process.env,
      shared,
      pod: process.env['PGUSHER_POD'] ?? '',
      liveSettings: process.env['LIVE_SETTINGS'] ?? '',
      replicationSecret: `${shared}/replication-secret`,
      pods: podsOnLoopback(JSON.parse(process.env['PORTS'] ?? '{}') as Record<string, number>),
    },
  },
  console.log,
);
process.exit();
