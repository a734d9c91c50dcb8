import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto';
import { preparedPassword } from '../server-connection/saslprep.ts';

/**
 * What PostgreSQL stores for a password (RFC 5803; src/common/scram-common.c), so that no log of the server can hold the
 * password. For printable ASCII only, which SASLprep leaves as it is; see `canVerify`.
 */
export function scramVerifier(password: string, salt: Buffer = randomBytes(16), iterations = 4096): string {
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256');
  const clientKey = createHmac('sha256', salted).update('Client Key').digest();
  const storedKey = createHash('sha256').update(clientKey).digest('base64');
  const serverKey = createHmac('sha256', salted).update('Server Key').digest('base64');
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey}:${serverKey}`;
}

/** SASLprep's tables are those of Unicode 3.2, which nothing here has: other passwords are left to the server. */
export function canVerify(password: string): boolean {
  return /^[\x20-\x7e]*$/.test(password);
}

/** Whether a stored verifier (or MD5 hash, or nothing) is that of the password. */
export function isVerifierOf(stored: string | null, password: string): boolean {
  const parts = /^SCRAM-SHA-256\$(\d+):([A-Za-z0-9+/=]+)\$/.exec(stored ?? '');
  if (stored === null || parts?.[1] === undefined || parts[2] === undefined) {
    return false;
  }
  const salt = Buffer.from(parts[2], 'base64');
  const iterations = Number(parts[1]);
  const other = Buffer.from(stored);
  // What is not ASCII is either left as it is or normalised.
  return [password, preparedPassword(password)].some((form) => {
    const own = Buffer.from(scramVerifier(form, salt, iterations));
    return own.length === other.length && timingSafeEqual(own, other);
  });
}
