import { pgdataHostpath } from '../../../src/checks/storage/pgdata-hostpath.ts';
import { placesNotTold } from '../narrower.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  kind: 'state',
  check: pgdataHostpath,
  narrower: placesNotTold,
  seen: ({ variable }) => `${variable('dataVolume')}.filter(v, has(v.hostPath)).map(v, v.name)`,
};
