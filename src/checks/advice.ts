import type { Finding } from './check.ts';
import { catalogue } from './registry.ts';

/**
 * What stands below a finding, wherever it is shown: what to paste, how to have it all the same, where the reasons are. Findings that
 * no check of the catalogue made (`injection-missing`) say everything in their message.
 */
export function adviceOn({ check: id, severity }: Finding): readonly string[] {
  const check = catalogue.get(id);
  if (check === undefined) return [];
  const why = `Why: docs/checks.md#${id}`;
  const isDenied = severity === 'deny';
  return [
    ...(check.paste?.split('\n').map((line) => `  ${line}`) ?? []),
    // A dated escape stands in the message, with name and day.
    ...(isDenied && check.noEscape === undefined && check.datedEscape === undefined
      ? [`Allow it: postgres.io/allow-${id}: "<reason>"`]
      : []),
    ...(isDenied && check.noEscape !== undefined ? [`No escape: ${check.noEscape}`] : []),
    why,
  ];
}
