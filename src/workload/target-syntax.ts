/**
 * What recovery_target_* takes (PostgreSQL manual, "Recovery Target"). A mistake here is not seen by the server until
 * it has restored and replayed, so it is seen at admission. Whether a target can be reached is the agent's business:
 * nothing here knows the time.
 */

/** `16/B374D848`: two halves of at most 8 hexadecimal digits. */
export function isLsn(text: string): boolean {
  return /^[0-9A-Fa-f]{1,8}\/[0-9A-Fa-f]{1,8}$/.test(text);
}

/** Decimal, 32 bit; 0 to 2 are no ordinary transactions (FirstNormalTransactionId is 3). */
export function isTransactionId(text: string): boolean {
  return /^[1-9][0-9]{0,9}$/.test(text) && Number(text) >= 3 && Number(text) <= 0xffff_ffff;
}

/** What pg_create_restore_point() takes: 1 to 63 bytes. */
export function isRestorePointName(text: string): boolean {
  return text !== '' && Buffer.byteLength(text) < 64 && !/\p{Cc}/u.test(text);
}
