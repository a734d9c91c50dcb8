import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { paths } from '../src/agent/contract.ts';
import { newestMajor } from '../src/workload/newest-major.ts';

/** control-file.ts reads none that is older. */
const oldestMajor = 13;

const dockerfile = readFileSync(join(import.meta.dirname, '..', 'Dockerfile'), 'utf8');

/** A volume lies over what the image has there: the first pods on a kubelet found no program in their image. */
test('the programs lie where no pod mounts a volume', () => {
  const programs = [...dockerfile.matchAll(/^ENTRYPOINT \["([^"]+)"\]$/gm)].map(([, path]) => path ?? '');
  expect(programs).toHaveLength(2);
  for (const program of programs) {
    for (const mount of Object.values(paths)) {
      expect(`${program}/`.startsWith(`${mount}/`), `${program} is below ${mount}`).toBe(false);
    }
  }
});

/** The webhook refuses servers that are newer than the agent; with another number here it would refuse the wrong ones. */
test("the agent's image has the programs of the newest major that the webhook lets in", () => {
  expect(/^ARG POSTGRES_MAJOR=(\d+)$/m.exec(dockerfile)?.[1]).toBe(String(newestMajor));
});

/** pg_rewind reads its own major alone: with one missing, `pgusher rebuild` copies whole databases of that major and nobody sees why. */
test("the agent's image has pg_rewind of each major before the newest", () => {
  const before = Array.from({ length: newestMajor - oldestMajor }, (_, index) => String(oldestMajor + index));
  for (const written of [
    /^ARG POSTGRES_(\d+)_IMAGE=postgres:\1-bookworm$/gm,
    /^FROM \$\{POSTGRES_(\d+)_IMAGE\} AS server-\1$/gm,
    /--mount=type=bind,from=server-(\d+),target=\/from\/\1 /g,
  ]) {
    expect([...dockerfile.matchAll(written)].map(([, major]) => major)).toEqual(before);
  }
});
