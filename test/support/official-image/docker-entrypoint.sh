#!/usr/bin/env bash
# Stand-in for the start script of the official postgres image: not its text, but its behaviour as far as initdb.sh relies
# on it, and the names of the functions that it may be sourced for.
#
# Runs     in a test's root directory, as root or as any uid; executed with the server's arguments, or sourced
# Reads    PGDATA, POSTGRES_PASSWORD(_FILE), POSTGRES_USER, POSTGRES_DB, POSTGRES_INITDB_ARGS, POSTGRES_HOST_AUTH_METHOD
# Exit     of the server; 1 where the environment does not allow an initialisation
set -Eeo pipefail

_is_sourced() {
  [ "${#FUNCNAME[@]}" -ge 2 ] && [ "${FUNCNAME[1]}" = source ]
}

docker_setup_env() {
  if [ -n "${POSTGRES_PASSWORD_FILE:-}" ]; then
    POSTGRES_PASSWORD=$(<"$POSTGRES_PASSWORD_FILE")
  fi
  export POSTGRES_PASSWORD="${POSTGRES_PASSWORD:-}" POSTGRES_USER="${POSTGRES_USER:-postgres}"
  export POSTGRES_DB="${POSTGRES_DB:-$POSTGRES_USER}" POSTGRES_HOST_AUTH_METHOD="${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}"
  DATABASE_ALREADY_EXISTS=
  if [ -s "$PGDATA/PG_VERSION" ]; then
    DATABASE_ALREADY_EXISTS=true
  fi
}

docker_create_db_directories() {
  mkdir -p "$PGDATA"
  chmod 00700 "$PGDATA" || :
  if [ "$(id -u)" = 0 ]; then
    find "$PGDATA" ! -user postgres -exec chown postgres '{}' +
  fi
}

docker_verify_minimum_env() {
  if [ -z "$POSTGRES_PASSWORD" ] && [ "$POSTGRES_HOST_AUTH_METHOD" != trust ]; then
    echo 'no superuser password is specified' >&2
    exit 1
  fi
}

docker_init_database_dir() {
  eval 'initdb --username="$POSTGRES_USER" --pwfile=<(printf "%s\n" "$POSTGRES_PASSWORD") '"${POSTGRES_INITDB_ARGS:-}"
}

pg_setup_hba_conf() {
  printf '\nhost all all all %s\n' "$POSTGRES_HOST_AUTH_METHOD" >>"$PGDATA/pg_hba.conf"
}

docker_temp_server_start() {
  if [ "${1:-}" = postgres ]; then
    shift
  fi
  PGUSER=$POSTGRES_USER pg_ctl -D "$PGDATA" -w start -o "$(printf '%q ' "$@" -c "listen_addresses=" -p 5432)" >&2
}

docker_temp_server_stop() {
  PGUSER=$POSTGRES_USER pg_ctl -D "$PGDATA" -m fast -w stop >&2
}

docker_process_sql() {
  PGHOST='' psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --no-password --no-psqlrc --dbname "$POSTGRES_DB" "$@"
}

docker_setup_db() {
  if [ "$POSTGRES_DB" != postgres ]; then
    docker_process_sql --dbname postgres -v name="$POSTGRES_DB" <<<'CREATE DATABASE :"name"'
  fi
}

docker_process_init_files() {
  local file
  for file; do
    case $file in
      *.sh)
        # shellcheck disable=SC1090 # A file of the user's.
        if [ -x "$file" ]; then "$file"; else . "$file"; fi
        ;;
      *.sql) docker_process_sql -f "$file" ;;
    esac
  done
}

_initialise() {
  docker_verify_minimum_env
  ls /docker-entrypoint-initdb.d/ >/dev/null
  docker_init_database_dir
  pg_setup_hba_conf "$@"
  export PGPASSWORD="${PGPASSWORD:-$POSTGRES_PASSWORD}"
  docker_temp_server_start "$@"
  docker_setup_db
  docker_process_init_files /docker-entrypoint-initdb.d/*
  docker_temp_server_stop
  unset PGPASSWORD
}

_main() {
  if [ "${1:0:1}" = - ]; then
    set -- postgres "$@"
  fi
  if [ "${1:-}" = postgres ]; then
    docker_setup_env
    docker_create_db_directories
    if [ "$(id -u)" = 0 ]; then
      exec gosu postgres "${BASH_SOURCE[0]}" "$@"
    fi
    if [ -z "$DATABASE_ALREADY_EXISTS" ]; then
      _initialise "$@"
    fi
  fi
  exec "$@"
}

if ! _is_sourced; then
  _main "$@"
fi
