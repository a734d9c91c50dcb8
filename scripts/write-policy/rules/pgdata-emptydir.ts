import { pgdataEmptydir } from '../../../src/checks/storage/pgdata-emptydir.ts';
import { placesNotTold } from '../narrower.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  kind: 'state',
  check: pgdataEmptydir,
  narrower: placesNotTold,
  seen: ({ variable }) => `${variable('dataVolume')}.filter(v, has(v.emptyDir)).map(v, v.name)`,
};
