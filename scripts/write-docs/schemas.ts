import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { annotationsJsonSchema } from '../../src/schemas/annotations.ts';
import { configurationJsonSchema } from '../../src/schemas/configuration.ts';

/**
 * Writes docs/schemas from the schema of the config file and the tables of settings and checks: `node scripts/write-docs/schemas.ts`, without
 * arguments, from anywhere. test/schemas fails while a file and the code differ.
 */

const schemaPath = (name: string): string =>
  fileURLToPath(new URL(`../../docs/schemas/${name}.schema.json`, import.meta.url));

/** Path and text of each. */
export const schemaFiles: readonly (readonly [string, string])[] = [
  [schemaPath('config'), textOf(configurationJsonSchema())],
  [schemaPath('annotations'), textOf(annotationsJsonSchema())],
];

function textOf(schema: object): string {
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [path, text] of schemaFiles) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}
