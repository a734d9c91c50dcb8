import { appendFileSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';
import { z } from 'zod';

/** How long one file of tests took, hooks included; several run side by side. */
export interface FileTime {
  readonly file: string;
  readonly seconds: number;
}

const variable = 'PGUSHER_FILE_TIMES';

const line = z.object({ file: z.string(), seconds: z.number() });

/** For the environment of vitest: where the reporter leaves its lines. */
export function leaveTimesIn(path: string): NodeJS.ProcessEnv {
  return { [variable]: path };
}

export function readTimes(path: string): readonly FileTime[] {
  return readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((text) => line.parse(JSON.parse(text)));
}

/** vitest's JSON report counts the tests alone; most of what a scenario takes is in front of them. */
export default class FileTimes implements Reporter {
  onTestModuleEnd(module: TestModule): void {
    const path = process.env[variable];
    if (path === undefined) return;
    const { duration, collectDuration, setupDuration } = module.diagnostic();
    const seconds = (duration + collectDuration + setupDuration) / 1000;
    appendFileSync(path, `${JSON.stringify({ file: relative(process.cwd(), module.moduleId), seconds })}\n`);
  }
}
