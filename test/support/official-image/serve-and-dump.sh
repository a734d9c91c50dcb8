#!/bin/sh
# Starts the image as its container would be started, says what database it serves, and stops it.
#
# Runs     in a test's root directory:  sh serve-and-dump.sh FILE SECONDS [arguments of the server ...]
# Reads    what docker-entrypoint.sh reads
# Writes   FILE: everything of the database but the passwords' salts, and the settings files
# Exit     0 it was served; 3 the image ended before; 4 it did not serve within SECONDS
set -eu

file=$1
seconds=$2
shift 2
docker-entrypoint.sh "$@" &
entrypoint=$!
until=$(($(date +%s) + seconds))
user=${POSTGRES_USER:-postgres}
[ -z "${POSTGRES_USER_FILE:-}" ] || user=$(cat "$POSTGRES_USER_FILE")
password=${POSTGRES_PASSWORD:-}
[ -z "${POSTGRES_PASSWORD_FILE:-}" ] || password=$(cat "$POSTGRES_PASSWORD_FILE")

ask() {
  program=$1
  shift
  env -u PGHOST -u PGHOSTADDR -u PGOPTIONS PGPASSWORD="$password" "$program" -w -U "$user" "$@"
}

# The entrypoint becomes the server: until then what answers is the temporary one.
until [ "$(head -n 1 "$PGDATA/postmaster.pid" 2>/dev/null)" = "$entrypoint" ] &&
  grep -q '^ready' "$PGDATA/postmaster.pid" &&
  [ "$(ask psql -XAtq -d postgres -c 'SELECT 1' 2>/dev/null)" = 1 ]; do
  kill -0 "$entrypoint" 2>/dev/null || exit 3
  if [ "$(date +%s)" -gt "$until" ]; then
    kill -QUIT "$entrypoint"
    exit 4
  fi
  sleep 0.1
done
{
  ask pg_dumpall --no-role-passwords | grep -v '^\\\(un\)\?restrict '
  ask psql -XAtq -d postgres -c "SELECT rolname, rolsuper, rolcanlogin, rolreplication, left(rolpassword, 14) FROM pg_authid ORDER BY 1"
  cat "$PGDATA/postgresql.conf" "$PGDATA/postgresql.auto.conf" "$PGDATA/pg_hba.conf" "$PGDATA/pg_ident.conf"
  # Not of PGDATA itself: the entrypoint makes it 700 again at its second start.
  stat -c '%a %U' "$PGDATA/pg_hba.conf" "$PGDATA/base"
  readlink "$PGDATA/pg_wal" || echo "WAL inside"
  find "$PGDATA/" -mindepth 1 -maxdepth 1 ! -name 'postmaster*' -printf '%f\n' | sort
} >"$file"
kill -INT "$entrypoint"
wait "$entrypoint" || :
