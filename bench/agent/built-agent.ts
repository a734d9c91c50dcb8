import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { rolldown } from 'rolldown';
import { asServerUser } from '../../test/support/postgres-server.ts';
import type { Pod } from '../../test/postgres/support/backup-agent.ts';

const root = join(import.meta.dirname, '..', '..');

/** The agent as the image has it: run from the sources, Node itself needs some 100 MB to take the types off. */
export interface BuiltAgent {
  /** `backup` in a pod of the tests; the places that are fixed in a real one are this one's. */
  backup(pod: Pod): ChildProcess;
  /** `restore --to` */
  restore(pod: Pod, directory: string): ChildProcess;
}

export async function buildAgent(folder: string): Promise<BuiltAgent> {
  const dist = join(folder, 'dist');
  const build = spawnSync(process.execPath, [join(root, 'scripts', 'build.ts'), dist], { encoding: 'utf8' });
  if (build.status !== 0) {
    throw new Error(build.stderr);
  }
  const entry = join(root, 'test', 'postgres', 'support', 'agent-process.ts');
  const bundle = await rolldown({ input: entry, platform: 'node', external: ['pg-native'] });
  await bundle.write({ dir: join(folder, 'backup'), format: 'esm', entryFileNames: 'agent-process.mjs' });
  mkdirSync(join(folder, 'bin'));
  const program = join(folder, 'bin', 'pgusher-agent');
  copyFileSync(join(root, 'bin', 'pgusher-agent'), program);
  const start = (command: string, args: readonly string[], environment: Readonly<Record<string, string>>) =>
    spawn(command, args, {
      ...asServerUser(),
      cwd: '/tmp',
      env: { PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`, ...environment },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  return {
    // With the flags of bin/pgusher-agent.
    backup: (pod) =>
      start(process.execPath, ['--max-semi-space-size=2', join(folder, 'backup', 'agent-process.mjs')], {
        MALLOC_ARENA_MAX: '1',
        PGUSHER_CONTRACT: JSON.stringify(pod.contract),
        AGENT_PLACES: JSON.stringify({
          shared: pod.shared,
          liveSettings: pod.liveSettings,
          replicationSecret: join(pod.directory, 'replication'),
          storeMustBeMount: false,
        }),
        PGUSHER_POD: 'orders-0',
        PGUSHER_USER: 'postgres',
        PGUSHER_PASSWORD: 'secret',
      }),
    restore: (pod, directory) =>
      start(program, ['restore', '--store', pod.storeMount, '--prefix', 'shop/orders', '--to', directory], {}),
  };
}
