/** A file of a backup that is being written, and checked on the way. */
export interface RestoredFile {
  data(bytes: Buffer): void;
  /** All of it was handed over. @throws where its checksum is known by now and is another one. */
  end(): void;
  /** The rest does not come. */
  giveUp(): void;
}

/** Told the SHA-256 of what was written. @throws where it is not what it should be. */
export type CheckSum = (sha256: string) => void;
