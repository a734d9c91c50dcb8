import type { SettingDefinition } from '../workload/setting-table.ts';

/** A JSON Schema, or a part of one, as it is written. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Numbers as `backup-keep` takes them; limits are for the part that is a number. */
const wholeNumber = '^(0|[1-9][0-9]{0,9})$';

/** What an annotation may say, which is text in any case. */
export function annotationValue(definition: SettingDefinition): JsonSchema {
  const { form } = definition;
  return {
    ...described(definition),
    type: 'string',
    ...(form.kind === 'number' ? { pattern: wholeNumber } : textOf(form)),
  };
}

/** What stands behind the same name in the config file, where YAML has numbers and booleans. */
export function configurationValue(definition: SettingDefinition): JsonSchema {
  const { form } = definition;
  switch (form.kind) {
    case 'words':
      return { ...described(definition), ...textOf(form) };
    case 'number':
      return {
        ...described(definition),
        type: ['integer', 'string'],
        minimum: form.least,
        maximum: form.most,
        pattern: wholeNumber,
      };
    case 'text':
      return { ...described(definition), type: ['string', 'number', 'boolean'], ...textOf(form) };
  }
}

function textOf(form: Exclude<SettingDefinition['form'], { kind: 'number' }>): JsonSchema {
  if (form.kind === 'words') return { enum: form.words };
  return form.pattern === undefined ? {} : { pattern: form.pattern.source };
}

function described({ meaning, expected, unset, default: text, example }: SettingDefinition): JsonSchema {
  const without = text === undefined ? `Without it: ${unset}.` : `Without it: ${text}.`;
  return { description: `${meaning} Wanted: ${expected}. ${without}`.replaceAll('`', ''), examples: [example] };
}
