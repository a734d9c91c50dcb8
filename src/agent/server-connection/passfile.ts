import { randomUUID } from 'node:crypto';
import { open, rename } from 'node:fs/promises';

/**
 * One line for any host, port, database and user; `:` and `\` of the password are escaped (PostgreSQL manual, "The
 * Password File").
 */
export function passfileText(password: string): string {
  return `*:*:*:*:${password.replace(/[\\:]/g, '\\$&')}\n`;
}

/** Mode 0600 from the first byte: libpq ignores a passfile that others may read. Replaced in one step. */
export async function writePassfile(path: string, password: string): Promise<void> {
  const temporary = `${path}.${randomUUID()}`;
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.writeFile(passfileText(password));
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}
