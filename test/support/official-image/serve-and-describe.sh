#!/bin/sh
# Starts the image as its container would be started, says what database it serves, and stops it.
#
# Runs     in a test's root directory, beside its databases.sql and database.sql:
#            sh serve-and-describe.sh FILE SECONDS [arguments of the server ...]
# Reads    what docker-entrypoint.sh reads
# Writes   FILE: every row of every database, but for passwords' salts and what vacuum counts; and the settings files
# Exit     0 it was served; 3 the image ended before; 4 it did not serve within SECONDS
set -eu

file=$1
seconds=$2
shift 2
here=$(cd "${0%/*}" && pwd)
docker-entrypoint.sh "$@" &
entrypoint=$!
tries=$((seconds * 20))
user=${POSTGRES_USER:-postgres}
[ -z "${POSTGRES_USER_FILE:-}" ] || read -r user <"$POSTGRES_USER_FILE" || :
password=${POSTGRES_PASSWORD:-}
[ -z "${POSTGRES_PASSWORD_FILE:-}" ] || read -r password <"$POSTGRES_PASSWORD_FILE" || :

# The entrypoint becomes the server: until then what answers is the temporary one.
is_ready() {
  pid=
  [ ! -r "$PGDATA/postmaster.pid" ] || read -r pid <"$PGDATA/postmaster.pid" || :
  [ "$pid" = "$entrypoint" ] && grep -q '^ready' "$PGDATA/postmaster.pid"
}

until is_ready; do
  kill -0 "$entrypoint" 2>/dev/null || exit 3
  tries=$((tries - 1))
  if [ "$tries" = 0 ]; then
    kill -QUIT "$entrypoint"
    exit 4
  fi
  sleep 0.05
done
# Not Debian's psql, which is a Perl program in front of this one: it takes longer to load than the rest takes.
for psql in /usr/lib/postgresql/*/bin/psql; do :; done
{
  (
    unset PGHOST PGHOSTADDR PGOPTIONS
    PGPASSWORD=$password "$psql" -w -XAtq -F ' ' -v ON_ERROR_STOP=1 -v list="$file.list" -U "$user" -d postgres -f "$here/databases.sql"
  )
  cat "$PGDATA/postgresql.conf" "$PGDATA/postgresql.auto.conf" "$PGDATA/pg_hba.conf" "$PGDATA/pg_ident.conf"
  # Not of PGDATA itself: the entrypoint makes it 700 again at its second start.
  stat -c '%a %U' "$PGDATA/pg_hba.conf" "$PGDATA/base"
  readlink "$PGDATA/pg_wal" || echo "WAL inside"
  find "$PGDATA/" -mindepth 1 -maxdepth 1 ! -name 'postmaster*' -printf '%f\n' | LC_ALL=C sort
} >"$file"
kill -INT "$entrypoint"
wait "$entrypoint" || :
