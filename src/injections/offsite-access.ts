import { caKey, secretFolder } from '../store/object/ca-key.ts';
import { secretKeys } from '../store/object/secret-keys.ts';
import type { JsonObject } from '../workload/json.ts';
import type { SettingValues } from '../workload/settings.ts';

/** How the agent's two containers, and no other, come to the off-site copy. */
export interface OffsiteAccess {
  readonly env: readonly JsonObject[];
  readonly volumes: readonly JsonObject[];
  readonly volumeMounts: readonly JsonObject[];
}

const volume = 'pgusher-store';

/** Without a Secret nothing is added: the platform's own webhooks and metadata say who the pod is. */
export function offsiteAccess({ backup, backupStore, backupStoreSecret }: SettingValues): OffsiteAccess {
  if (!backup || backupStore === undefined || backupStoreSecret === undefined) {
    return { env: [], volumes: [], volumeMounts: [] };
  }
  const reference = (name: string, optional: JsonObject): JsonObject => ({
    name,
    valueFrom: { secretKeyRef: { key: name, name: backupStoreSecret, ...optional } },
  });
  const key = caKey(backupStore);
  const { needed, either, optional } = secretKeys(backupStore);
  return {
    env: [
      ...needed.map((name) => reference(name, {})),
      ...[...either, ...optional].map((name) => reference(name, { optional: true })),
    ],
    volumes:
      key === undefined
        ? []
        : [
            {
              name: volume,
              secret: {
                defaultMode: 0o644,
                items: [{ key, path: key }],
                optional: false,
                secretName: backupStoreSecret,
              },
            },
          ],
    volumeMounts: key === undefined ? [] : [{ name: volume, mountPath: secretFolder, readOnly: true }],
  };
}
