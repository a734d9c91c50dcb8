import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { z } from 'zod';
import { leaveTimesIn, readTimes } from './file-times.ts';
import { runProgram } from './run-program.ts';
import type { StepResult } from './step-result.ts';

const report = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string(),
      assertionResults: z.array(
        z.object({ fullName: z.string(), status: z.string(), failureMessages: z.array(z.string()).default([]) }),
      ),
    }),
  ),
});

export type VitestReport = z.infer<typeof report>;

/** One project of vitest.config.ts, counted from its JSON report. */
export async function runVitest(root: string, project: string): Promise<StepResult> {
  const directory = mkdtempSync(join(tmpdir(), 'pgusher-test-'));
  const file = join(directory, 'report.json');
  const times = join(directory, 'times.jsonl');
  const reporters = ['default', 'json', join(import.meta.dirname, 'file-times.ts')];
  try {
    const { status } = await runProgram(
      'vitest',
      ['run', '--project', project, ...reporters.map((one) => `--reporter=${one}`), `--outputFile.json=${file}`],
      { cwd: root, output: 'shown', env: leaveTimesIn(times) },
    );
    return {
      ...countReport(report.parse(JSON.parse(readFileSync(file, 'utf8'))), status, root),
      files: readTimes(times),
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { passed: 0, failed: 1, skipped: 0, notes: [`vitest left no report: ${reason}`] };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** A file that fails as a whole (it does not load, say) has no tests to count: it counts as one failure. */
export function countReport(vitest: VitestReport, status: number, root: string): StepResult {
  const tests = vitest.testResults.flatMap((file) => file.assertionResults);
  const named = (wanted: (status: string) => boolean): string[] =>
    tests.filter((test) => wanted(test.status)).map((test) => test.fullName);
  const passed = named((result) => result === 'passed').length;
  const failures = tests.filter((test) => test.status === 'failed');
  const skips = named((result) => result !== 'passed' && result !== 'failed');
  const brokenFiles = vitest.testResults
    .filter((file) => file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed'))
    .map((file) => `${file.name.replace(root, '')}: ${file.message.split('\n', 1)[0] ?? ''}`);
  const notes = [
    ...failures.flatMap(({ fullName, failureMessages }) => [`failed: ${fullName}`, ...wordsOf(failureMessages)]),
    ...brokenFiles.map((name) => `failed: ${name}`),
    ...skips.map((name) => `skipped: ${name}`),
  ];
  const failed = failures.length + brokenFiles.length;
  return failed === 0 && status !== 0
    ? {
        passed,
        failed: 1,
        skipped: skips.length,
        notes: [...notes, 'vitest failed outside of any test; see its output above'],
      }
    : { passed, failed, skipped: skips.length, notes };
}

/** The begin of what a failure says, without its stack: of a run elsewhere, often only the last lines are kept. */
function wordsOf(messages: readonly string[]): readonly string[] {
  return messages.flatMap((message) =>
    stripVTControlCharacters(message)
      .split('\n')
      .filter((line) => line.trim() !== '' && !/^\s+at /.test(line))
      .slice(0, 12)
      .map((line) => `  ${line.slice(0, 300)}`),
  );
}
