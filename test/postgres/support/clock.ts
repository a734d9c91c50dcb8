import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { giveToServer } from '../../support/postgres-server.ts';
import type { Pod } from './backup-agent.ts';

/** A clock for an agent (jumping-clock.ts), and who sets it: milliseconds from the right time. */
export function clockOf(one: Pod): { readonly clock: string; readonly jump: (milliseconds: number) => void } {
  const clock = join(one.directory, 'clock');
  const jump = (milliseconds: number): void => {
    writeFileSync(clock, String(milliseconds));
  };
  jump(0);
  giveToServer(clock);
  return { clock, jump };
}
