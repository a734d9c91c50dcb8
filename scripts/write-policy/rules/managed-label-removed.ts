import { managedLabelRemoved } from '../../../src/checks/settings/managed-label-removed.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  kind: 'change',
  check: managedLabelRemoved,
  narrower: undefined,
  refused: 'variables.wasManaged && !variables.isManaged',
};
