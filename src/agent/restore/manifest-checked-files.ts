import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, write, writeSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { promisify } from 'node:util';
import { ownFolder } from '../decision/data-volume-paths.ts';
import type { BackupManifest, ManifestFile } from './backup-manifest.ts';
import type { TarEntry, TarHandler } from './tar-reader.ts';

interface OpenFile {
  readonly path: string;
  readonly descriptor: number;
  readonly known: ManifestFile | undefined;
  readonly digest: Hash | null;
  position: number;
}

const writeAside = promisify(write);

/** Up to this size, handing a write to another thread costs more than the write. */
const small = 64 * 1024;

/**
 * Writes the entries of a backup's archives below `directory` and checks each file against the manifest while its bytes
 * pass. Threads of libuv's write while this one hashes the same bytes: nothing is copied, and the writing costs no time.
 * Call `settle` before the memory of the bytes is used again.
 * @throws in the calls of TarHandler: what is wrong with the backup, without a code; errors of the system with theirs.
 */
export class ManifestCheckedFiles implements TarHandler {
  /** In PGDATA; the paths of the archive are relative to it. */
  folder = '';
  readonly seen = new Set<string>();
  /** Bytes of files, written or about to be. */
  bytes = 0;
  private readonly directory: string;
  private readonly manifest: BackupManifest;
  private readonly made = new Set<string>();
  private file: OpenFile | null = null;
  private writing: Promise<void>[] = [];
  /** Complete, but for what is being written. */
  private closing: number[] = [];

  constructor(directory: string, manifest: BackupManifest) {
    this.directory = directory;
    this.manifest = manifest;
  }

  entry(entry: TarEntry): void {
    const path = insideOnly(join(this.folder, entry.path));
    // Where PGDATA is the mount's root, our own folder was backed up with it.
    if (path === ownFolder || path.startsWith(`${ownFolder}/`)) {
      return;
    }
    if (entry.kind === 'link') {
      throw new Error(
        `${path} is a symbolic link to ${entry.linkTarget}; a tablespace or a WAL directory outside PGDATA`,
      );
    }
    if (entry.kind === 'directory') {
      this.makeDirectory(path);
      return;
    }
    this.makeDirectory(dirname(path));
    const known = this.manifest.get(path);
    if (known !== undefined && known.size !== entry.size) {
      throw new Error(`${path} has ${entry.size} bytes in the archive; wanted ${known.size} (backup_manifest)`);
    }
    const digest = known === undefined || known.sha256 === null ? null : createHash('sha256');
    this.file = { path, descriptor: openSync(join(this.directory, path), 'w', 0o600), known, digest, position: 0 };
  }

  data(bytes: Buffer): void {
    if (this.file === null) {
      return;
    }
    const { descriptor, digest, position } = this.file;
    if (bytes.length > small) {
      const written = writeAll(descriptor, bytes, position);
      // It is thrown by settle; until then it must not count as unhandled.
      written.catch(() => undefined);
      this.writing.push(written);
    } else {
      for (let at = 0; at < bytes.length;) {
        at += writeSync(descriptor, bytes, at, bytes.length - at, position + at);
      }
    }
    digest?.update(bytes);
    this.file.position += bytes.length;
    this.bytes += bytes.length;
  }

  end(): void {
    if (this.file === null) {
      return;
    }
    const { path, descriptor, digest, known } = this.file;
    this.file = null;
    this.closing.push(descriptor);
    if (digest !== null && digest.digest('hex') !== known?.sha256) {
      throw new Error(`${path} has another checksum than in backup_manifest: the base backup is damaged`);
    }
    this.seen.add(path);
  }

  /** What was handed over is written when this returns. @throws errors of the system. */
  async settle(): Promise<void> {
    const results = await Promise.allSettled(this.writing);
    this.closing.forEach((descriptor) => {
      closeSync(descriptor);
    });
    this.writing = [];
    this.closing = [];
    for (const result of results) {
      if (result.status === 'rejected') {
        throw result.reason;
      }
    }
  }

  /** After a failure: nothing is being written any more when this returns. */
  async giveUp(): Promise<void> {
    if (this.file !== null) {
      this.closing.push(this.file.descriptor);
      this.file = null;
    }
    await this.settle().catch(() => undefined);
  }

  private makeDirectory(path: string): void {
    if (!this.made.has(path)) {
      mkdirSync(join(this.directory, path), { recursive: true, mode: 0o700 });
      this.made.add(path);
    }
  }
}

async function writeAll(descriptor: number, bytes: Buffer, position: number): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += (await writeAside(descriptor, bytes, at, bytes.length - at, position + at)).bytesWritten;
  }
}

/** An archive must not write outside the directory it is extracted to. */
function insideOnly(path: string): string {
  const clean = normalize(path).replace(/\/$/, '');
  if (clean.startsWith('/') || clean === '..' || clean.startsWith('../')) {
    throw new Error(`the archive holds the path ${path}, outside PGDATA`);
  }
  return clean;
}
