import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AgentStatus } from '../backup/agent-status.ts';
import type { BackupEdges } from '../backup/backup-edges.ts';
import { pause } from '../backup/pause.ts';
import type { StatusReport } from '../backup/status-report.ts';
import { messageOf } from '../backup/status-report.ts';
import type { AgentContract } from '../contract.ts';
import { dataVolumePaths } from '../decision/data-volume-paths.ts';
import { readCredentials } from '../server-connection/credentials.ts';
import type { Credentials } from '../server-connection/credentials.ts';
import { whyNotAsked } from '../server-connection/postmaster-status.ts';
import { beQuiet } from '../server-connection/quiet-statement.ts';
import type { ServerAddress } from '../server-connection/server-address.ts';
import { connectAsReplication, connectBriefly } from '../server-connection/server-connection.ts';
import type { Attempt, ServerConnection } from '../server-connection/server-connection.ts';
import { isStandbyData } from '../standby/other-primary.ts';
import { notSetYet, passwordsTroubleFile, takeOutLoginLine } from './order-passwords.ts';
import { readPasswordsOrder, removePasswordsOrder, writePasswordsOrder } from './passwords-order.ts';
import type { PasswordsOrder } from './passwords-order.ts';
import type { RolePassword } from './role-passwords.ts';
import { readRolePasswords } from './role-passwords.ts';
import { setPassword } from './set-password.ts';

/** What the rest of the agent has to know while passwords of a restored database are to be set. */
export interface PasswordsToSet {
  /** Nobody else logs in yet: the login that is known may be none of this server's. */
  waitedFor: boolean;
  /** Where pg_hba.conf lets the superuser in from; null: it does not. */
  loginFrom: string | null;
  order: PasswordsOrder | undefined;
}

interface Parts {
  readonly contract: AgentContract;
  readonly edges: BackupEdges;
  readonly status: AgentStatus;
  readonly report: StatusReport;
}

/** Before anything logs in. What was ordered before this agent began is known at once. */
export async function passwordsToSet(parts: Parts): Promise<PasswordsToSet> {
  const state: PasswordsToSet = { waitedFor: false, loginFrom: null, order: undefined };
  await lookForOrder(state, parts);
  return state;
}

/** The sidecar starts before pgusher-restore does, so the order comes while it runs, and before there is a server. */
async function lookForOrder(state: PasswordsToSet, { contract, edges, report }: Parts): Promise<void> {
  if (contract.restore.passwords === 'keep') return;
  let order: PasswordsOrder | undefined;
  try {
    order = await readPasswordsOrder(pathOf(contract), contract.dataDirectory);
  } catch (error) {
    report.failed('passwords', messageOf(error));
    return;
  }
  // Nothing else of them is named while there is no order.
  report.recovered('passwords');
  if (order === undefined) return;
  // pgusher-restore did that; kubelets up to 1.36.3 may skip it after a power cut (kubernetes#138514).
  await tell(edges, notSetYet);
  state.waitedFor = true;
  state.loginFrom = order.loginFrom;
  state.order = order;
}

/**
 * After a restore: the superuser gets the password of this pod's environment, and the roles of the Secret theirs, before the pod is Ready. Once:
 * pgusher-restore orders it with each restore. What cannot be done keeps the pod from being Ready, is said, and is tried again.
 */
export async function keepSettingPasswords(
  state: PasswordsToSet,
  parts: Parts & { readonly stopping: AbortSignal },
): Promise<void> {
  const { contract, edges, report, stopping, status } = parts;
  if (contract.restore.passwords === 'keep') return;
  const stopped = (): boolean => stopping.aborted;
  while (!stopped()) {
    if (state.order === undefined) await lookForOrder(state, parts);
    if (state.order === undefined) {
      await pause(lookEach, stopping);
      continue;
    }
    const outcome = await setOnce(state, parts).catch((error: unknown): Outcome => ({
      kind: 'failed',
      reason: messageOf(error),
    }));
    switch (outcome.kind) {
      case 'waiting':
        if (state.waitedFor) {
          status.server = { kind: 'waiting', reason: outcome.reason };
        }
        await pause(500, stopping);
        break;
      case 'failed':
        report.failed('passwords', outcome.reason);
        await tell(edges, outcome.reason);
        state.waitedFor = false;
        await pause(5_000, stopping);
        break;
      case 'done':
        await tell(edges, null);
        report.recovered('passwords');
        state.waitedFor = false;
        state.order = undefined;
        await keepNamingMissing(outcome.missing, parts);
    }
  }
}

