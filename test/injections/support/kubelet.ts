/**
 * How the kubelet reads `command`, `args` and `env[].value`, written after the description in the Kubernetes API reference
 * ("Variable references $(VAR_NAME) are expanded … Double $$ are reduced to a single $"), with the two things that only
 * its source says: an opened `$(` without `)` stays as it is, and after a `$` before anything else one byte is copied as a
 * character of its own.
 */
export function expandAsKubelet(text: string, variables: ReadonlyMap<string, string>): string {
  const bytes = Buffer.from(text, 'utf8');
  const pieces: Buffer[] = [];
  let at = 0;
  while (at < bytes.length) {
    const byte = bytes.subarray(at, at + 1);
    const next = bytes[at + 1];
    if (byte[0] !== dollar || next === undefined) {
      pieces.push(byte);
      at += 1;
    } else if (next === dollar) {
      pieces.push(byte);
      at += 2;
    } else if (next === open) {
      const end = bytes.indexOf(close, at + 2);
      const name = bytes.subarray(at + 2, Math.max(end, 0)).toString();
      pieces.push(Buffer.from(end < 0 ? '$(' : (variables.get(name) ?? `$(${name})`)));
      at = end < 0 ? at + 2 : end + 1;
    } else {
      pieces.push(byte, Buffer.from(String.fromCodePoint(next)));
      at += 2;
    }
  }
  return Buffer.concat(pieces).toString('utf8');
}

const dollar = 0x24;
const open = 0x28;
const close = 0x29;
