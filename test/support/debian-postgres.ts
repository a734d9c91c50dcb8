import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Owner } from './postgres-server.ts';
import { canMount, findTool } from './tool.ts';

/** A file system with the PostgreSQL of a Debian suite, made by debian-postgres.sh. */
export interface DebianPostgres {
  readonly suite: string;
  /** Directory of the file system. */
  readonly root: string;
  readonly major: number;
}

/** User `postgres` in each of them; the official image's number. */
export const imageOwner: Owner = { uid: 999, gid: 999 };

/** It holds what it holds today: a version that moved on to sid is no fault of what is tested. */
const mayBeWithout = ['experimental'];

/**
 * The file system of a suite. The first time it is downloaded and unpacked, which takes a minute or three.
 * @returns undefined where this machine cannot make it; the reason is printed.
 * @throws where CI=true and it cannot be had, unless it is `experimental`.
 */
export async function debianPostgres(suite: string): Promise<DebianPostgres | undefined> {
  const made = missing() ?? (await make(suite));
  if (typeof made !== 'string') {
    return made;
  }
  const text = `PostgreSQL of Debian ${suite}: ${made}`;
  if (process.env['CI'] === 'true' && !mayBeWithout.includes(suite)) {
    throw new Error(text);
  }
  console.warn(`skipped: ${text}`);
  return undefined;
}

/** The reason in words where it cannot be made. */
async function make(suite: string): Promise<DebianPostgres | string> {
  const script = fileURLToPath(new URL('./debian-postgres.sh', import.meta.url));
  const child = spawn('sh', [script, suite], { stdio: ['ignore', 'pipe', 'pipe'] });
  let root = '';
  let words = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (root += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (words = (words + chunk).slice(-4000)));
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) {
    return words.trim().split('\n').slice(-3).join('\n');
  }
  root = root.trim();
  return { suite, root, major: Math.max(...readdirSync(join(root, 'usr/lib/postgresql')).map(Number)) };
}

function missing(): string | undefined {
  if (!canMount()) {
    return 'mount and chroot need root, with CAP_SYS_ADMIN in a container';
  }
  if (!existsSync('/etc/debian_version')) {
    return 'this is no Debian: nothing says where its packages come from';
  }
  for (const name of ['debootstrap', 'unshare', 'flock']) {
    const tool = findTool(name);
    if (!tool.found) {
      return tool.reason;
    }
  }
  return undefined;
}

/** What `spawn` takes to run a program in a file system. The child's process id is the program's. */
export function enter(
  place: DebianPostgres,
  options: {
    readonly owner: Owner;
    /** Directories and files of this machine by the path that they have in there. */
    readonly mounts: Readonly<Record<string, string>>;
    /** The program, an absolute path in there, and its arguments. */
    readonly command: readonly string[];
  },
): { readonly file: string; readonly args: readonly string[] } {
  return {
    file: 'sh',
    args: [
      fileURLToPath(new URL('./debian-postgres-enter.sh', import.meta.url)),
      place.root,
      `${options.owner.uid}:${options.owner.gid}`,
      ...Object.entries(options.mounts).map(([target, source]) => `${source}=${target}`),
      '--',
      ...options.command,
    ],
  };
}
