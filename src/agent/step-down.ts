import { chown, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes folders and hands them to who owns the data; then, where this process is root (the stock image's default),
 * becomes that user for good. Everything that is written later belongs to the server's user by itself.
 * @param optional folders that may fail: the step down is made all the same.
 * @throws what went wrong with a folder, after the step.
 */
export async function stepDown(
  owner: { readonly uid: number; readonly gid: number } | null,
  folders: readonly string[],
  optional: readonly string[],
): Promise<void> {
  const target = process.getuid?.() === 0 && owner !== null && owner.uid !== 0 ? owner : null;
  for (const folder of folders) {
    await prepare(folder, target);
  }
  const failures = (await Promise.allSettled(optional.map((folder) => prepare(folder, target)))).filter(
    (result) => result.status === 'rejected',
  );
  if (target !== null && process.setgroups && process.setgid && process.setuid) {
    process.setgroups([target.gid]);
    process.setgid(target.gid);
    process.setuid(target.uid);
  }
  if (failures[0] !== undefined) {
    throw failures[0].reason;
  }
}

async function prepare(folder: string, owner: { readonly uid: number; readonly gid: number } | null): Promise<void> {
  const made = await mkdir(folder, { recursive: true, mode: 0o700 });
  if (owner === null) {
    return;
  }
  await chown(folder, owner.uid, owner.gid);
  // Parents that were made on the way (`<mount>/<namespace>`) too.
  for (let path = dirname(folder); made !== undefined && path.length >= made.length; path = dirname(path)) {
    await chown(path, owner.uid, owner.gid);
  }
}
