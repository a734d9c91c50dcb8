import { join } from 'node:path';
import type { AgentContract } from '../contract.ts';
import { environmentNames } from '../contract.ts';
import { archiveOf } from '../decision/archive-source.ts';
import { dataVolumePaths } from '../decision/data-volume-paths.ts';
import { foldersToMake } from '../decision/mount-point.ts';
import { serveCommands } from '../command-service.ts';
import type { HttpServer } from '../http/http-server.ts';
import { PortTaken, startHttp } from '../http/http-server.ts';
import { installScripts } from '../restore/install-scripts.ts';
import { startHeartbeat } from '../heartbeat.ts';
import { stepDown } from '../step-down.ts';
import { refuseLock, witnessLock } from '../store/lock-witness.ts';
import { takeVolumeLock } from '../store/volume-lock.ts';
import { keepFollowing } from '../standby/keep-following.ts';
import { keepFollowingArchive } from '../standby/keep-following-archive.ts';
import { keepSettingPasswords, passwordsToSet } from '../passwords/keep-setting-passwords.ts';
import { newStatus } from './agent-status.ts';
import type { BackupEdges } from './backup-edges.ts';
import { keepProtecting } from './protecting.ts';
import { createStatusReport, messageOf } from './status-report.ts';

export type BackupEnd =
  /** It was told to, and the server is gone. */
  | { readonly kind: 'stopped' }
  /** The data volume is another's, its lock was lost, or the port is taken; the sentence is for a person. */
  | { readonly kind: 'refused'; readonly reason: string };

/**
 * `pgusher-agent backup`: the native sidecar. Holds the lock on the data volume, which pgusher-restore waits for, answers HTTP
 * from the first second, receives WAL and takes base backups whenever there is a primary, and ends when it is told to and
 * the server is gone.
 */
export async function runBackup(contract: AgentContract, edges: BackupEdges): Promise<BackupEnd> {
  const { log } = edges;
  const { own } = dataVolumePaths(contract.dataMount);
  const status = newStatus({
    namespace: contract.namespace,
    set: contract.set,
    startedAt: edges.now(),
    backupWanted: contract.backup !== null && contract.store !== null,
    backupOff: contract.backup === null,
    spooled: contract.offsite?.spool !== undefined,
  });
  const report = createStatusReport(status, log, edges.now);
  try {
    await stepDown(contract.owner, [own], await foldersToMake(contract.store, edges.storeMustBeMount));
  } catch (error) {
    // A store that is mounted but broken keeps no database from starting; it is looked at again for each session.
    report.failed('store', messageOf(error));
  }
  const pod = edges.environment[environmentNames.pod] ?? 'none';
  const holder = `${contract.namespace}/${contract.set}, pod ${pod} (uid ${edges.environment[environmentNames.podUid] ?? 'unknown'}), since ${edges.now().toISOString()}`;
  const attempt = await takeVolumeLock(own, holder);
  if (attempt.kind === 'taken') {
    return refused(
      edges,
      `the data volume is in use by ${attempt.holder || 'another agent'}; wanted nobody. Two servers on one data directory destroy it: delete the other pod, or give this one a claim of its own`,
    );
  }
  log.info({ lock: own, pod }, 'the data volume is locked');
  const end = new AbortController();
  const stopping = AbortSignal.any([edges.stop, end.signal]);
  let http: HttpServer;
  try {
    http = await startHttp({ status, host: edges.listen, port: contract.agentPort, now: edges.now });
  } catch (error) {
    await attempt.lock.release();
    if (error instanceof PortTaken) {
      return refused(edges, error.message);
    }
    throw error;
  }
  // pgusher-restore does the same. Kubelets up to 1.36.3 may skip it after a power cut (kubernetes#138514), and the server's probes and
  // hooks would run scripts that are not there.
  await installScripts(join(edges.shared, 'bin')).catch((error: unknown) => {
    log.error({ err: error }, 'the scripts of probes and hooks could not be installed');
  });
  const heartbeat = await startHeartbeat(edges.shared);
  const witness = await witnessLock(edges.shared);
  const passwords = await passwordsToSet({ contract, edges, status, report });
  const alongside = [
    ...edges.alongside.map((service) => service(stopping)),
    serveCommands({ contract, edges: { ...edges, pod } }, log, stopping),
    keepFollowing({ contract, edges, status, report, stopping, passwords }),
    ...(archiveOf(contract) === null
      ? []
      : [keepFollowingArchive({ contract, edges, status, report, stopping, passwords })]),
    keepSettingPasswords(passwords, { contract, edges, status, report, stopping }),
  ];
  const lost = attempt.lock.lost.then((message) => refused(edges, message));
  const protecting = keepProtecting({ contract, edges, status, report, stopping, passwords });
  const ended = await Promise.race([lost, protecting.then((): BackupEnd => ({ kind: 'stopped' }))]);
  end.abort();
  await Promise.all(alongside);
  await http.close();
  await witness.close();
  await heartbeat.stop();
  await attempt.lock.release();
  log.info({ end: ended.kind }, 'stopped');
  return ended;
}

async function refused({ log, shared }: BackupEdges, reason: string): Promise<BackupEnd> {
  log.fatal(reason);
  await refuseLock(shared, reason);
  return { kind: 'refused', reason };
}
