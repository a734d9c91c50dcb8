import { otherTrouble, reasonsToLook, reasonsUnprotected } from '../backup/agent-status.ts';
import type { AgentStatus, SynchronousStandbys } from '../backup/agent-status.ts';
import { lostSlot } from '../backup/lost-slot.ts';
import { unusedSlot } from '../backup/standby-slots.ts';
import { archiveLagSeconds } from '../standby/archive-standing.ts';
import type { ArchiveStanding } from '../standby/archive-standing.ts';
import type { OffsiteStatus } from '../offsite/offsite-status.ts';
import { offsiteLagSeconds } from '../offsite/offsite-status.ts';
import { formatBytes } from '../store/free-space.ts';

/** A page for a person: whether the database is safe, why not, and since when. No script, no link that does anything. */
export function statusPage(status: AgentStatus, now: Date): string {
  const reasons = reasonsToLook(status, now);
  const { receiver, backups, store, server } = status;
  const newest = backups.complete.at(-1);
  const rows: (readonly [string, string])[] = [
    ['server', serverText(server)],
    [
      'recoverable',
      newest === undefined
        ? 'nothing'
        : `from ${text(backups.complete[0]?.finishedAt)} to ${text(receiver.recordedThrough)}`,
    ],
    [
      'a restore now',
      status.restoreRefused === null ? 'would bring everything back' : `refused: ${status.restoreRefused}`,
    ],
    ['WAL in the store', `${receiver.flushedLsn ?? 'none'}${receiver.streaming ? '' : ' (not being received)'}`],
    ['behind by', `${formatBytes(receiver.lagBytes)}, ${receiver.lagSeconds.toFixed(1)} s`],
    ['slot', receiver.slot],
    ['gaps', String(receiver.gaps)],
    ...(status.synchronous === null ? [] : [['commits wait for', synchronousText(status.synchronous)] as const]),
    ...(status.archive === null
      ? []
      : [['follows the backups of another set', archiveText(status.archive, status.startedAt, now)] as const]),
    ...status.standbySlots.map((slot): readonly [string, string] => [
      `slot ${slot.name}`,
      slot.lost !== null
        ? `LOST: ${lostSlot(slot.name, slot.lost)}`
        : slot.unusedSince === null
          ? 'in use'
          : `since ${text(slot.unusedSince)}: ${unusedSlot(slot)}`,
    ]),
    ['next base backup', backups.running ? 'being made now' : text(backups.nextAt)],
    ['last verification', verificationText(backups.lastVerification)],
    ...(status.dumps.wanted || status.dumps.complete.length > 0 ? [['dumps', dumpsText(status.dumps)] as const] : []),
    ['store', `${formatBytes(store.free)} free of ${formatBytes(store.total)}`],
    ...(status.offsite === null
      ? []
      : [['off-site copy', offsiteText(status.offsite, status.startedAt, now)] as const]),
    [
      'last failure',
      status.lastFailure === null ? 'none' : `${text(status.lastFailure.at)} ${status.lastFailure.message}`,
    ],
  ];
  const verdict = verdictOf(status, reasons);
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>${escape(status.set)}: ${verdict}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;margin:2em auto;max-width:60em;padding:0 1em}table{border-collapse:collapse}
td,th{padding:.2em 1em .2em 0;text-align:left;vertical-align:top}.bad{color:#b00020}.good{color:#1b6e2c}</style></head>
<body>
<h1>${escape(`${status.namespace}/${status.set}`)}: <span class="${reasons.length === 0 ? 'good' : 'bad'}">${verdict}</span></h1>
${reasons.length === 0 ? '' : `<ul>${reasons.map((reason) => `<li>${escape(reason)}</li>`).join('')}</ul>`}
<table>${rows.map(([name, value]) => `<tr><th>${escape(name)}</th><td>${escape(value)}</td></tr>`).join('\n')}</table>
<h2>Base backups</h2>
${backups.complete.length === 0 ? '<p>There is none.</p>' : backupsTable(status)}
<p>${now.toISOString()}; the agent runs since ${status.startedAt.toISOString()}. Metrics: <a href="/metrics">/metrics</a></p>
</body></html>
`;
}

function verdictOf(status: AgentStatus, reasons: readonly string[]): string {
  if (reasons.length === 0) {
    return 'protected';
  }
  if (reasonsUnprotected(status).length > 0) {
    return 'NOT PROTECTED';
  }
  if (otherTrouble(status, ['commits']).length > 0) {
    return status.synchronous?.waits === true ? 'COMMITS WAIT' : 'COMMITS ARE ON NO STANDBY';
  }
  if (otherTrouble(status, ['passwords']).length > 0) {
    return 'PASSWORDS NOT SET';
  }
  if (otherTrouble(status, ['offsite']).length > 0) {
    return 'NOT COPIED OFF-SITE';
  }
  return otherTrouble(status, ['dump']).length > 0 ? 'NOT DUMPED' : 'BEHIND ITS SCHEDULE';
}

function synchronousText({ wanted, waits, streaming }: SynchronousStandbys): string {
  const pods = streaming.length === 0 ? 'none' : streaming.join(', ');
  return `${waits ? String(wanted) : `none yet, ${wanted} from when so many have streamed once`} of the set's standbys; streaming: ${pods}`;
}

