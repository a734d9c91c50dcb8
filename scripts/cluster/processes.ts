import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { places } from './places.ts';

/** Programs that go on after the command that started them, found again by process id and time of start. */

const records = join(places.run, 'processes');
const logs = join(places.run, 'logs');

export function logOf(name: string): string {
  return join(logs, `${name}.log`);
}

export function start(name: string, program: string, args: readonly string[], cwd = places.run): void {
  mkdirSync(records, { recursive: true });
  mkdirSync(logs, { recursive: true });
  const log = openSync(logOf(name), 'a');
  const child = spawn(program, args, { cwd, detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  child.on('error', (error) => {
    console.error(`${name}: ${error.message}`);
  });
  child.unref();
  if (child.pid === undefined) throw new Error(`${program} could not be started`);
  writeFileSync(join(records, name), `${child.pid} ${startOf(child.pid) ?? ''}\n`);
}

export function isRunning(name: string): boolean {
  return processOf(name) !== undefined;
}

/** SIGTERM, and SIGKILL three seconds later: the apiserver would linger for a minute. */
export async function stop(name: string): Promise<void> {
  const pid = processOf(name);
  if (pid !== undefined) {
    process.kill(pid, 'SIGTERM');
    for (let tries = 0; tries < 30 && processOf(name) !== undefined; tries += 1) await pause(100);
    if (processOf(name) !== undefined) process.kill(pid, 'SIGKILL');
  }
  rmSync(join(records, name), { force: true });
}

/** The recorded process, where it still is that one: numbers are given out again. */
function processOf(name: string): number | undefined {
  const record = join(records, name);
  if (!existsSync(record)) return undefined;
  const [pid = '', started = ''] = readFileSync(record, 'utf8').trim().split(' ');
  return started !== '' && startOf(Number(pid)) === started ? Number(pid) : undefined;
}

/** Field 22 of stat, in clock ticks since the machine came up; undefined where there is no such process, or only what its parent has not read yet. */
function startOf(pid: number): string | undefined {
  try {
    const [, rest = ''] = /^.*\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    const fields = rest.split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

export interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/** All processes of the machine. */
export function processes(): readonly Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
        const parent = Number(/^.*\) . (\d+)/s.exec(readFileSync(`/proc/${name}/stat`, 'utf8'))?.[1]);
        return [{ pid: Number(name), parent, command }];
      } catch {
        return [];
      }
    });
}

/** By the cgroup that the kubelet made for the pod. */
function processesOfPod(uid: string): readonly number[] {
  return processes()
    .map(({ pid }) => pid)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(`pod${uid}`);
      } catch {
        return false;
      }
    });
}

/** Whether one of a pod's processes has such a command line, its arguments each followed by a space. */
export function runsInPod(uid: string, wanted: RegExp): boolean {
  const own = new Set(processesOfPod(uid));
  return processes().some(({ pid, command }) => own.has(pid) && wanted.test(command));
}

/** SIGKILL for every process of a pod. */
export function killPod(uid: string): void {
  for (const pid of processesOfPod(uid)) kill(pid);
}

/** Kills what containerd's shims hold, and them. They outlive containerd. */
export function killContainers(socket: string): void {
  const all = processes();
  const shims = all.filter(
    ({ pid, command }) => command.includes(socket) && executableOf(pid).includes('containerd-shim'),
  );
  const doomed = new Set(shims.map(({ pid }) => pid));
  for (let size = 0; size !== doomed.size;) {
    size = doomed.size;
    for (const { pid, parent } of all) if (doomed.has(parent)) doomed.add(pid);
  }
  // Children first: a container whose shim is gone becomes a child of process 1.
  for (const pid of [...doomed].reverse()) kill(pid);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It is gone already.
  }
}

function executableOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return '';
  }
}
