import { existsSync, readFileSync, readdirSync, rmSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { command, tryCommand } from './command.ts';
import { containerdSocket, files } from './configuration.ts';
import { programs as programNames } from './node.ts';
import { network, places } from './places.ts';
import { isRunning, killContainers, processes, stop } from './processes.ts';

/**
 * Takes away what a cluster on this machine left: processes, containers, mounts, cgroups, network, rules, its files. What was built
 * (programs, images) stays. Each step stands alone, so that what an interrupted run left goes too.
 */
export async function clear(programs: string): Promise<void> {
  for (const name of programNames) {
    if (name === 'containerd') killContainers(containerdSocket);
    await stop(name);
  }
  // The builder leaves its own mounts to the next reboot.
  await unmountBelow(places.run, places.sockets, places.storage);
  await removeNetwork(programs);
  removeControlGroups();
  rmSync(places.sockets, { recursive: true, force: true });
  rmSync(places.volumes, { recursive: true, force: true });
  rmSync(places.run, { recursive: true, force: true });
}

/** Something of an earlier run is there. */
export function leftovers(): boolean {
  return existsSync(places.run) || existsSync(places.sockets) || isRunning('containerd');
}

async function unmountBelow(...directories: readonly string[]): Promise<void> {
  const mounted = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => (line.split(' ')[1] ?? '').replaceAll('\\040', ' '))
    .filter((path) => directories.some((directory) => path.startsWith(`${directory}/`)));
  // The deepest first. Lazily, since a process that is on its way out may still hold one.
  for (const path of mounted.reverse()) await command('umount', ['--lazy', path]).catch(() => undefined);
}

async function removeNetwork(programs: string): Promise<void> {
  const proxy = join(programs, 'kube-proxy');
  if (existsSync(proxy) && (await command('iptables-save', []).catch(() => '')).includes('KUBE-')) {
    await command(proxy, ['--cleanup']).catch(() => undefined);
  }
  await removeKubeletRules();
  // Namespaces of pods, which the plugin names so; those of a pod that runs are busy and belong to somebody else's cluster.
  const attached = await command('ip', ['-json', 'link', 'show', 'master', network.bridge]).catch(() => '');
  const identifiers = new Set([...attached.matchAll(/"link_netnsid":(\d+)/g)].map(([, id]) => id));
  const listed = await command('ip', ['netns', 'list']).catch(() => '');
  for (const [, name, id] of listed.matchAll(/^(cni-\S+)(?: \(id: (\d+)\))?$/gm)) {
    if (name !== undefined && id !== undefined && identifiers.has(id)) {
      await command('ip', ['netns', 'delete', name]).catch(() => undefined);
    }
  }
  await command('ip', ['link', 'delete', network.bridge]).catch(() => undefined);
  if (existsSync(files.forwarding) && readFileSync(files.forwarding, 'utf8').trim() === '0') {
    await command('sysctl', ['-qw', 'net.ipv4.ip_forward=0']);
  }
}

/** Those that a kubelet makes by itself (KEP-3178) and leaves; another kubelet that runs here needs them too. */
async function removeKubeletRules(): Promise<void> {
  if (processes().some(({ command: line }) => /^\S*kubelet /.test(line))) return;
  for (const program of ['iptables', 'ip6tables']) {
    const run = (...args: readonly string[]): Promise<unknown> => tryCommand(program, args);
    for (const chain of ['INPUT', 'OUTPUT']) await run('-D', chain, '-j', 'KUBE-FIREWALL');
    await run('-F', 'KUBE-FIREWALL');
    await run('-X', 'KUBE-FIREWALL');
    for (const table of ['filter', 'nat', 'mangle']) await run('-t', table, '-X', 'KUBE-KUBELET-CANARY');
    await run('-t', 'mangle', '-X', 'KUBE-IPTABLES-HINT');
  }
}

/** The kubelet's groups, in which nothing runs any more. */
function removeControlGroups(): void {
  const root = '/sys/fs/cgroup';
  if (!existsSync(root)) return;
  for (const directory of ['.', ...readdirSync(root)]) remove(join(root, directory, 'kubepods'));
}

function remove(group: string): void {
  if (!existsSync(group)) return;
  for (const entry of readdirSync(group, { withFileTypes: true })) {
    if (entry.isDirectory()) remove(join(group, entry.name));
  }
  try {
    rmdirSync(group);
  } catch {
    // Something runs in it: it is not ours.
  }
}
