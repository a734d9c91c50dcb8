import { takeBaseBackup } from '../../../src/agent/backup/base-backup.ts';
import { moveFinishedWal, removeTemporaryWal } from '../../../src/agent/backup/mover.ts';
import { claimStore, learnSystem } from '../../../src/agent/store/identity.ts';
import { requireTool } from '../../support/tool.ts';

/**
 * Writes to a store as the server's user does, one step a process: what the backup side does in a loop, at the moments
 * that a test of the restore side needs. STORE_STEP is JSON.
 */
interface Step {
  readonly step: 'claim' | 'backup' | 'move';
  readonly root: string;
  readonly set: string;
  readonly facts: { readonly systemId: string; readonly major: number; readonly segmentSize: number };
  readonly environment: Readonly<Record<string, string>>;
  readonly compression: 'zstd' | 'gzip' | 'none';
  readonly settings: Readonly<Record<string, number>>;
}

const step = JSON.parse(process.env['STORE_STEP'] ?? '{}') as Step;
switch (step.step) {
  case 'claim': {
    const identity = await claimStore(step.root, {
      namespace: 'shop',
      set: step.set,
      claimedAt: new Date().toISOString(),
    });
    await learnSystem(step.root, identity, step.facts);
    break;
  }
  case 'backup': {
    const record = await takeBaseBackup({
      root: step.root,
      program: requireTool('pg_basebackup'),
      environment: step.environment,
      facts: { ...step.facts, timeline: 1 },
      compression: step.compression,
      settings: step.settings,
      walDirectory: null,
      tablespaces: [],
      now: () => new Date(),
      signal: new AbortController().signal,
    });
    console.log(JSON.stringify(record));
    break;
  }
  case 'move':
    // As the agent does when it starts.
    await removeTemporaryWal(step.root, step.facts.systemId);
    await moveFinishedWal({
      root: step.root,
      systemId: step.facts.systemId,
      segmentSize: step.facts.segmentSize,
      compression: step.compression,
    });
    break;
}