/** Milliseconds. The server starts one container after the restore, at the earliest. */
const lookEach = 500;

type Outcome =
  | { readonly kind: 'waiting'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string }
  /** `missing`: roles that the restored database does not have. */
  | { readonly kind: 'done'; readonly missing: readonly string[] };

function waiting(reason: string): Outcome {
  return { kind: 'waiting', reason };
}

async function setOnce(state: PasswordsToSet, parts: Parts & { readonly stopping: AbortSignal }): Promise<Outcome> {
  const { contract, edges } = parts;
  const reason = await whyNotAsked(contract.dataDirectory);
  if (reason !== null) {
    return waiting(reason);
  }
  const login = await readCredentials(edges.environment);
  const { attempt, address } = await logIn(state, contract.serverPort, login);
  switch (attempt.kind) {
    case 'absent':
      return waiting(`nothing listens on 127.0.0.1:${contract.serverPort} yet`);
    case 'not-ready':
      return waiting(attempt.message);
    case 'refused':
      return {
        kind: 'failed',
        reason: `the database was restored, and its server does not let "${login.user}" of this pod in to set the password: ${attempt.message}; ${wanted(login.user)}`,
      };
    case 'connected':
      try {
        return (
          (await untilWritable(attempt.connection, state, parts)) ?? (await setWithin(address, state, parts, login))
        );
      } finally {
        await attempt.connection.close();
      }
  }
}

function wanted(user: string): string {
  return (
    `wanted the user that the restored database has (POSTGRES_USER), or its password set by hand in the server's container, which is looked for every few seconds: ` +
    `psql -U ${user} -c '\\password'. postgres.io/restore-passwords: keep leaves all passwords as they were restored`
  );
}

async function logIn(
  { loginFrom }: PasswordsToSet,
  port: number,
  login: Credentials,
): Promise<{ readonly attempt: Attempt; readonly address: ServerAddress }> {
  const plain = { host: '127.0.0.1', port };
  if (loginFrom !== null) {
    const address = { ...plain, from: loginFrom };
    const attempt = await connectAsReplication(address, login);
    if (attempt.kind !== 'refused') {
      return { attempt, address };
    }
    // The server reads another pg_hba.conf, or there is no such address here.
  }
  return { attempt: await connectAsReplication(plain, login), address: plain };
}

/**
 * Waits for the end of the recovery in one session: no line in the log for each look, and of the kind that a smart shutdown does not wait for.
 * @returns undefined where the server takes writes.
 */
async function untilWritable(
  connection: ServerConnection,
  state: PasswordsToSet,
  { contract, status, stopping }: Parts & { readonly stopping: AbortSignal },
): Promise<Outcome | undefined> {
  const stopped = (): boolean => stopping.aborted;
  try {
    while (await isInRecovery(connection)) {
      if (await isStandbyData(contract.dataDirectory)) {
        // Its primary's passwords come with the WAL.
        await endLogin(async (text) => connection.query(text), state, contract);
        await removePasswordsOrder(pathOf(contract));
        return { kind: 'done', missing: [] };
      }
      if (stopped()) {
        return waiting('the agent is stopping');
      }
      if (state.waitedFor) {
        status.server = { kind: 'recovering' };
      }
      await pause(300, stopping);
    }
    return undefined;
  } catch (error) {
    return waiting(`the connection ended: ${messageOf(error)}`);
  }
}

