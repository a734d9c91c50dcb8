import { hasEnded } from '../checks/policy.ts';
import { parseConfiguration, problemText } from '../config.ts';
import type { Configuration } from '../configuration.ts';
import { utcDay } from '../utc-day.ts';
import { configurationIn } from './configuration-in.ts';
import { count } from './count-text.ts';
import { exitCode } from './exit-code.ts';
import type { ExitCode } from './exit-code.ts';
import { readText, shownName } from './manifest-files.ts';
import type { Terminal } from './terminal.ts';

/**
 * `pgusher config check FILE`: whether the webhook would take it, and if not, each fault with its place. The file itself, or the ConfigMap that
 * has it.
 */
export async function configCheck(file: string, terminal: Terminal): Promise<ExitCode> {
  const name = shownName(file);
  const found = configurationIn(await readText(file));
  if (found.kind === 'none') {
    terminal.out(`${name}:${problemText(found)}\n`);
    return exitCode.findings;
  }
  const parsed = parseConfiguration(found.text);
  if (parsed.kind === 'invalid') {
    terminal.out(
      parsed.problems.map((problem) => `${name}:${problemText({ ...problem, ...found.placeOf(problem) })}\n`).join(''),
    );
    return exitCode.findings;
  }
  const today = utcDay();
  for (const { check, namespace, until } of parsed.configuration.policy.exemptions.filter((exemption) =>
    hasEnded(exemption, today),
  )) {
    terminal.report(
      `${name}: warning: the exemption of ${check} in ${namespace} ended on ${until} and counts for nothing\n`,
    );
  }
  terminal.out(`${name}: fine: ${summary(parsed.configuration)}\n`);
  return exitCode.fine;
}

function summary({ settings, policy }: Configuration): string {
  return [
    count(Object.keys(settings).length, 'setting'),
    `modes of ${count(policy.modes.size, 'check')}`,
    count(policy.exemptions.length, 'exemption'),
  ].join(', ');
}
