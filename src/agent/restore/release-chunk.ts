/**
 * Gives the memory of a chunk back at once. Decompressed bytes come in fresh buffers outside of V8's heap, which it
 * collects only after tens of MB have piled up: without this a restore held 50 MB more and spent a third of its time in
 * page faults. Only where the chunk is all that was left of its buffer: a decoder goes on filling one that has room.
 * @param chunk is empty afterwards.
 */
export function releaseChunk(chunk: Buffer): void {
  const { buffer } = chunk;
  if (buffer instanceof ArrayBuffer && chunk.byteOffset + chunk.length === buffer.byteLength) {
    buffer.transfer(0);
  }
}
