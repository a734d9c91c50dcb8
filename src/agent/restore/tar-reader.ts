/** An entry of a tar archive as the server's walsender writes it: POSIX ustar (src/port/tar.c). */
export interface TarEntry {
  readonly path: string;
  readonly kind: 'file' | 'directory' | 'link';
  readonly size: number;
  /** Where a symbolic link points; empty otherwise. */
  readonly linkTarget: string;
}

export interface TarHandler {
  entry(entry: TarEntry): void;
  /** Bytes of the last file that was announced. */
  data(bytes: Buffer): void;
  /** The last file that was announced is complete. */
  end(): void;
}

const block = 512;

/**
 * Reads a tar stream in whatever pieces it comes and tells the handler. Synchronous, copies nothing but headers that
 * span two pieces: a restore is as fast as this loop.
 * @throws on anything that is not a plain tar archive of files, directories and links.
 */
export class TarReader {
  private readonly handler: TarHandler;
  private header: Buffer = Buffer.alloc(0);
  private dataLeft = 0;
  private paddingLeft = 0;
  private inFile = false;
  private sawEnd = false;

  constructor(handler: TarHandler) {
    this.handler = handler;
  }

  write(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.dataLeft > 0) {
        const part = chunk.subarray(at, at + this.dataLeft);
        this.handler.data(part);
        this.dataLeft -= part.length;
        at += part.length;
        this.endFileWhenComplete();
      } else if (this.paddingLeft > 0) {
        const skipped = Math.min(this.paddingLeft, chunk.length - at);
        this.paddingLeft -= skipped;
        at += skipped;
      } else {
        const part = chunk.subarray(at, at + block - this.header.length);
        at += part.length;
        if (part.length === block) {
          this.readHeader(part);
          continue;
        }
        // A copy: the caller may reuse the memory of its piece.
        this.header = Buffer.concat([this.header, part]);
        if (this.header.length === block) {
          this.readHeader(this.header);
          this.header = Buffer.alloc(0);
        }
      }
    }
  }

  /** @throws where the archive ends inside an entry. */
  finish(): void {
    if (this.inFile || this.paddingLeft > 0 || this.header.length > 0) {
      throw new Error('the archive ends in the middle of an entry');
    }
  }

  private readHeader(header: Buffer): void {
    if (header.every((byte) => byte === 0)) {
      this.sawEnd = true;
      return;
    }
    if (this.sawEnd) {
      throw new Error('the archive goes on behind its end');
    }
    checkSum(header);
    const type = String.fromCharCode(header.readUInt8(156));
    const size = number(header, 124, 12);
    const entry: TarEntry = {
      path: pathOf(header),
      kind: kindOf(type),
      size: kindOf(type) === 'file' ? size : 0,
      linkTarget: text(header, 157, 100),
    };
    this.dataLeft = entry.size;
    this.paddingLeft = (block - (entry.size % block)) % block;
    this.handler.entry(entry);
    this.inFile = entry.kind === 'file';
    this.endFileWhenComplete();
  }

  private endFileWhenComplete(): void {
    if (this.inFile && this.dataLeft === 0) {
      this.inFile = false;
      this.handler.end();
    }
  }
}

function kindOf(type: string): TarEntry['kind'] {
  switch (type) {
    case '0':
    case '\0':
      return 'file';
    case '5':
      return 'directory';
    case '2':
      return 'link';
    default:
      throw new Error(`the archive holds an entry of type "${type}"; wanted files, directories and links`);
  }
}

function pathOf(header: Buffer): string {
  const prefix = text(header, 345, 155);
  const name = text(header, 0, 100);
  return prefix === '' ? name : `${prefix}/${name}`;
}

function text(header: Buffer, start: number, length: number): string {
  const field = header.subarray(start, start + length);
  const end = field.indexOf(0);
  return field.subarray(0, end === -1 ? undefined : end).toString('utf8');
}

/** Octal, or base 256 where the first bit is set (files of 8 GB and more). */
function number(header: Buffer, start: number, length: number): number {
  if ((header.readUInt8(start) & 0x80) !== 0) {
    let value = BigInt(header.readUInt8(start) & 0x7f);
    for (const byte of header.subarray(start + 1, start + length)) {
      value = value * 256n + BigInt(byte);
    }
    return Number(value);
  }
  const digits = text(header, start, length).trim();
  if (!/^[0-7]*$/.test(digits)) {
    throw new Error(`a tar header holds the number "${digits}"`);
  }
  return parseInt(digits || '0', 8);
}

function checkSum(header: Buffer): void {
  let sum = 8 * 0x20;
  for (let index = 0; index < block; index++) {
    if (index < 148 || index >= 156) {
      sum += header[index] ?? 0;
    }
  }
  if (sum !== number(header, 148, 8)) {
    throw new Error('a tar header is damaged (its checksum is wrong)');
  }
}
