/** The base backup in the store is not what it was when it was made. */
export class DamagedBackup extends Error {
  override readonly name = 'DamagedBackup';
}
