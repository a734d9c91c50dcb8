/**
 * CRC-32C (Castagnoli), as each WAL record carries it (src/port/pg_crc32c_sb8.c). Node's zlib has the other polynomial.
 * Eight bytes a step by eight tables of 256 ("slicing by 8"), which lie one behind the other.
 */
const tables = makeTables();

/** @param crc of what came before; 0 at the beginning. */
export function crc32c(bytes: Uint8Array, crc = 0): number {
  const t = tables;
  let value = ~crc;
  let at = 0;
  for (const last = bytes.length - 8; at <= last; at += 8) {
    value ^=
      (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
    value =
      (t[0x700 | (value & 0xff)] ?? 0) ^
      (t[0x600 | ((value >>> 8) & 0xff)] ?? 0) ^
      (t[0x500 | ((value >>> 16) & 0xff)] ?? 0) ^
      (t[0x400 | (value >>> 24)] ?? 0) ^
      (t[0x300 | (bytes[at + 4] ?? 0)] ?? 0) ^
      (t[0x200 | (bytes[at + 5] ?? 0)] ?? 0) ^
      (t[0x100 | (bytes[at + 6] ?? 0)] ?? 0) ^
      (t[bytes[at + 7] ?? 0] ?? 0);
  }
  for (; at < bytes.length; at += 1) {
    value = (t[(value ^ (bytes[at] ?? 0)) & 0xff] ?? 0) ^ (value >>> 8);
  }
  return ~value >>> 0;
}

function makeTables(): Int32Array {
  const made = new Int32Array(8 * 256);
  for (let index = 0; index < 256; index += 1) {
    let value = index;
    for (let bit = 0; bit < 8; bit += 1) {
      value = (value & 1) === 0 ? value >>> 1 : (value >>> 1) ^ 0x82f63b78;
    }
    made[index] = value;
  }
  for (let index = 256; index < made.length; index += 1) {
    const before = made[index - 256] ?? 0;
    made[index] = (made[before & 0xff] ?? 0) ^ (before >>> 8);
  }
  return made;
}
