export type ParameterList = readonly (readonly [name: string, value: string])[];

/** Settings that pgusher writes itself: another value would cut off recovery, archiving or replication. */
const ourParameters =
  /^(restore_command|recovery_.*|archive_.*|primary_conninfo|primary_slot_name|promote_trigger_file|trigger_file|standby_mode|data_directory|config_file|hba_file|ident_file)$/;

const namePattern = /^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_$]*)?$/;

/**
 * The `parameters` annotation: `name=value, name=value`. A value that holds a comma, a quote, or blanks at its ends is
 * quoted as in postgresql.conf: `'it''s, so'`. Names are lower-cased, as PostgreSQL takes them in any case.
 * undefined where it cannot be read, names one twice or one that pgusher sets.
 */
export function parseParameterList(text: string): ParameterList | undefined {
  const assignments = splitOutsideQuotes(text)?.map(parseAssignment);
  if (assignments === undefined) return undefined;
  const list = assignments.filter((assignment) => assignment !== undefined);
  const names = new Set(list.map(([name]) => name));
  return list.length === assignments.length && names.size === list.length ? list : undefined;
}

/** At commas, of which one may end the list; undefined where a quote is left open or an entry is missing. */
function splitOutsideQuotes(text: string): readonly string[] | undefined {
  const list = text.trim().replace(/,$/, '');
  const parts = list.match(/(?:[^,']|'[^']*')+/g) ?? [];
  const commas = list.replace(/'[^']*'/g, '').split(',').length - 1;
  const isComplete = parts.join('').length + commas === list.length && parts.length === commas + 1;
  return isComplete ? parts : undefined;
}

function parseAssignment(text: string): readonly [string, string] | undefined {
  const equals = text.indexOf('=');
  const name = text.slice(0, Math.max(equals, 0)).trim().toLowerCase();
  const value = unquote(text.slice(equals + 1).trim());
  if (equals < 0 || value === undefined || !namePattern.test(name) || ourParameters.test(name)) return undefined;
  return [name, value];
}

/** undefined for an unquoted value that holds quotes, is empty, or holds control characters. */
function unquote(text: string): string | undefined {
  if (/\p{Cc}/u.test(text)) return undefined;
  if (/^'(?:[^']|'')*'$/.test(text)) return text.slice(1, -1).replaceAll("''", "'");
  return text === '' || text.includes("'") ? undefined : text;
}
