import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chartFiles } from './write-chart/chart-files.ts';

/**
 * Writes the Helm chart's templates and schema from manifests/ and the code: `npm run chart`, from anywhere. values.yaml, NOTES.txt and the
 * test of the chart are written by hand. test/chart.test.ts fails while a file and what is written here differ.
 */

for (const [path, text] of chartFiles()) {
  const file = fileURLToPath(new URL(`../manifests/chart/${path}`, import.meta.url));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
