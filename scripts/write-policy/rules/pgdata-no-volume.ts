import { pgdataNoVolume } from '../../../src/checks/storage/pgdata-no-volume.ts';
import { placesNotTold } from '../narrower.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  kind: 'state',
  check: pgdataNoVolume,
  narrower: `${placesNotTold} Mounts that all lie beside PGDATA; one that names no volume, which the apiserver refuses by itself.`,
  seen: ({ variable }) => {
    return `${variable('dataVolume')}.filter(v, has(v.configMap) || has(v.secret) || has(v.projected) || has(v.downwardAPI)).map(v, v.name) +
${variable('dataPath')}.filter(p, ${variable('dataMount')}.size() == 0 && ${variable('mounts')}.all(m, m.name.startsWith('pgusher')))`;
  },
};
