import fc from 'fast-check';
import { pack } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { TarReader } from '../../../src/agent/restore/tar-reader.ts';

interface Read {
  readonly path: string;
  readonly kind: string;
  content: string;
}

/** What the reader tells of an archive that comes in pieces of the given sizes, over and over. */
function read(archive: Buffer, pieces: readonly number[]): Read[] {
  const entries: Read[] = [];
  const reader = new TarReader({
    entry: (entry) => entries.push({ path: entry.path, kind: entry.kind, content: '' }),
    data: (bytes) => {
      const last = entries.at(-1);
      if (last !== undefined) {
        last.content += bytes.toString('latin1');
      }
    },
    end: () => undefined,
  });
  for (let at = 0, turn = 0; at < archive.length; turn += 1) {
    const piece = pieces[turn % pieces.length] ?? archive.length;
    reader.write(archive.subarray(at, at + piece));
    at += piece;
  }
  reader.finish();
  return entries;
}

async function archiveOf(files: readonly Read[]): Promise<Buffer> {
  const archive = pack();
  for (const file of files) {
    if (file.kind === 'directory') {
      archive.entry({ name: file.path, type: 'directory' });
    } else {
      archive.entry({ name: file.path }, Buffer.from(file.content, 'latin1'));
    }
  }
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) {
    chunks.push(Buffer.from(chunk as Uint8Array));
  }
  return Buffer.concat(chunks);
}

describe('a tar archive', () => {
  it('is read the same in whatever pieces it comes', async () => {
    const file = fc.record({
      path: fc.stringMatching(/^[a-z]{1,20}(\/[a-z0-9_]{1,20}){0,3}$/),
      kind: fc.constant('file'),
      content: fc.uint8Array({ maxLength: 3000 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(file, { maxLength: 6 }),
        fc.array(fc.integer({ min: 1, max: 2000 }), { minLength: 1, maxLength: 4 }),
        async (files, pieces) => {
          expect(read(await archiveOf(files), pieces)).toEqual(files);
        },
      ),
    );
  });

  it('is refused where it is cut off, or a header is damaged', async () => {
    const archive = await archiveOf([{ path: 'base/1', kind: 'file', content: 'x'.repeat(600) }]);
    expect(() => read(archive.subarray(0, 700), [700])).toThrow('the archive ends in the middle of an entry');
    archive.writeUInt8(archive.readUInt8(3) ^ 1, 3);
    expect(() => read(archive, [512])).toThrow('a tar header is damaged (its checksum is wrong)');
  });
});
