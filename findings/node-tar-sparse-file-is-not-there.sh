#!/bin/sh
# npm's tar leaves a sparse file out without a warning, `strict` or not; of one in the newer format it makes a file of another name.
#
# Packages:  tar 7.5.23 and tar-stream 3.2.2 (npm); GNU tar 1.34 or newer and Python's tarfile beside them.
# Guess:     the manual of tar says that an entry of a type it does not support is TAR_ENTRY_UNSUPPORTED, a warning, and with `strict: true`
#            an error. GNU tar writes a sparse file with -S as type S, so that is what comes; or the file comes whole.
# Seen:      after `tar -S --format=gnu` extract() resolves, the file is not there, and onwarn was never called, with `strict: true` neither.
#            After `--format=pax` (bsdtar writes so unless told otherwise) there is a folder GNUSparseFile.N and in it a file with the map of
#            the holes in front of its data. tar-stream hands both out with the shortened content and no error, the first with type null.
#            Python and Go (archive/tar) give the file as it was.
# So:        whoever unpacks archives of others in Node (disk images, and data folders that somebody packed with -S) counts the files afterwards,
#            or refuses what has the type S or GNU.sparse in its pax header.
#
# Runs where:  Linux with GNU tar, python3, node and npm, in a folder of its own on a file system that has holes.
# Exit codes:  0 as said; 1 otherwise.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true,"type":"module"}' >package.json
npm install --silent --no-audit --no-fund tar@7.5.23 tar-stream@3.2.2

# The content in front keeps it from being all holes.
printf 'begin' >sparse
truncate -s 4M sparse
printf 'end' >>sparse
tar -S --format=gnu -cf gnu.tar sparse
tar -S --format=pax -cf pax.tar sparse

cat >read.py <<'PY'
import sys
import tarfile

with tarfile.open(sys.argv[1]) as archive:
    for member in archive:
        same = archive.extractfile(member).read() == open("sparse", "rb").read()
        print("Python:", member.name, "as it was" if same else "otherwise")
PY
cat >read.js <<'JS'
import { createReadStream, mkdirSync, readdirSync, statSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { extract } from 'tar';
import { extract as streaming } from 'tar-stream';

const archive = process.argv[2];
const size = (bytes) => (bytes === 4 * 1024 * 1024 + 3 ? 'as it was' : 'otherwise');
const unnumbered = (name) => name.replace(/GNUSparseFile\.\d+/, 'GNUSparseFile.N');
for (const strict of [false, true]) {
  const cwd = `${archive}.${strict}`;
  mkdirSync(cwd);
  let warnings = 0;
  await extract({ file: archive, cwd, strict, onwarn: () => (warnings += 1) });
  const files = readdirSync(cwd, { recursive: true }).filter((name) => statSync(`${cwd}/${name}`).isFile());
  const said = files.map((name) => `${unnumbered(name)} ${size(statSync(`${cwd}/${name}`).size)}`).join() || 'no file';
  console.log(`tar, strict ${strict}: ${said}, ${warnings} warnings`);
}
const entries = streaming();
createReadStream(archive).pipe(entries);
for await (const entry of entries) {
  console.log(`tar-stream: ${unnumbered(entry.header.name)} ${size((await buffer(entry)).length)}, type ${entry.header.type}`);
}
JS
for format in gnu pax; do
  echo "$format"
  python3 read.py "$format.tar"
  node read.js "$format.tar"
done | tee seen

cat >wanted <<'WANTED'
gnu
Python: sparse as it was
tar, strict false: no file, 0 warnings
tar, strict true: no file, 0 warnings
tar-stream: sparse otherwise, type null
pax
Python: sparse as it was
tar, strict false: GNUSparseFile.N/sparse otherwise, 0 warnings
tar, strict true: GNUSparseFile.N/sparse otherwise, 0 warnings
tar-stream: ./GNUSparseFile.N/sparse otherwise, type file
WANTED
cmp seen wanted
