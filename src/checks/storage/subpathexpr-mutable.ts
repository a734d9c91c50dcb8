import { objectAt, textAt } from '../../workload/json.ts';
import type { EnvironmentValue } from '../../workload/postgres-workload.ts';
import { noObservations } from '../check.ts';
import type { Check, Observation } from '../check.ts';
import { mountField } from '../field-path.ts';
import { printable, quoted } from '../shown-text.ts';

/**
 * Fields: subPathExpr of the mount under PGDATA, and the variables that it names.
 * Allowed: literal values, the pod's name and namespace. A change of a literal is seen by `pgdata-subpath-change`.
 */
export const subpathexprMutable: Check = {
  id: 'subpathexpr-mutable',
  severity: 'warn',
  summary: 'The directory of the data follows a value that changes while the set lives.',
  because:
    'With a new value the pod starts on an empty directory: the application finds an empty database, and the old data lies beside it on the same volume, unseen.',
  instead: 'A static subPath, or `$(POD_NAME)` from metadata.name.',
  examine({ server }) {
    const mount = server?.data.mount;
    if (server === undefined || mount?.subPathExpr === undefined) return noObservations;
    const names = [...mount.subPathExpr.matchAll(/\$\(([^)]+)\)/g)].map(([, name = '']) => name);
    return names.flatMap((name): readonly Observation[] => {
      const source = changingSource(server.environment.get(name));
      if (source === undefined) return [];
      return [
        {
          field: `${mountField(server, mount)}.subPathExpr`,
          message: `$(${printable(name)}) is ${source.what}; wanted a value that stays. Write subPath, or take metadata.name.`,
          ...(source.isOfPod ? { severity: 'deny' } : {}),
        },
      ];
    });
  },
};

interface ChangingSource {
  readonly what: string;
  /** Another one in each new pod, without anybody changing anything. */
  readonly isOfPod: boolean;
}

const ofPod: Readonly<Record<string, string>> = {
  'metadata.uid': 'another one in each new pod',
  'status.podIP': 'another one in each new pod',
  'status.podIPs': 'another one in each new pod',
  'spec.nodeName': 'another one when the pod moves',
  'status.hostIP': 'another one when the pod moves',
  'status.hostIPs': 'another one when the pod moves',
  "metadata.labels['controller-revision-hash']": 'another one after each rollout',
};

const staysWithPod =
  /^(?:metadata\.name|metadata\.namespace|spec\.serviceAccountName|metadata\.labels\['(?:statefulset\.kubernetes\.io\/pod-name|apps\.kubernetes\.io\/pod-index)'\])$/;

function changingSource(variable: EnvironmentValue | undefined): ChangingSource | undefined {
  if (variable === undefined || variable.kind === 'value') return undefined;
  if (variable.kind === 'secret')
    return { what: `from Secret ${quoted(variable.secret)}, which may change`, isOfPod: false };
  const path = textAt(objectAt(variable.valueFrom, 'fieldRef'), 'fieldPath');
  if (path === undefined) return { what: 'from another object, which may change', isOfPod: false };
  const what = Object.hasOwn(ofPod, path) ? ofPod[path] : undefined;
  if (what !== undefined) return { what: `${path}, ${what}`, isOfPod: true };
  return staysWithPod.test(path) ? undefined : { what: `${printable(path)}, which may change`, isOfPod: false };
}
