import { answerReview } from '../admission/handler.ts';
import type { Webhook } from '../admission/handler.ts';
import { readManifests } from '../manifests/read-manifests.ts';
import { UsageError, exitCode } from './exit-code.ts';
import type { ExitCode } from './exit-code.ts';
import { readText, shownName } from './manifest-files.ts';
import { offlineContext } from './offline-admission.ts';
import type { Terminal } from './terminal.ts';

export interface ReviewOptions {
  readonly webhook: Webhook;
  readonly filename: string;
  readonly config: string | undefined;
}

/** `pgusher review`: an AdmissionReview in, the answer of the webhook out, byte for byte. */
export async function review(options: ReviewOptions, terminal: Terminal): Promise<ExitCode> {
  const text = await readText(options.filename);
  const context = await offlineContext(options.config, []);
  const answer = answerReview(options.webhook, jsonOf(text, options.filename), context);
  switch (answer.kind) {
    case 'reviewed':
      terminal.out(`${answer.body}\n`);
      return answer.verdict.allowed ? exitCode.fine : exitCode.findings;
    case 'malformed':
      throw new UsageError(`${shownName(options.filename)}: ${answer.line}`);
    case 'failed':
      throw answer.error;
  }
}

/** What looks like JSON goes to the handler as it is, which says itself what is wrong with it; YAML is made JSON first. */
function jsonOf(text: string, name: string): string {
  if (/^\s*[{[]/.test(text)) return text;
  const read = readManifests(text);
  if (read.kind === 'unreadable')
    throw new UsageError(`${shownName(name)}:${read.line}:${read.column}: ${read.message}`);
  const values = read.documents.map(({ value }) => value).filter((value) => value !== null);
  if (values.length !== 1)
    throw new UsageError(`${shownName(name)}: wanted one AdmissionReview; this holds ${values.length} documents`);
  return JSON.stringify(values[0]);
}
