import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { AgentContract, BackupContract } from '../../../../src/agent/contract.ts';
import { environmentNames, paths, scriptNames } from '../../../../src/agent/contract.ts';
import { witnessLock } from '../../../../src/agent/store/lock-witness.ts';
import { dataVolumePaths } from '../../../../src/agent/decision/data-volume-paths.ts';
import type { DebianPostgres } from '../../../support/debian-postgres.ts';
import { imageOwner } from '../../../support/debian-postgres.ts';
import type { Owner } from '../../../support/postgres-server.ts';
import { freePort } from '../../../support/free-port.ts';
import { removeDirectory, scratchDirectory } from '../../../support/postgres-server.ts';
import { contractOf, plainBackup } from '../../support/contract.ts';
import type { Container, ContainerSpec, Ended } from './container.ts';
import { runContainer, startContainer } from './container.ts';
import { PodVolumes, prefix, sources } from './pod-volumes.ts';
import { VersionAgent } from './version-agent.ts';
import { VersionServer } from './version-server.ts';

interface PodParts {
  readonly name: string;
  readonly server: DebianPostgres;
  readonly agent: DebianPostgres;
  readonly contract: AgentContract;
  readonly volumes: PodVolumes;
}

/**
 * A pod as pgusher injects it: the server in the file system of its own major version, the agent in that of the newest,
 * the volumes mounted where the contract says. They share the machine's network.
 */
export class VersionPod {
  readonly contract: AgentContract;
  readonly volumes: PodVolumes;
  private readonly parts: PodParts;
  private readonly directory: string;
  private readonly containers: Container[] = [];
  private readonly standbys: VersionPod[] = [];

  private constructor(directory: string, parts: PodParts) {
    this.directory = directory;
    this.parts = parts;
    this.contract = parts.contract;
    this.volumes = parts.volumes;
  }

  /** Ordinal 0 of a set with replication. */
  static async primary(server: DebianPostgres, agent: DebianPostgres): Promise<VersionPod> {
    removeLeftOver();
    const directory = scratchDirectory(`versions-${process.pid}`);
    const volumes = new PodVolumes(directory, join(directory, 'store'));
    const contract = await primaryContract(server.major);
    return new VersionPod(directory, { name: 'orders-0', server, agent, contract, volumes });
  }

  /** Ordinal 1 of the same set; removed with this one. */
  async standby(): Promise<VersionPod> {
    const directory = join(this.directory, 'standby');
    const standby = new VersionPod(directory, {
      ...this.parts,
      name: 'orders-1',
      volumes: new PodVolumes(directory, join(this.directory, 'store')),
      contract: {
        ...this.contract,
        serverPort: await freePort(),
        agentPort: await freePort(),
        primary: `127.0.0.1:${this.contract.serverPort}`,
      },
    });
    this.standbys.push(standby);
    return standby;
  }

  /** The init container pgusher-restore, beside a pgusher-backup that does no more than hold the lock. */
  async restore(changes: Partial<AgentContract> = {}): Promise<Ended> {
    const witness = await witnessLock(this.volumes.shared);
    const container = this.startRestore(changes);
    const code = await container.exited;
    await witness.close();
    return { code, output: container.output() };
  }

  /** The same without; as root, which steps down by itself. */
  startRestore(changes: Partial<AgentContract> = {}): Container {
    this.volumes.clearTerminationMessage();
    const root = { uid: 0, gid: 0 };
    const container = startContainer(
      this.parts.agent,
      this.agentSpec(['restore'], root, { ...this.contract, ...changes }),
    );
    this.containers.push(container);
    return container;
  }

  /** The start that carries out the order of `pgusher rebuild`, with another pod of the set as primary and the programs at /opt/rewind. */
  async rebuilt(primary: VersionPod, programs: string): Promise<Ended> {
    const { name } = this.parts;
    const { dataMount, serverPort } = this.contract;
    const since = new Date().toISOString();
    this.volumes.recordPrimary(primary.parts.name, 2, since);
    const order = { id: 'order', primary: primary.parts.name, discard: false, since };
    this.volumes.writeData(dataMount, dataVolumePaths(dataMount).rebuildOrder, JSON.stringify(order));
    const spec = this.agentSpec([], { uid: 0, gid: 0 }, this.contract);
    return runContainer(this.parts.agent, {
      ...spec,
      mounts: {
        ...spec.mounts,
        '/opt/rewind': programs,
        [`${paths.shared}/replication-secret`]: spec.mounts[paths.replicationSecret] ?? '',
      },
      command: [`${sources}/node_modules/.bin/node`, `${sources}/test/postgres/support/restore-process.ts`],
      environment: {
        ...spec.environment,
        RESTORE_PLACES: JSON.stringify({
          shared: paths.shared,
          pod: name,
          mustBeMount: false,
          liveSettings: paths.liveSettings,
          offsitePatienceMs: 0,
          ports: { [name]: serverPort, [primary.parts.name]: primary.contract.serverPort },
        }),
      },
    });
  }

  /** A pgusher-backup that does not get to run. */
  async refusedAgent(changes: Partial<AgentContract> = {}): Promise<Ended> {
    this.volumes.clearTerminationMessage();
    return runContainer(this.parts.agent, this.agentSpec(['backup'], imageOwner, { ...this.contract, ...changes }));
  }

