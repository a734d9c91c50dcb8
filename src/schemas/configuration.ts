import { z } from 'zod';
import { checks } from '../checks/registry.ts';
import { configurationSchema } from '../configuration-schema.ts';
import { settingTable } from '../workload/setting-table.ts';
import { configurationValue } from './setting-value.ts';
import type { JsonSchema } from './setting-value.ts';

/**
 * JSON Schema (draft 7) of the config file, for editors: the schema by which it is read, and the names and values that the tables of settings and
 * checks know. It refuses nothing that is accepted; `pgusher config check` finds what it cannot say (a date that has passed, settings that do
 * not go together).
 */
export function configurationJsonSchema(): JsonSchema {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Config file of the pgusher webhook',
    ...z.toJSONSchema(configurationSchema, {
      target: 'draft-7',
      io: 'input',
      override: ({ path, jsonSchema }) => {
        const known = knownAt[path.join('/')];
        if (known === undefined) return;
        Object.assign(jsonSchema, known);
        if ('properties' in known) delete jsonSchema.propertyNames;
      },
    }),
    // An empty file is the default.
    type: ['object', 'null'],
  };
}

const softened = checks.filter(({ noEscape }) => noEscape === undefined);

const knownAt: Readonly<Record<string, JsonSchema>> = {
  'properties/settings': {
    properties: Object.fromEntries(
      settingTable
        .filter(({ scope }) => scope === 'any')
        .map((definition) => [definition.name, configurationValue(definition)]),
    ),
    patternProperties: { '^allow-': { type: ['string', 'number', 'boolean'] } },
    additionalProperties: false,
  },
  'properties/checks/properties/modes': {
    properties: Object.fromEntries(
      checks.map(({ id, summary, noEscape }) => [
        id,
        { description: summary, enum: noEscape === undefined ? ['enforce', 'warn', 'off'] : ['enforce'] },
      ]),
    ),
    additionalProperties: false,
  },
  'properties/checks/properties/exemptions/items/properties/check': { enum: softened.map(({ id }) => id) },
};
