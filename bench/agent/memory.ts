import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { newPod, storeRootOf, systemIdOf } from '../../test/postgres/support/backup-agent.ts';
import {
  eventually,
  ownedDirectory,
  removeDirectory,
  runAsServer,
  scratchDirectory,
} from '../../test/support/postgres-server.ts';
import { requireTool } from '../../test/support/tool.ts';
import { buildAgent } from './built-agent.ts';
import { printRow } from './measure.ts';

/** What the agent holds at most: beside the page cache (anonymous pages), and with the pages of Node's own file. */
export async function benchMemory(): Promise<void> {
  const folder = scratchDirectory('built');
  const pod = await newPod('memory');
  try {
    const built = await buildAgent(folder);
    pod.initialise();
    const settings = { max_wal_size: '4GB', checkpoint_timeout: '1h', autovacuum: 'off' };
    const first = await pod.startServer({ settings });
    const pgbench = ['-h', first.socketDirectory, '-p', String(first.port), '-U', 'postgres'];
    runAsServer(requireTool('pgbench'), ['-i', '-q', '-s', '30', ...pgbench, 'postgres']);
    await first.stop();
    const agent = built.backup(pod);
    const ended = once(agent, 'exit');
    const peaks = watchPeaks(agent);
    await sleep(2000);
    row('when it has started', peaks());
    const server = await pod.startServer({ settings });
    const page = (path: string) => fetch(`http://127.0.0.1:${pod.contract.agentPort}${path}`);
    await eventually(
      'the agent is protected',
      async () => (await page('/readyz')).status === 200,
      () => '',
    );
    row('during a base backup of 0.5 GB and its verification', peaks());
    await server.sql('CHECKPOINT');
    await server.sql('UPDATE pgbench_accounts SET abalance = 1');
    await server.sql('SELECT pg_switch_wal()');
    const incoming = join(storeRootOf(pod), await systemIdOf(server), 'incoming', '00000001');
    await eventually(
      'all WAL is moved',
      () => readdirSync(incoming).every((name) => name.endsWith('.partial')),
      () => '',
    );
    const moved = readdirSync(join(incoming, '..', '..', 'wal', '00000001')).length;
    row(`while ${moved} segments of WAL are moved`, peaks());
    await server.stop();
    agent.kill('SIGTERM');
    await ended;
    const restore = built.restore(pod, join(ownedDirectory(join(pod.directory, 'restored')), 'pgdata'));
    const done = once(restore, 'exit');
    const peaksOfRestore = watchPeaks(restore);
    await done;
    row('of a restore of all that', peaksOfRestore());
  } finally {
    await pod.remove();
    removeDirectory(folder);
  }
}

export interface Peaks {
  readonly anonymous: number;
  readonly resident: number;
}

/** @returns the most of each, in MB, since the last call. */
export function watchPeaks(child: ChildProcess): () => Peaks {
  let peaks: Peaks = { anonymous: 0, resident: 0 };
  const timer = setInterval(() => {
    let status: string;
    try {
      status = readFileSync(`/proc/${child.pid ?? 0}/status`, 'utf8');
    } catch {
      clearInterval(timer);
      return;
    }
    const megabytes = (field: string): number =>
      Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0) / 1000;
    peaks = {
      anonymous: Math.max(peaks.anonymous, megabytes('RssAnon')),
      resident: Math.max(peaks.resident, megabytes('VmRSS')),
    };
  }, 10);
  timer.unref();
  return () => {
    const before = peaks;
    peaks = { anonymous: 0, resident: 0 };
    return before;
  };
}

function row(when: string, { anonymous, resident }: Peaks): void {
  printRow({
    what: `memory of the agent ${when}`,
    ours: `${anonymous.toFixed(0)} MB beside page cache`,
    other: '',
    ratio: `${resident.toFixed(0)} MB with Node's own file`,
  });
}
