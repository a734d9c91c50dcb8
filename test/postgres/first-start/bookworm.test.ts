import { describe, it } from 'vitest';
import { canMount, findTool, missingTools } from '../../support/tool.ts';
import { compareFirstStarts, patience } from './compare.ts';

/**
 * The first start with pgusher makes the database that the image alone makes: for combinations of the image's variables, scripts, users
 * and places, and also where it is killed at any moment and begins anew.
 */
describe.skipIf(!canMount() || !findTool('postgres').found || missingTools('xz'))('the first start', () => {
  it(
    'with the PostgreSQL of Debian bookworm makes the database that the image alone makes, killed on the way or not',
    () => compareFirstStarts('bookworm', 0),
    patience,
  );
});
