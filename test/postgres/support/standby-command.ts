import { readContract } from '../../../src/agent/contract-schema.ts';
import { rebuildHere, rebuildState } from '../../../src/agent/rebuild/rebuild-commands.ts';
import {
  fenceHere,
  followHere,
  promoteHere,
  serverEnd,
  serverPosition,
} from '../../../src/agent/standby/promotion-commands.ts';
import { podsOnLoopback } from './pods-on-loopback.ts';

/** `pgusher-agent position|stopped|promote|follow|fence|rebuild|rebuilding` as a process, with the shared folder given by SHARED. */
const contract = readContract(process.env['PGUSHER_CONTRACT']);
const shared = process.env['SHARED'] ?? '';
const edges = { environment: process.env, shared, pod: process.env['PGUSHER_POD'] ?? '' };
const words = process.argv.slice(2);
const flags = words.filter((word) => word.startsWith('--'));
const [command, pod, timeline] = words.filter((word) => !word.startsWith('--'));
try {
  switch (command) {
    case 'position':
      console.log(JSON.stringify(await serverPosition(contract, edges)));
      break;
    case 'stopped':
      console.log(JSON.stringify(await serverEnd(contract, edges)));
      break;
    case 'promote':
      console.log(JSON.stringify(await promoteHere(contract, edges)));
      break;
    case 'follow':
      await followHere(edges, pod ?? '', Number(timeline));
      break;
    case 'fence':
      await fenceHere(contract, edges);
      break;
    case 'rebuild':
      console.log(
        JSON.stringify(
          await rebuildHere(
            contract,
            {
              ...edges,
              liveSettings: process.env['LIVE_SETTINGS'] ?? '',
              replicationSecret: `${shared}/replication-secret`,
              pods: podsOnLoopback(JSON.parse(process.env['PORTS'] ?? '{}') as Record<string, number>),
            },
            { primary: pod ?? null, discard: flags.includes('--discard'), check: flags.includes('--check') },
          ),
        ),
      );
      break;
    case 'rebuilding':
      console.log(JSON.stringify(await rebuildState(contract)));
      break;
    default:
      throw new Error(`no agent makes backups here (${command ?? 'nothing'})`);
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
