import { readContract } from '../../../src/agent/contract-schema.ts';
import {
  fenceHere,
  followHere,
  promoteHere,
  serverEnd,
  serverPosition,
} from '../../../src/agent/standby/promotion-commands.ts';

/** `pgusher-agent position|stopped|promote|follow|fence` as a process, with the shared folder given by SHARED. */
const contract = readContract(process.env['PGUSHER_CONTRACT']);
const edges = { environment: process.env, shared: process.env['SHARED'] ?? '', pod: process.env['PGUSHER_POD'] ?? '' };
const [command, pod, timeline] = process.argv.slice(2);
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
    default:
      throw new Error(`no agent makes backups here (${command ?? 'nothing'})`);
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
