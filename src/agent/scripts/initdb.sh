#!/bin/sh
# Main program of the init container pgusher-initdb: makes the database where `restore` decided so, by the image's own
# initialisation, all or nothing; and refuses data of another major version than the image's.
#
# Runs     in the server's image with the server's environment and mounts, as root or as the server's user:
#            sh /pgusher/bin/initdb.sh [arguments of the server ...]
# Reads    ../decision beside this file; PGDATA (as the server will have it); what the image's initialisation reads
#          (POSTGRES_*); PGUSHER_USER_INIT_SCRIPTS, a folder of the user's that is linked into /docker-entrypoint-initdb.d
# Exit     0 PGDATA is a complete database of the image's major version; else a line on stderr and in /dev/termination-log,
#          where that is (the kubelet makes it), says what is wanted
# Safe to run twice: yes. What an interrupted run left is removed, or moved in to its end.
#
# The image's entrypoint takes any PG_VERSION for a complete database, also after init scripts that failed half-way. So
# it works in a staging directory on the same volume, which becomes PGDATA when all went well.
set -eu

here=${0%/*}
init_scripts=/docker-entrypoint-initdb.d
message=/dev/termination-log

# The last line of the log, and the container's message in `kubectl describe pod`.
stop() {
  printf 'pgusher-initdb: %s\n' "$1" >&2
  [ ! -w "$message" ] || printf '%s' "$1" >"$message"
  exit 1
}

action=
staging=
filling=
least=
data=
if [ ! -r "$here/../decision" ]; then
  stop 'there is no decision of pgusher-restore; wanted: that container before this one'
fi
while IFS='=' read -r name value; do
  case $name in
    action) action=$value ;;
    staging) staging=$value ;;
    filling) filling=$value ;;
    data_directory) data=$value ;;
    least_*) least="$least ${name#least_}=$value" ;;
  esac
done <"$here/../decision"

flush() {
  sync -f "$1" 2>/dev/null || sync
}

# PGDATA is a mount point, or holds lost+found: it is filled, pg_control last; without it no server starts on half of the
# files. What is cut off here is ended by `restore`, or by the next run.
fill() {
  held=${filling%/*}/pg_control
  if [ -e "$staging/global/pg_control" ]; then
    mv "$staging/global/pg_control" "$held"
  fi
  for entry in "$staging"/* "$staging"/.[!.]*; do
    if [ -e "$entry" ]; then
      mv "$entry" "$data/"
    fi
  done
  chmod 700 "$data"
  flush "$data"
  if [ -e "$held" ]; then
    mv "$held" "$data/global/pg_control"
  fi
  flush "$data"
  rm -rf "$staging"
  rm -f "$filling"
}

move_into_place() {
  flush "$staging"
  if [ ! -e "$data" ] || rmdir "$data" 2>/dev/null; then
    mkdir -p "${data%/*}"
    mv "$staging" "$data"
    flush "$data"
  else
    printf '%s\n' "$data" >"$filling"
    flush "$filling"
    fill
  fi
}

# For images from before docker-ensure-initdb.sh (late 2023): the functions of their entrypoint, as it calls them itself.
by_entrypoint() {
  # shellcheck disable=SC2016 # The inner bash expands it.
  bash -ce -- '
    set -o pipefail
    . "$(command -v docker-entrypoint.sh)"
    docker_setup_env
    docker_create_db_directories
    if [ "$(id -u)" = 0 ]; then
      step_down=$(command -v gosu || command -v su-exec)
      exec "$step_down" postgres bash -ce -- "$BASH_EXECUTION_STRING" initdb "$@"
    fi
    docker_verify_minimum_env
    ls /docker-entrypoint-initdb.d/ >/dev/null
    docker_init_database_dir
    pg_setup_hba_conf "$@"
    export PGPASSWORD="${PGPASSWORD:-$POSTGRES_PASSWORD}"
    docker_temp_server_start "$@"
    docker_setup_db
    docker_process_init_files /docker-entrypoint-initdb.d/*
    docker_temp_server_stop
  ' initdb "$@"
}

initialise() {
  # An earlier run of this container was interrupted.
  rm -rf "$staging"
  if [ -n "${PGUSHER_USER_INIT_SCRIPTS:-}" ]; then
    for script in "$PGUSHER_USER_INIT_SCRIPTS"/*; do
      [ -e "$script" ] && ln -sf "$script" "$init_scripts/"
    done
    ln -sf "$(cd "$here" && pwd)/replication.sh" "$init_scripts/zz-pgusher-replication.sh"
  fi
  [ "${1:-}" = postgres ] || set -- postgres "$@"
  if command -v docker-ensure-initdb.sh >/dev/null; then
    image_way=docker-ensure-initdb.sh
  elif command -v docker-entrypoint.sh >/dev/null && command -v bash >/dev/null; then
    image_way=by_entrypoint
  else
    stop 'this image has neither docker-ensure-initdb.sh nor docker-entrypoint.sh; wanted an image made from the official postgres, or a backup to restore (postgres.io/restore-from)'
  fi
  # The staging directory is PGDATA for the image's scripts alone.
  export PGDATA="$staging"
  "$image_way" "$@" || stop "the image's initialisation failed (the log of this container says why); nothing of it is kept, the next try begins anew"
  export PGDATA="$data"
  if [ ! -s "$staging/PG_VERSION" ] || [ ! -s "$staging/global/pg_control" ]; then
    stop "the image's initialisation ended without a database in its PGDATA; wanted one in $staging"
  fi
  move_into_place
}

# The image's major must be the data's.
check_version() {
  [ -s "$data/PG_VERSION" ] || stop "$data holds no database, although pgusher-restore said \"$action\""
  IFS= read -r found <"$data/PG_VERSION"
  image=$(postgres --version) || stop 'the image has no postgres in its PATH'
  image=${image#*) }
  image=${image%% *}
  image=${image%%.*}
  image=${image%%[!0-9]*}
  if [ "$found" != "$image" ]; then
    stop "$data is of PostgreSQL $found, the image is PostgreSQL $image; wanted the same major (an image tag of $found, or pg_upgrade)"
  fi
}

# Recovery stops where these are lower than in the server that wrote the WAL; only here the arguments are known.
check_least() {
  [ "${1:-}" = postgres ] && shift
  for needed in $least; do
    value=$(postgres -C "${needed%%=*}" -D "$data" "$@" 2>/dev/null) || continue
    if [ "$value" -lt "${needed#*=}" ]; then
      stop "${needed%%=*} is $value; the restored database needs at least ${needed#*=} until it is recovered (postgres.io/parameters, or the container's arguments)"
    fi
  done
}

if [ "$action" = initialise ] && [ -e "$filling" ]; then
  fill
elif [ "$action" = initialise ] && [ ! -s "$data/PG_VERSION" ]; then
  initialise "$@"
fi
check_version
check_least "$@"