  /** The init container pgusher-initdb. */
  async initialise(): Promise<Ended> {
    this.volumes.clearTerminationMessage();
    const spec = this.serverSpec(['/bin/sh', `${paths.scripts}/${scriptNames.initdb}`]);
    const image = join(import.meta.dirname, 'docker-entrypoint.sh');
    return runContainer(this.parts.server, {
      ...spec,
      mounts: { ...spec.mounts, '/usr/local/bin/docker-entrypoint.sh': image },
    });
  }

  /** Waits until it takes connections, and unless `writable` is false until it is out of recovery too. */
  async startServer(options: { settings?: Record<string, string>; writable?: boolean } = {}): Promise<VersionServer> {
    const settings = Object.entries(options.settings ?? {}).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const server = this.serve(this.contract.dataDirectory, this.contract.serverPort, settings);
    await (options.writable === false ? server.untilConnected() : server.untilWritable());
    return server;
  }

  /** On a directory that `restore --to` made below `scratch`. */
  async startRestored(directory: string): Promise<VersionServer> {
    const server = this.serve(directory, await freePort(), []);
    await server.untilWritable();
    return server;
  }

  /** The sidecar pgusher-backup. */
  async startAgent(backup: Partial<BackupContract> = {}): Promise<VersionAgent> {
    const { contract } = this;
    const changed = contract.backup === null ? contract : { ...contract, backup: { ...contract.backup, ...backup } };
    const container = startContainer(this.parts.agent, this.agentSpec(['backup'], imageOwner, changed));
    this.containers.push(container);
    const agent = new VersionAgent(container, contract.agentPort);
    await agent.untilStarted();
    return agent;
  }

  /** `pgusher-agent …` in the running pod, as `kubectl exec` does it. */
  async runAgent(command: readonly string[]): Promise<Ended> {
    return runContainer(this.parts.agent, this.agentSpec(command, imageOwner, this.contract));
  }

  /** The same by hand on a machine that has no PostgreSQL but the server's. */
  async runByHand(command: readonly string[]): Promise<Ended> {
    return runContainer(this.parts.server, this.agentSpec(command, imageOwner, this.contract));
  }

  /** Any other program of the agent's image. */
  async runInAgent(command: readonly string[]): Promise<Ended> {
    return runContainer(this.parts.agent, { ...this.agentSpec([], imageOwner, this.contract), command });
  }

  /** A script of pgusher in the server's container, as the kubelet runs probes and hooks. */
  async runScript(name: keyof typeof scriptNames, ...args: readonly string[]): Promise<Ended> {
    return runContainer(
      this.parts.server,
      this.serverSpec(['/bin/sh', `${paths.scripts}/${scriptNames[name]}`, ...args]),
    );
  }

  async remove(): Promise<void> {
    for (const standby of this.standbys) {
      await standby.remove();
    }
    for (const container of this.containers) {
      await container.kill();
    }
    removeDirectory(this.directory);
  }

  private serve(dataDirectory: string, port: number, settings: readonly string[]): VersionServer {
    const { server } = this.parts;
    const program = `/usr/lib/postgresql/${server.major}/bin/postgres`;
    const args = ['-D', dataDirectory, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', ...settings];
    const container = startContainer(server, this.serverSpec([program, ...args]));
    this.containers.push(container);
    return new VersionServer(container, this.volumes.sockets, port);
  }

  private serverSpec(command: readonly string[]): ContainerSpec {
    return {
      owner: imageOwner,
      mounts: this.volumes.ofServer(this.contract.dataMount),
      command,
      environment: { PGDATA: this.contract.dataDirectory, POSTGRES_PASSWORD: 'secret' },
    };
  }

  private agentSpec(command: readonly string[], owner: Owner, contract: AgentContract): ContainerSpec {
    const { name } = this.parts;
    return {
      owner,
      mounts: this.volumes.ofAgent(contract.dataMount),
      command: [`${sources}/node_modules/.bin/node`, `${sources}/src/agent/main.ts`, ...command],
      environment: {
        [environmentNames.contract]: JSON.stringify(contract),
        [environmentNames.pod]: name,
        [environmentNames.podUid]: `uid of ${name}`,
        [environmentNames.user]: 'postgres',
        [environmentNames.password]: 'secret',
      },
    };
  }
}

/** What test runs that were killed left: their processes ended with them (debian-postgres-enter.sh), their directories did not. */
function removeLeftOver(): void {
  for (const name of readdirSync('/tmp')) {
    const pid = /^pgusher-test-versions-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) {
      removeDirectory(join('/tmp', name));
    }
  }
}

async function primaryContract(major: number): Promise<AgentContract> {
  // From 18 on the image has its data below the mount, by major version.
  const dataMount = major >= 18 ? '/var/lib/postgresql' : '/var/lib/postgresql/data';
  return {
    ...contractOf({
      set: 'orders',
      major,
      dataMount,
      dataDirectory: join(dataMount, major >= 18 ? `${major}/docker` : 'pgdata'),
      serverPort: await freePort(),
      agentPort: await freePort(),
      store: { mount: paths.store, prefix },
      backup: plainBackup,
    }),
    owner: imageOwner,
    replication: { network: '127.0.0.1/32' },
  };
}

/** @throws with what it wrote, where it did not end with 0. */
export function succeeded(ended: Ended): string {
  if (ended.code !== 0) {
    throw new Error(`ended with ${ended.code}:\n${ended.output}`);
  }
  return ended.output;
}
