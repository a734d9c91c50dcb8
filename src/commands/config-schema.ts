import { exitCode } from './exit-code.ts';
import type { ExitCode } from './exit-code.ts';
import type { Terminal } from './terminal.ts';

/** `pgusher config schema`: what docs/schemas has, of this very version. */
export async function configSchema(of: 'config' | 'annotations', terminal: Terminal): Promise<ExitCode> {
  const schema =
    of === 'config'
      ? (await import('../schemas/configuration.ts')).configurationJsonSchema()
      : (await import('../schemas/annotations.ts')).annotationsJsonSchema();
  terminal.out(`${JSON.stringify(schema, undefined, 2)}\n`);
  return exitCode.fine;
}
