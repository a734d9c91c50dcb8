#!/bin/sh
# pg_rewind recovers a primary that was killed, and the checkpoint of that recovery drops the WAL that pg_rewind reads next.
#
# Package:   pgserver 0.1.4 (PyPI), PostgreSQL 16.2.
# Guess:     the manual says that pg_rewind recovers a target that was not shut down (postgres --single), and that old WAL may be missing where it
#            "ran for a long time after the divergence". So one that was killed seconds after the standby was promoted is rewound.
# Seen:      "could not find previous WAL record": the segment between the last common checkpoint and the fork was in pg_wal before, and the
#            recovery that pg_rewind itself ran recycled it. With wal_keep_size in the target's own postgresql.auto.conf it is rewound.
# So:        whoever rewinds a killed primary sets wal_keep_size in its data first (pg_rewind puts the source's file in its place), or brings an archive.
#
# Runs where:  Linux on x86-64 with pip, unzip and setpriv, as root (it steps down: a server does not run as root), in a folder of its own.
# Exit codes:  0 as said; 1 otherwise.
set -eu

folder=$(mktemp -d)
# shellcheck disable=SC2317 # called by the trap
stop_all() {
  for data in old promoted; do
    if [ -f "$folder/$data/postmaster.pid" ]; then
      kill -QUIT "$(head -n 1 "$folder/$data/postmaster.pid")" 2>/dev/null || true
    fi
  done
  sleep 1
  rm -rf "$folder"
}
trap stop_all EXIT
chmod 755 "$folder"
cd "$folder"
pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --python-version 3.11 \
  --platform manylinux2014_x86_64 --dest . pgserver==0.1.4
unzip -q ./*.whl
chmod -R a+rX .
chmod a+x pgserver/pginstall/bin/*
mkdir work
chown 65534 work
mv work data
ln -s data/old old
ln -s data/promoted promoted

run() {
  program=$1
  shift
  setpriv --reuid 65534 --regid 65534 --clear-groups env LC_ALL=C HOME="$folder/data" \
    "$folder/pgserver/pginstall/bin/$program" "$@"
}
start() {
  run pg_ctl -D "data/$1" -l "data/$1.log" -w -o "-p $2 -k $folder/data -c listen_addresses=" start >/dev/null
}
sql() {
  run psql -qAt -h "$folder/data" -U postgres -d postgres -p "$1" -c "$2"
}

run pg_rewind --version
run initdb -D data/old -U postgres --auth trust --data-checksums --no-sync >/dev/null
start old 5433
sql 5433 'CREATE TABLE kept (n int)'
run pg_basebackup -h "$folder/data" -p 5433 -U postgres -D data/promoted -R --checkpoint=fast
start promoted 5434
# A segment between the last common checkpoint and the fork.
sql 5433 'SELECT pg_switch_wal()' >/dev/null
sql 5433 'INSERT INTO kept VALUES (1)'
while [ "$(sql 5434 'SELECT count(*) FROM kept')" != 1 ]; do sleep 0.2; done
sql 5434 'SELECT pg_promote()' >/dev/null
sql 5434 'CHECKPOINT'
sql 5433 'INSERT INTO kept VALUES (2)'
kill -9 "$(head -n 1 old/postmaster.pid)"
sleep 2
rm -f old/postmaster.pid
cp -a data/old data/kept
ls data/old/pg_wal >before
source="host=$folder/data port=5434 user=postgres dbname=postgres"

status=0
if run pg_rewind -D data/old --source-server="$source" >said 2>&1; then
  echo 'it is rewound as it is'
  status=1
fi
grep -h 'error:\|recycled' said || true
missing=$(sed -n 's/.*could not open file ".*pg_wal\/\([0-9A-F]*\)".*/\1/p' said | head -n 1)
grep -q "^$missing\$" before || { echo "the segment $missing was not there before"; status=1; }

echo "wal_keep_size = '1GB'" >>data/kept/postgresql.auto.conf
run pg_rewind -D data/kept --source-server="$source" >said 2>&1 || { cat said; status=1; }
tail -n 1 said
exit "$status"
