import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LiveDumpSetting, LiveSetting } from '../../../../src/agent/contract.ts';
import { paths } from '../../../../src/agent/contract.ts';
import { imageOwner } from '../../../support/debian-postgres.ts';

const project = fileURLToPath(new URL('../../../..', import.meta.url));

/** Where the containers see the sources. */
export const sources = '/opt/pgusher';
/** Where `restore --to` and a server started by hand find a directory of the test. */
export const scratch = '/scratch';
/** Folder of the set in the store. */
export const prefix = 'shop/orders';

/** The directories that a pod's containers have as volumes. */
export class PodVolumes {
  /** Of the server's unix sockets. */
  readonly sockets: string;
  /** What all containers of the pod share. */
  readonly shared: string;
  private readonly directory: string;
  private readonly store: string;

  /** @param store directory that is the claim for backups; made where it is missing. */
  constructor(directory: string, store: string) {
    this.directory = directory;
    this.store = store;
    this.sockets = join(directory, 'sockets');
    this.shared = join(directory, 'shared');
    for (const folder of ['volume', 'shared', 'settings', 'replication', 'sockets', 'scratch']) {
      makeFolder(join(directory, folder));
    }
    makeFolder(store);
    this.clearTerminationMessage();
    // As the kubelet makes it, for a container of any uid.
    chmodSync(join(directory, 'termination-log'), 0o666);
    writeFileSync(join(directory, 'replication', 'username'), 'replicator');
    writeFileSync(join(directory, 'replication', 'password'), 'a:b\\c d');
  }

  /** Those of the server's container, by where it sees them. */
  ofServer(dataMount: string): Record<string, string> {
    return {
      [dataMount]: join(this.directory, 'volume'),
      [paths.shared]: this.shared,
      '/run/postgresql': this.sockets,
      [scratch]: join(this.directory, 'scratch'),
      [paths.terminationMessage]: join(this.directory, 'termination-log'),
    };
  }

  ofAgent(dataMount: string): Record<string, string> {
    return {
      [sources]: project,
      [dataMount]: join(this.directory, 'volume'),
      [paths.shared]: this.shared,
      [paths.store]: this.store,
      [paths.liveSettings]: join(this.directory, 'settings'),
      [paths.replicationSecret]: join(this.directory, 'replication'),
      [scratch]: join(this.directory, 'scratch'),
      [paths.terminationMessage]: join(this.directory, 'termination-log'),
    };
  }

  /** The claim of the data is lost, and with the pod what its containers shared. */
  loseData(): void {
    for (const folder of ['volume', 'shared']) {
      rmSync(join(this.directory, folder), { recursive: true });
      makeFolder(join(this.directory, folder));
    }
  }

  /** A file of the data volume, by its path in a container. */
  writeData(dataMount: string, path: string, text: string): void {
    writeFileSync(join(this.directory, 'volume', relative(dataMount, path)), text);
  }

  /** What `restore` decided: the value of `action=`. */
  decision(): string | undefined {
    return /^action=(.*)$/m.exec(readFileSync(join(this.directory, 'shared', 'decision'), 'utf8'))?.[1];
  }

  /** What the last container left for the kubelet. */
  terminationMessage(): string {
    return readFileSync(join(this.directory, 'termination-log'), 'utf8');
  }

  /** Each container begins with an empty one. */
  clearTerminationMessage(): void {
    writeFileSync(join(this.directory, 'termination-log'), '');
  }

  /** A key of the ConfigMap that is read live. */
  setLive(name: LiveSetting | LiveDumpSetting, value: string): void {
    writeFileSync(join(this.directory, 'settings', name), value);
  }

  /** The keys of the same ConfigMap that name the primary. */
  recordPrimary(primary: string, timeline: number, since: string): void {
    for (const [name, value] of Object.entries({ primary, timeline: String(timeline), since })) {
      writeFileSync(join(this.directory, 'settings', name), value);
    }
  }

  /** Names below a folder of the store's system, such as `base`. */
  stored(folder: string): string[] {
    return readdirSync(join(this.store, this.system(), folder), { recursive: true, encoding: 'utf8' }).sort();
  }

  /** The same folder as the agent sees it. */
  storedPath(folder: string): string {
    return join(paths.store, this.system(), folder);
  }

  removeStored(path: string): void {
    rmSync(join(this.store, this.system(), path));
  }

  /** `<prefix>/<system id>` */
  private system(): string {
    return join(prefix, readdirSync(join(this.store, prefix)).find((name) => /^\d+$/.test(name)) ?? '');
  }
}

function makeFolder(folder: string): void {
  mkdirSync(folder, { recursive: true });
  chownSync(folder, imageOwner.uid, imageOwner.gid);
}
