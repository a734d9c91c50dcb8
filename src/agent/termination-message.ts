import { writeFile } from 'node:fs/promises';

/** No more is kept of it by the kubelet, which takes the end of a longer one; and the reason stands at the beginning. */
const longest = 4096;

/**
 * What ended the container, for `kubectl describe pod`: one line. Where nothing is left at `path`, the kubelet shows the last
 * lines of the log instead, and those are JSON.
 */
export async function writeTerminationMessage(path: string, message: string): Promise<void> {
  const bytes = Buffer.from(message.replaceAll('\n', ' '));
  let end = Math.min(bytes.length, longest);
  // Not in the middle of a character: its bytes after the first begin with the bits 10.
  while (end < bytes.length && (bytes.readUInt8(end) & 0xc0) === 0x80) {
    end -= 1;
  }
  await writeFile(path, bytes.subarray(0, end));
}
