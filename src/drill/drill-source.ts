import { isObject, objectAt, objectsAt, textAt } from '../workload/json.ts';
import type { JsonObject } from '../workload/json.ts';

/** Where the backups of a set lie, as its stored template has it. */
export interface DrillSource {
  /** Claim of the pod whose backups are restored. */
  readonly claim: string;
  /** Folder in it: `<namespace>/<name>`. */
  readonly prefix: string;
  /** Image of the agent that made them. */
  readonly agentImage: string;
}

/** The backups of one pod of a set. A string: why there are none that a drill could restore. */
export function readDrillSource(set: JsonObject, pod: string): DrillSource | string {
  const spec = objectAt(set, 'spec');
  const template = objectAt(objectAt(spec, 'template'), 'spec');
  const agent = objectsAt(template, 'initContainers').find((one) => textAt(one, 'name') === 'pgusher-backup');
  const contract = contractOf(agent);
  const store = objectAt(contract, 'store');
  const [mount, prefix] = [textAt(store, 'mount'), textAt(store, 'prefix')];
  if (agent === undefined || mount === undefined || prefix === undefined) {
    return 'it has no backups: nothing is put anywhere; wanted a set with backups. `pgusher status` says what is missing';
  }
  if (objectAt(contract, 'offsite')['spool'] !== undefined) {
    return `it has no claim for backups, and a drill reads a claim: they are in ${textAt(objectAt(contract, 'offsite'), 'address') ?? ''}. Wanted there: \`pgusher-agent restore --to DIR --store ADDRESS --prefix ${prefix}\` (docs/off-site.md)`;
  }
  const volume = textAt(
    objectsAt(agent, 'volumeMounts').find((one) => textAt(one, 'mountPath') === mount),
    'name',
  );
  const claim = textAt(
    objectAt(
      objectsAt(template, 'volumes').find((one) => textAt(one, 'name') === volume),
      'persistentVolumeClaim',
    ),
    'claimName',
  );
  return { claim: claim ?? `${volume ?? ''}-${pod}`, prefix, agentImage: textAt(agent, 'image') ?? '' };
}

function contractOf(agent: JsonObject | undefined): JsonObject | undefined {
  const text = textAt(
    objectsAt(agent, 'env').find((one) => textAt(one, 'name') === 'PGUSHER_CONTRACT'),
    'value',
  );
  const contract: unknown = JSON.parse(text ?? 'null');
  return isObject(contract) ? contract : undefined;
}