async function setWithin(
  address: ServerAddress,
  state: PasswordsToSet,
  { contract, edges }: Parts,
  login: Credentials,
): Promise<Outcome> {
  const client = await connectBriefly(address, login);
  try {
    await beQuiet(client);
    const changed: string[] = [];
    const missing: string[] = [];
    const setAll = async (roles: readonly RolePassword[]): Promise<void> => {
      for (const each of roles) {
        const outcome = await setPassword(client, each);
        if (outcome === 'set') changed.push(each.role);
        if (outcome === 'missing') missing.push(each.role);
      }
    };
    if (login.password !== null) {
      await setAll([{ role: login.user, password: login.password }]);
      // The line is not needed any more, whatever comes of the others.
      await endLogin(async (text) => client.query(text), state, contract);
    }
    if (contract.restore.passwords === 'secret') {
      await setAll(await readRolePasswords(edges.rolePasswords));
    }
    await endLogin(async (text) => client.query(text), state, contract);
    await removePasswordsOrder(pathOf(contract));
    edges.log.info({ changed }, 'the passwords of the restored database are those of this pod');
    return { kind: 'done', missing };
  } catch (error) {
    return { kind: 'failed', reason: `a password of the restored database is not set: ${messageOf(error)}` };
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Nobody is let in by the line any more. */
async function endLogin(
  query: (text: string) => Promise<unknown>,
  state: PasswordsToSet,
  contract: AgentContract,
): Promise<void> {
  if (state.loginFrom === null || state.order === undefined) {
    return;
  }
  await takeOutLoginLine(contract.dataDirectory);
  await query('SELECT pg_catalog.pg_reload_conf()');
  await writePasswordsOrder(pathOf(contract), { ...state.order, loginFrom: null });
  state.loginFrom = null;
}

/** Said until somebody has made them; what they may do is not known here. */
async function keepNamingMissing(
  missing: readonly string[],
  { contract, edges, report, stopping }: Parts & { readonly stopping: AbortSignal },
): Promise<void> {
  const stopped = (): boolean => stopping.aborted;
  for (let left = missing; left.length > 0 && !stopped();) {
    report.failed(
      'passwords',
      `the restored database has no role ${left.map((role) => `"${role}"`).join(', ')}, which postgres.io/restore-passwords-secret has a password for; wanted it made by hand (CREATE ROLE … LOGIN PASSWORD …), or not named there`,
    );
    await pause(60_000, stopping);
    left = await stillMissing(left, contract, edges).catch(() => left);
  }
  report.recovered('passwords');
}

async function stillMissing(
  roles: readonly string[],
  contract: AgentContract,
  edges: BackupEdges,
): Promise<readonly string[]> {
  const client = await connectBriefly(
    { host: '127.0.0.1', port: contract.serverPort },
    await readCredentials(edges.environment),
  );
  try {
    const found = await client.query<{ name: string }>(
      'SELECT rolname AS name FROM pg_catalog.pg_roles WHERE rolname = ANY ($1::text[])',
      [roles],
    );
    return roles.filter((role) => !found.rows.some(({ name }) => name === role));
  } finally {
    await client.end();
  }
}

async function isInRecovery(connection: ServerConnection): Promise<boolean> {
  const [row] = await connection.query<{ recovering: boolean }>('SELECT pg_catalog.pg_is_in_recovery() AS recovering');
  return row?.recovering !== false;
}

/** To ready.sh; null: nothing stands in the way any more. */
async function tell({ shared, log }: BackupEdges, reason: string | null): Promise<void> {
  const path = join(shared, passwordsTroubleFile);
  const written = reason === null ? rm(path, { force: true }) : writeFile(path, `${reason}\n`, { mode: 0o644 });
  await written.catch((error: unknown) => {
    log.error({ err: error }, 'the readiness of the server cannot be told');
  });
}

function pathOf(contract: AgentContract): string {
  return dataVolumePaths(contract.dataMount).passwords;
}
