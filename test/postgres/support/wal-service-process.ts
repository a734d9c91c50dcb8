import { readContract } from '../../../src/agent/contract-schema.ts';
import { createLog } from '../../../src/agent/log.ts';
import { walOfStandby } from '../../../src/agent/standby/archive-now.ts';
import { standAside } from '../../../src/agent/standby/overtaken.ts';
import { startWalService } from '../../../src/agent/wal-service/wal-service.ts';

const contract = readContract(process.env['PGUSHER_CONTRACT']);
const log = createLog('debug');
const [shared = '', liveSettings = ''] = process.argv.slice(2);

/** The agent's answers to restore-command.sh as a process of its own, running as the server's user. */
await startWalService({
  contract,
  shared,
  mustBeMount: false,
  log,
  overtaken: () => standAside(contract, process.env['PGUSHER_POD'] ?? '', { shared, liveSettings }, log),
  standby: () => walOfStandby(contract, { shared, liveSettings }),
});
process.stdout.write('ready\n');
process.on('SIGTERM', () => {
  process.exit(0);
});
