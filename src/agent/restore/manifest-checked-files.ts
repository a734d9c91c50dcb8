import { mkdirSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { ownFolder } from '../decision/data-volume-paths.ts';
import type { BackupManifest } from '../store/backup-manifest.ts';
import { LargeFiles } from './large-files.ts';
import type { RestoredFile } from './restored-file.ts';
import { SmallFile } from './small-file.ts';
import type { TarEntry, TarHandler } from './tar-reader.ts';

/** Also where waiting for the disk begins to cost less than the page cache. */
const largeFrom = 2 ** 20;

/**
 * Writes the entries of a backup's archives below `directory` and checks each file against the manifest while its bytes
 * pass. Call `room` before each piece of an archive, `settle` after the last of them, and `close` in any case.
 * @throws what is wrong with the backup, without a code; errors of the system with theirs.
 */
export class ManifestCheckedFiles implements TarHandler {
  /** In PGDATA; the paths of the archive are relative to it. */
  folder = '';
  /** The manifest must name every file that comes. */
  vouchedFor = true;
  /** Complete, or left out on purpose; and as the manifest wants them once `settle` has returned. */
  readonly seen = new Set<string>();
  /** Bytes of files, written or about to be. */
  bytes = 0;
  private readonly directory: string;
  private readonly manifest: BackupManifest;
  private readonly elsewhere: ReadonlyMap<string, string>;
  private readonly made = new Set<string>();
  private readonly large = new LargeFiles();
  private path = '';
  private file: RestoredFile | null = null;

  /** @param elsewhere directories for what lies outside of `directory`, by its path in the backup. */
  constructor(directory: string, manifest: BackupManifest, elsewhere: ReadonlyMap<string, string>) {
    this.directory = directory;
    this.manifest = manifest;
    this.elsewhere = elsewhere;
  }

  entry(entry: TarEntry): void {
    const path = insideOnly(join(this.folder, entry.path));
    // Where PGDATA is the mount's root, our own folder was backed up with it and stands in the manifest.
    if (path === ownFolder || path.startsWith(`${ownFolder}/`)) {
      this.seen.add(path);
      return;
    }
    if (entry.kind === 'link') {
      // The link to a tablespace is made when all is there (stage-backup.ts).
      if (this.elsewhere.has(path)) {
        return;
      }
      throw new Error(
        `${path} is a symbolic link to ${entry.linkTarget}; a tablespace or a WAL directory outside PGDATA`,
      );
    }
    if (entry.kind === 'directory') {
      this.makeDirectory(path);
      return;
    }
    this.makeDirectory(dirname(path));
    const known = this.manifest.files.get(path);
    if (known === undefined && this.vouchedFor) {
      throw new Error(`${path} is in the archive and not in backup_manifest: the base backup is damaged`);
    }
    if (known !== undefined && known.size !== entry.size) {
      throw new Error(`${path} has ${entry.size} bytes in the archive; wanted ${known.size} (backup_manifest)`);
    }
    const check = (sha256: string): void => {
      if (typeof known?.sha256 === 'string' && sha256 !== known.sha256) {
        throw new Error(`${path} has another checksum than in backup_manifest: the base backup is damaged`);
      }
    };
    const target = this.targetOf(path);
    this.path = path;
    this.file = entry.size < largeFrom ? new SmallFile(target, check) : this.large.open(target, entry.size, check);
  }

  data(bytes: Buffer): void {
    if (this.file !== null) {
      this.file.data(bytes);
      this.bytes += bytes.length;
    }
  }

  end(): void {
    if (this.file !== null) {
      const { file } = this;
      this.file = null;
      file.end();
      this.seen.add(this.path);
    }
  }

  /** Resolves when a piece of an archive can be taken in. @throws what went wrong with those before. */
  async room(): Promise<void> {
    await this.large.room();
  }

  /** What was handed over is written and checked when this returns. @throws what went wrong. */
  async settle(): Promise<void> {
    await this.large.settle();
  }

  /** Nothing is being written any more when this returns, whatever happened before. */
  async close(): Promise<void> {
    this.file?.giveUp();
    this.file = null;
    await this.large.close();
  }

  private targetOf(path: string): string {
    for (const [part, directory] of this.elsewhere) {
      if (path === part || path.startsWith(`${part}/`)) {
        return join(directory, path.slice(part.length));
      }
    }
    return join(this.directory, path);
  }

  private makeDirectory(path: string): void {
    if (!this.made.has(path)) {
      mkdirSync(this.targetOf(path), { recursive: true, mode: 0o700 });
      this.made.add(path);
    }
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
