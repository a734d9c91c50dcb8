import type { SetStatus } from './set-status.ts';
import { minuteText, spanText } from './time-text.ts';

/** A set in short words, one for each column of a table: what the terminal and the page tell alike. `-` where there is nothing to tell. */
export interface SetTexts {
  readonly name: string;
  readonly pods: string;
  readonly primary: string;
  readonly from: string;
  readonly to: string;
  readonly lastBackup: string;
  readonly lag: string;
  readonly store: string;
  readonly version: string;
}

export function setTexts(status: SetStatus, now: Date): SetTexts {
  const { namespace, name, pods, primary, recoverable, backups, wal, store, archive, injection } = status;
  return {
    name: `${namespace}/${name}`,
    pods: `${String(pods.ready)}/${String(pods.wanted)}`,
    primary: primary ?? '-',
    from: recoverable === null ? '-' : minuteText(recoverable.from),
    to: recoverable === null || recoverable.to === null ? '-' : minuteText(recoverable.to),
    lastBackup: backupText(backups, now),
    // A standby that follows backups archives nothing itself.
    lag:
      archive !== null ? `${archive.lagSeconds.toFixed(1)} s` : wal === null ? '-' : `${wal.lagSeconds.toFixed(1)} s`,
    store: store === null || store.total === 0 ? '-' : `${String(Math.floor((store.free / store.total) * 100))} % free`,
    version: injection.version === null ? '-' : `${injection.version}${injection.stale ? ' (stale)' : ''}`,
  };
}

function backupText(backups: SetStatus['backups'], now: Date): string {
  if (backups === null || backups.newest === null) return 'never';
  const { finishedAt, verified } = backups.newest;
  return `${spanText(now.getTime() - Date.parse(finishedAt))} ago${verified ? '' : ', not verified'}`;
}
