import { checks } from '../checks/registry.ts';
import { annotationPrefix } from '../workload/annotation-name.ts';
import type { SettingDefinition } from '../workload/setting-table.ts';
import { settingTable } from '../workload/setting-table.ts';
import { annotationValue } from './setting-value.ts';
import type { JsonSchema } from './setting-value.ts';

/**
 * JSON Schema (draft 7) of the annotations `postgres.io/*`, for editors, on a whole manifest beside the schema of its kind: nothing but
 * metadata.annotations is looked at. Those of one database are none of a Namespace.
 */
export function annotationsJsonSchema(): JsonSchema {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Annotations postgres.io/* of pgusher',
    if: { properties: { kind: { const: 'Namespace' } }, required: ['kind'] },
    then: onMetadata(annotations(settingTable.filter(({ scope }) => scope === 'any'))),
    else: onMetadata(annotations(settingTable)),
  };
}

function onMetadata(schema: JsonSchema): JsonSchema {
  return { properties: { metadata: { properties: { annotations: schema } } } };
}

/** Written by pgusher beside `injection-version`. */
const written = ['injection-inputs', 'injection-record'];

function annotations(settings: readonly SettingDefinition[]): JsonSchema {
  const escapes = checks.filter(({ noEscape }) => noEscape === undefined);
  const names = [
    ...settings.map(({ name }) => name),
    ...escapes.map(({ id }) => `allow-${id}`),
    // They count for nothing, and the check says so; it is no fault of the annotation's name.
    ...checks.filter(({ noEscape }) => noEscape !== undefined).map(({ id }) => `allow-${id}`),
    ...written,
  ];
  return {
    properties: Object.fromEntries([
      ...settings.map((definition) => [`${annotationPrefix}${definition.name}`, annotationValue(definition)] as const),
      ...escapes.map(({ id, summary, datedEscape }) => {
        const wanted = datedEscape === true ? "the object's name and today's date" : 'the reason';
        return [
          `${annotationPrefix}allow-${id}`,
          { description: `Lets through: ${summary} Wanted: ${wanted}.`, type: 'string', minLength: 1 },
        ] as const;
      }),
    ]),
    patternProperties: {
      // Not as propertyNames: an editor says of these which name it does not know.
      [`^${annotationPrefix.replaceAll('.', '\\.')}(?!(${names.join('|')})$)`]: false,
    },
  };
}