function archiveText(archive: ArchiveStanding, startedAt: Date, now: Date): string {
  const { completeThrough, storeThrough, replayedLsn, lastTransactionAt } = archive;
  const lag = archiveLagSeconds(archive, startedAt, now).toFixed(0);
  return `has all that was committed there up to ${text(completeThrough)}, ${lag} s ago (replayed ${replayedLsn}, last transaction of ${text(lastTransactionAt)}); these backups have all up to ${text(storeThrough)}`;
}

function offsiteText(offsite: OffsiteStatus, startedAt: Date, now: Date): string {
  const { name, lagBytes, baseBackups, lastPushAt } = offsite;
  const lag = offsiteLagSeconds(offsite, startedAt, now);
  return offsite.ours
    ? `${name}: ${baseBackups} base backups; behind the claim by ${formatBytes(lagBytes)}, ${lag.toFixed(1)} s; last stored ${text(lastPushAt)}`
    : `${name}: not known to be in order`;
}

function dumpsText({ complete, running, nextAt }: AgentStatus['dumps']): string {
  const newest = complete.at(-1);
  const last =
    newest === undefined
      ? 'there is none'
      : `${complete.length}, the newest ${newest.id}: ${newest.databases} databases, ${formatBytes(newest.storedSize)}${newest.failures === 0 ? '' : ', NOT WHOLE'}`;
  return `${last}; ${running ? 'one is being made now' : nextAt === null ? 'none by themselves' : `the next at ${text(nextAt)}`}`;
}

function backupsTable(status: AgentStatus): string {
  const rows = [...status.backups.complete].reverse().map((backup) => {
    const cells = [
      backup.id,
      backup.startedAt.toISOString(),
      formatBytes(backup.storedSize),
      String(backup.timeline),
      backup.verified ? 'yes' : 'no',
    ];
    return `<tr>${cells.map((cell) => `<td>${escape(cell)}</td>`).join('')}</tr>`;
  });
  return `<table><tr><th>id</th><th>start</th><th>size</th><th>timeline</th><th>verified</th></tr>${rows.join('\n')}</table>`;
}

function serverText(server: AgentStatus['server']): string {
  switch (server.kind) {
    case 'waiting':
      return server.reason;
    case 'recovering':
      return 'in recovery';
    case 'primary':
      return `PostgreSQL ${server.major}, system ${server.systemId}, timeline ${server.timeline}`;
  }
}

function verificationText(verification: AgentStatus['backups']['lastVerification']): string {
  return verification === null
    ? 'never'
    : `${text(verification.at)}, ${verification.ok ? 'good' : 'DAMAGED'} (${verification.id})`;
}

function text(time: Date | null | undefined): string {
  return time === null || time === undefined ? 'unknown' : time.toISOString();
}

function escape(value: string): string {
  return value.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
