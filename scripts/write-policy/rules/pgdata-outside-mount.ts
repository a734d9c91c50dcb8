import { pgdataOutsideMount } from '../../../src/checks/storage/pgdata-outside-mount.ts';
import { placesNotTold } from '../narrower.ts';
import { literal } from '../rule.ts';
import type { Rule } from '../rule.ts';
import { annotationName } from '../../../src/workload/annotation-name.ts';

export const rule: Rule = {
  kind: 'state',
  check: pgdataOutsideMount,
  narrower: placesNotTold,
  // The injection writes PGDATA out: what was the image's own place stands in the object as if somebody had said it.
  alsoEscapedBy: ['pgdata-no-volume', 'pg18-old-mount'],
  seen: ({ variable }) => {
    const [annotations, pod, server] = [variable('annotations'), variable('pod'), variable('server')];
    return `${variable('dataMount')}.size() == 0 &&
(${literal(annotationName('data-directory'))} in ${annotations} ||
  ${server}.exists(c, has(c.env) && c.env.exists(e, e.name == 'PGDATA'))) &&
${variable('mounts')}.exists(m, !m.name.startsWith('pgusher') && (m.name in ${variable('claims')} ||
  (has(${pod}.volumes) && ${pod}.volumes.exists(v, v.name == m.name && has(v.persistentVolumeClaim)))))
? ${variable('dataPath')} : []`;
  },
};
