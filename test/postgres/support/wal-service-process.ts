import { readContract } from '../../../src/agent/contract-schema.ts';
import { createLog } from '../../../src/agent/log.ts';
import { startWalService } from '../../../src/agent/wal-service/wal-service.ts';

/** The agent's answers to restore-command.sh as a process of its own, running as the server's user. */
await startWalService({
  contract: readContract(process.env['PGUSHER_CONTRACT']),
  shared: process.argv[2] ?? '',
  mustBeMount: false,
  log: createLog('debug'),
});
process.stdout.write('ready\n');
process.on('SIGTERM', () => {
  process.exit(0);
});
