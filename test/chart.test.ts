import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { chartFiles } from '../scripts/write-chart/chart-files.ts';

const folder = join(import.meta.dirname, '..', 'manifests', 'chart');
const byHand = ['templates/NOTES.txt', 'templates/tests/admission.yaml', 'values.yaml'];

test('the chart is what `npm run chart` writes from the manifests and the code, and what is written by hand', () => {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
  const there = new Map(files.map((file) => [file, readFileSync(join(folder, file), 'utf8')]));
  for (const file of byHand) expect(there.delete(file), file).toBe(true);
  expect(there).toEqual(chartFiles());
});
