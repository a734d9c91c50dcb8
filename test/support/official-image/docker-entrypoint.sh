#!/usr/bin/env bash
# Stand-in for the start script of the official postgres image: not its text, but its behaviour as far as initdb.sh relies
# on it.
#
# Runs     in a test's root directory, as root or as any uid, with the server's arguments
# Reads    PGDATA, POSTGRES_PASSWORD(_FILE), POSTGRES_USER(_FILE), POSTGRES_DB(_FILE), POSTGRES_INITDB_ARGS(_FILE),
#          POSTGRES_INITDB_WALDIR, POSTGRES_HOST_AUTH_METHOD
# Exit     of the server; 1 where the environment does not allow an initialisation
set -Eeo pipefail

# A variable, or the content of the file that <name>_FILE names; both are an error.
from_file() {
  local file=$1_FILE value=${2:-}
  if [ -n "${!1:-}" ] && [ -n "${!file:-}" ]; then
    echo "$1 and $file are both set" >&2
    exit 1
  fi
  [ -z "${!file:-}" ] || value=$(<"${!file}")
  [ -z "${!1:-}" ] || value=${!1}
  export "$1=$value"
  unset "$file"
}

read_environment() {
  from_file POSTGRES_PASSWORD
  from_file POSTGRES_USER postgres
  from_file POSTGRES_DB "$POSTGRES_USER"
  from_file POSTGRES_INITDB_ARGS
}

make_directories() {
  mkdir -p "$PGDATA"
  chmod 00700 "$PGDATA" || :
  mkdir -p /var/run/postgresql || :
  chmod 03775 /var/run/postgresql || :
  if [ -n "${POSTGRES_INITDB_WALDIR:-}" ]; then
    mkdir -p "$POSTGRES_INITDB_WALDIR"
    [ "$(id -u)" != 0 ] || find "$POSTGRES_INITDB_WALDIR" ! -user postgres -exec chown postgres '{}' +
    chmod 700 "$POSTGRES_INITDB_WALDIR"
  fi
  if [ "$(id -u)" = 0 ]; then
    find "$PGDATA" /var/run/postgresql ! -user postgres -exec chown postgres '{}' +
  fi
}

make_database() {
  if [ -n "${POSTGRES_INITDB_WALDIR:-}" ]; then
    set -- --waldir "$POSTGRES_INITDB_WALDIR"
  fi
  eval 'initdb --username="$POSTGRES_USER" --pwfile=<(printf "%s\n" "$POSTGRES_PASSWORD") '"$POSTGRES_INITDB_ARGS"' "$@"'
}

let_clients_in() {
  shift
  local method=${POSTGRES_HOST_AUTH_METHOD:-}
  [ -n "$method" ] || method=$(postgres -C password_encryption "$@")
  printf '\nhost all all all %s\n' "$method" >>"$PGDATA/pg_hba.conf"
}

# The socket alone, whatever PGHOST says.
ask() {
  PGHOST='' PGHOSTADDR='' psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --no-password --no-psqlrc --dbname "$POSTGRES_DB" "$@"
}

run_scripts() {
  # shellcheck disable=SC2034 # Scripts that are sourced call it.
  psql=(docker_process_sql)
  local script
  for script; do
    case $script in
      *.sh)
        if [ -x "$script" ]; then
          printf '%s: running %s\n' "$0" "$script"
          "$script"
        else
          printf '%s: sourcing %s\n' "$0" "$script"
          # shellcheck disable=SC1090 # A file of the user's.
          . "$script"
        fi
        ;;
      *.sql) printf '%s: running %s\n' "$0" "$script" && ask -f "$script" ;;
      *.sql.gz) printf '%s: running %s\n' "$0" "$script" && gunzip -c "$script" | ask ;;
      *.sql.xz) printf '%s: running %s\n' "$0" "$script" && xzcat "$script" | ask ;;
      *.sql.zst) printf '%s: running %s\n' "$0" "$script" && zstd -dc "$script" | ask ;;
      *) printf '%s: ignoring %s\n' "$0" "$script" ;;
    esac
  done
}

docker_process_sql() {
  ask "$@"
}

initialise() {
  if [ -z "$POSTGRES_PASSWORD" ] && [ "${POSTGRES_HOST_AUTH_METHOD:-}" != trust ]; then
    echo 'no superuser password is specified' >&2
    exit 1
  fi
  ls /docker-entrypoint-initdb.d/ >/dev/null
  make_database
  let_clients_in "$@"
  export PGPASSWORD="${PGPASSWORD:-$POSTGRES_PASSWORD}"
  start_for_scripts "$@"
  if [ "$(ask --dbname postgres --tuples-only --no-align -v name="$POSTGRES_DB" <<<"SELECT 1 FROM pg_database WHERE datname = :'name'")" != 1 ]; then
    ask --dbname postgres -v name="$POSTGRES_DB" <<<'CREATE DATABASE :"name"'
  fi
  run_scripts /docker-entrypoint-initdb.d/*
  PGUSER="${PGUSER:-postgres}" pg_ctl -D "$PGDATA" -m fast -w stop
  unset PGPASSWORD
}

start_for_scripts() {
  shift
  PGUSER="${PGUSER:-$POSTGRES_USER}" pg_ctl -D "$PGDATA" -o "$(printf '%q ' "$@" -c listen_addresses= -p "${PGPORT:-5432}")" -w start
}

if [ "${1:0:1}" = - ]; then
  set -- postgres "$@"
fi
if [ "${1:-}" = postgres ]; then
  read_environment
  make_directories
  if [ "$(id -u)" = 0 ]; then
    exec gosu postgres "${BASH_SOURCE[0]}" "$@"
  fi
  [ -s "$PGDATA/PG_VERSION" ] || initialise "$@"
fi
exec "$@"
