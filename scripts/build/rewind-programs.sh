#!/bin/sh
# Puts pg_rewind of further major versions into the agent's image, with the server that it runs to finish a recovery
# (`postgres --single`), and no more of them.
#
# Runs where:  as root in what becomes the agent's image, while that is built (Dockerfile); and in the tests.
# Arguments:   FROM ...: root directories of images of PostgreSQL, each of another major version
# Writes:      /opt/rewind: lib/postgresql/MAJOR/bin, share/postgresql/MAJOR, and in lib/postgresql/MAJOR/lib those of the
#              libraries of FROM that this image has not (none where both are of one release of Debian)
# Environment: none.
# Exit codes:  0 both programs of each run here; 1 they do not, with the reason on stderr; 2 usage.
# Safe twice:  yes; what is there already is replaced.
set -eu

# The programs find what belongs to them by the way from lib/postgresql/MAJOR/bin (PostgreSQL, src/port/path.c).
target=/opt/rewind

stop() {
  printf 'rewind-programs: %s\n' "$1" >&2
  exit 1
}

# missing PROGRAM: names of the libraries that it wants and nobody has.
missing() {
  ldd "$1" 2>&1 | sed -n 's/^[[:space:]]*\([^ ]*\) => not found$/\1/p' | sort -u
}

# add_libraries FROM PROGRAM: one that is brought may want others.
add_libraries() {
  while names=$(missing "$2") && [ -n "$names" ]; do
    for library in $names; do
      found=
      for folder in "$1"/usr/lib/*-linux-gnu "$1"/lib/*-linux-gnu; do
        [ -n "$found" ] || [ ! -e "$folder/$library" ] || found=$folder/$library
      done
      [ -n "$found" ] || stop "$2 wants $library, which is neither here nor in $1"
      cp -L "$found" "$LD_LIBRARY_PATH/$library"
    done
  done
}

[ "$#" -gt 0 ] || {
  echo 'usage: rewind-programs.sh FROM ...' >&2
  exit 2
}
for from in "$@"; do
  for programs in "$from"/usr/lib/postgresql/*/bin; do
    [ -x "$programs/pg_rewind" ] || stop "$from has no pg_rewind in /usr/lib/postgresql; wanted an image of PostgreSQL on Debian"
    major=${programs%/bin}
    major=${major##*/}
    bin=$target/lib/postgresql/$major/bin
    share=$target/share/postgresql/$major
    # The agent gives them the same (src/agent/rebuild/pg-rewind.ts).
    LD_LIBRARY_PATH=${bin%/bin}/lib
    export LD_LIBRARY_PATH
    mkdir -p "$bin" "$share" "$LD_LIBRARY_PATH"
    cp -R "$from/usr/share/postgresql/$major/timezonesets" "$share/"
    for name in pg_rewind postgres; do
      cp "$programs/$name" "$bin/$name"
      add_libraries "$from" "$bin/$name"
      "$bin/$name" --version || stop "$name of PostgreSQL $major does not run in this image"
    done
  done
done
