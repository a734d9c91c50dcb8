import { admitFiles, isRefused } from './admit-files.ts';
import { changeFiles } from './changed-files.ts';
import { exitCode } from './exit-code.ts';
import type { ExitCode } from './exit-code.ts';
import { findingsText } from './finding-text.ts';
import { injectedObjects } from './inject.ts';
import { refuseNothing } from './find-objects.ts';
import type { ManifestOptions } from './manifest-options.ts';
import type { Colour, Terminal } from './terminal.ts';
import { unifiedDiff } from './unified-diff.ts';

/** `pgusher diff`: what `inject` would change, line by line. A difference is no finding: only a refusal exits with 1. */
export async function diff(options: ManifestOptions, terminal: Terminal): Promise<ExitCode> {
  const { files, objects } = await admitFiles(options, terminal);
  refuseNothing(files, objects);
  for (const { where, verdict } of objects) {
    if (verdict.findings.length > 0)
      terminal.report(`${findingsText(where, verdict.findings, terminal.reportColour)}\n`);
  }
  for (const { file, text } of changeFiles(files, injectedObjects(objects))) {
    const lines = unifiedDiff(file.text, text, file.name, `${file.name} (injected)`);
    terminal.out(lines.map((line) => `${coloured(line, terminal.outColour)}\n`).join(''));
  }
  return objects.some(isRefused) ? exitCode.findings : exitCode.fine;
}

function coloured(line: string, colour: Colour): string {
  if (line.startsWith('+++') || line.startsWith('---')) return colour('bold', line);
  if (line.startsWith('@@')) return colour('cyan', line);
  if (line.startsWith('+')) return colour('green', line);
  return line.startsWith('-') ? colour('red', line) : line;
}
