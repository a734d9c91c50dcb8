import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { enter, imageOwner } from '../../support/debian-postgres.ts';
import { eventually, removeDirectory, scratchDirectory } from '../../support/postgres-server.ts';
import { eachVersion } from './support/each-version.ts';
import { runContainer } from './support/container.ts';

/** What the other tests of this folder stand on. */
await eachVersion(({ place }) => {
  it('runs a program as the user of the official image, with mounts that nobody else sees', async () => {
    const directory = scratchDirectory('file-system');
    try {
      const before = readFileSync('/proc/self/mountinfo', 'utf8');
      const ended = await runContainer(place, {
        owner: imageOwner,
        mounts: { '/scratch/here': directory },
        command: ['/bin/sh', '-c', 'id -un; id -G; grep -c " /scratch/here " /proc/self/mountinfo; ls -A /tmp; exit 3'],
        environment: {},
      });
      expect(ended).toEqual({ code: 3, output: 'postgres\n999\n1\n' });
      expect(readFileSync('/proc/self/mountinfo', 'utf8')).toBe(before);
    } finally {
      removeDirectory(directory);
    }
  });

  it('mounts nothing behind a symbolic link, which would lead to the directories of this machine', async () => {
    const ended = await runContainer(place, {
      owner: imageOwner,
      mounts: { '/var/run/postgresql': '/tmp' },
      command: ['/bin/true'],
      environment: {},
    });
    expect(ended).toEqual({
      code: 1,
      output: 'debian-postgres-enter: /var/run/postgresql is behind a symbolic link; wanted the real path\n',
    });
  });

  it('ends a program whose test was killed', async () => {
    const { file, args } = enter(place, { owner: imageOwner, mounts: {}, command: ['/bin/sleep', '600'] });
    const script = `const { spawn } = require('node:child_process');
      console.log(spawn(${JSON.stringify(file)}, ${JSON.stringify(args)}, { stdio: 'ignore', detached: true }).pid);`;
    const test = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const pid = await new Promise<string>((resolve) => {
      test.stdout.setEncoding('utf8').once('data', (text: string) => {
        resolve(text.trim());
      });
    });
    await eventually('the program runs', () => readFileSync(`/proc/${pid}/comm`, 'utf8') === 'sleep\n');
    test.kill('SIGKILL');
    await eventually('the program is gone', () => hasEnded(pid));
  });

  it('is not made again', () => {
    const stamp = join(place.root, 'etc/pgusher-recipe');
    const before = statSync(stamp);
    const again = spawnSync('sh', [join(import.meta.dirname, '../../support/debian-postgres.sh'), place.suite], {
      encoding: 'utf8',
    });
    expect(again).toMatchObject({ status: 0, stdout: `${place.root}\n`, stderr: '' });
    const after = statSync(stamp);
    expect([after.ino, after.mtimeMs]).toEqual([before.ino, before.mtimeMs]);
  });
});

/** Also where nobody has asked for its exit code yet: process 1 of a container may take its time. */
function hasEnded(pid: string): boolean {
  try {
    return /^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return true;
  }
}
