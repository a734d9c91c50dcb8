/** Writes src/commands/stateful-set-fields.ts: the fields of a StatefulSet, by the models of the Kubernetes client that is installed. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { fieldsOfClient } from './write-fields/fields-of-client.ts';

const path = join(import.meta.dirname, '..', 'src', 'commands', 'stateful-set-fields.ts');
const text = `/**
 * The fields of a StatefulSet and of everything in it, by type; '' is a value that is not looked into. Of the models of
 * @kubernetes/client-node, by scripts/write-fields.ts.
 */
export const fieldTypes: Readonly<Record<string, Readonly<Record<string, string>>>> = ${JSON.stringify(await fieldsOfClient())};
`;
writeFileSync(path, await format(text, { ...(await resolveConfig(path)), parser: 'typescript' }));
