import { configurationJsonSchema } from '../../src/schemas/configuration.ts';
import type { JsonSchema } from '../../src/schemas/setting-value.ts';
import { switches } from './switches.ts';

const name = '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$';
/** name[:tag][@digest], with the host in front where there is one. */
const image = '^[a-zA-Z0-9]([-a-zA-Z0-9._/:]*[a-zA-Z0-9])?(@sha256:[0-9a-f]{64})?$';

const map = (properties: Readonly<Record<string, JsonSchema>>, ...optional: readonly string[]): JsonSchema => ({
  type: 'object',
  additionalProperties: false,
  // A null takes a key away.
  required: Object.keys(properties).filter((key) => !optional.includes(key)),
  properties,
});
const maps: JsonSchema = { type: 'array', items: { type: 'object' } };

/** JSON Schema (draft 7) of values.yaml. */
export function valuesSchema(): JsonSchema {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Values of the chart pgusher',
    ...map(
      {
        images: map({
          webhook: { type: 'string', pattern: image },
          agent: { type: 'string', pattern: `^$|${image}` },
        }),
        imagePullSecrets: { type: 'array', items: map({ name: { type: 'string', pattern: name } }) },
        replicas: { type: 'integer', minimum: 1, maximum: 100 },
        resources: { type: 'object' },
        nodeSelector: { type: 'object', additionalProperties: { type: 'string' } },
        tolerations: maps,
        affinity: { type: 'object' },
        failOpen: { type: 'boolean' },
        timeoutSeconds: { type: 'integer', minimum: 1, maximum: 15 },
        namespaces: map({
          excluded: { type: 'array', items: { type: 'string', pattern: name } },
          matchExpressions: {
            type: 'array',
            items: map(
              {
                key: { type: 'string', minLength: 1 },
                operator: { enum: ['In', 'NotIn', 'Exists', 'DoesNotExist'] },
                values: { type: 'array', items: { type: 'string' } },
              },
              'values',
            ),
          },
        }),
        certificates: {
          ...map({ mode: { enum: ['built-in', 'cert-manager', 'files'] }, caBundle: { type: 'string' } }),
          if: { properties: { mode: { const: 'files' } } },
          then: { properties: { caBundle: { pattern: '^$|^-----BEGIN CERTIFICATE-----' } } },
          else: { properties: { caBundle: { maxLength: 0 } } },
        },
        config: onAndOff(configurationJsonSchema()),
        components: map(Object.fromEntries(Object.values(switches).map((key) => [key, { type: 'boolean' }]))),
        test: map({ namespace: { type: 'string', pattern: name } }),
        // Of a chart that has this one as a part.
        global: { type: 'object' },
        enabled: { type: 'boolean' },
      },
      ...['config', 'global', 'enabled'],
    ),
  };
}

/** Without its own `$schema`, and with the booleans that Helm makes of \`on\` and \`off\`. */
function onAndOff(schema: JsonSchema): JsonSchema {
  const part = Object.fromEntries(Object.entries(schema).filter(([key]) => key !== '$schema'));
  return JSON.parse(JSON.stringify(part), (key: string, value: unknown) => {
    if (key !== 'enum' || !Array.isArray(value)) return value;
    const booleans = [value.includes('on') ? [true] : [], value.includes('off') ? [false] : []].flat();
    return [...(value as readonly unknown[]), ...booleans];
  }) as JsonSchema;
}
