import { pgdataEphemeralVolume } from '../../../src/checks/storage/pgdata-ephemeral-volume.ts';
import { placesNotTold } from '../narrower.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  kind: 'state',
  check: pgdataEphemeralVolume,
  narrower: placesNotTold,
  seen: ({ variable }) =>
    `${variable('dataVolume')}.filter(v, has(v.ephemeral) || has(v.csi) || has(v.gitRepo) || has(v.image)).map(v, v.name)`,
};
