import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StatusReport } from '../backup/status-report.ts';

/** Beside the server: why it must not be sent clients; ready.sh reads it. */
export const standbyTroubleFile = 'standby-trouble';

/** To the log, the page and ready.sh: a standby that can never follow again as it is; null: it can. */
export async function sayStandbyTrouble(shared: string, report: StatusReport, trouble: string | null): Promise<void> {
  const path = join(shared, standbyTroubleFile);
  if (trouble === null) {
    report.recovered('standby');
    await rm(path, { force: true });
    return;
  }
  report.failed('standby', trouble);
  await writeFile(path, `${trouble}\n`, { mode: 0o644 });
}
