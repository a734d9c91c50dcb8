import type { Rule } from '../rule.ts';

/** No check of the catalogue: src/admission/injection-missing.ts, which renders again and compares. */
const check = {
  id: 'injection-missing',
  summary: 'This update takes containers of pgusher out, or everything that was injected.',
  instead: 'The injected parts as they are: change the stored object, or apply again once the webhook is up.',
  noEscape: 'without its parts the set has no backup; take the label away instead.',
};

/** From an image that manages Postgres by itself what was injected is taken out. */
const leftAlone = 'bitnami|postgresql-repmgr|spilo|patroni|crunchy';

export const rule: Rule = {
  kind: 'change',
  check,
  narrower:
    'Parts that are changed and not gone, and all parts but the containers where the hash on the template differs.',
  refused: `variables.isManaged && variables.wasManaged &&
!variables.pod.containers.exists(c, c.image.matches('${leftAlone}')) &&
variables.oldHash != '' && variables.oldOurs.size() > 0 &&
(variables.hash == '' ? variables.ours.size() == 0 :
  variables.hash == variables.oldHash && !variables.oldOurs.all(name, name in variables.ours))`,
};
