#!/bin/sh
# Stands before initdb, pg_ctl and postgres in the PATH of the image's initialisation, as /pgusher/initialising/<name>: the image's
# own entrypoint runs whole and unchanged, whatever its generation, and initdb.sh still learns how far it came.
#
# Runs     as the server's user, called by the image's entrypoint or by a script of the user's:
#            initdb    of PGDATA: made in the staging directory, its system identifier noted durably, then moved into PGDATA
#            pg_ctl    the entrypoint's last `stop`: our replication script runs before it
#            postgres  the entrypoint's last `exec`: initialised to the end, exit 0 in place of the server
#          Everything else is the program itself.
# Reads    facts beside this file: pid of the entrypoint, data_directory, own (our folder on the data volume), scripts
# Writes   ended beside this file; <own>/initialising; script, what is running now
# Exit     of the program; 0 in place of the server
# Safe to run twice: as the program is.
set -eu

ours=${0%/*}
name=${0##*/}

pid=
data=
own=
scripts=
while IFS='=' read -r key value; do
  case $key in
    pid) pid=$value ;;
    data_directory) data=$value ;;
    own) own=$value ;;
    scripts) scripts=$value ;;
  esac
done <"$ours/facts"

program=$(
  rest=$PATH:
  path=
  while [ -n "$rest" ]; do
    entry=${rest%%:*}
    rest=${rest#*:}
    [ "$entry" = "$ours" ] || path=$path${path:+:}$entry
  done
  PATH=$path
  command -v "$name"
) || {
  printf '%s: command not found\n' "$name" >&2
  exit 127
}

# named_directory DEFAULT ARGUMENTS ...: what -D says, in any of its forms.
named_directory() {
  named=$1
  shift
  while [ $# -gt 0 ]; do
    case $1 in
      -D | --pgdata) named=${2:-} ;;
      -D?*) named=${1#-D} ;;
      --pgdata=*) named=${1#--pgdata=} ;;
    esac
    shift
  done
  printf '%s\n' "${named%/}"
}

make_database() {
  staging=$own/staging
  "$program" "$@" -D "$staging"
  # What is in PGDATA from here on is known by its system identifier, also after a power failure: the first eight bytes.
  control=$staging/global/pg_control
  sync -f "$control" 2>/dev/null || sync
  system=$(od -An -tu8 -N8 "$control" | tr -d ' ')
  {
    cat "$own/initialising"
    printf 'system=%s\n' "$system"
  } >"$own/initialising.new"
  mv "$own/initialising.new" "$own/initialising"
  sync -f "$own" 2>/dev/null || sync
  mkdir -p "$data"
  mode=$(stat -c %a "$staging")
  # pg_control first: without it nobody could say whose the rest is. Nothing is started while the marker is there.
  mv "$staging/global" "$data/"
  for entry in "$staging"/* "$staging"/.[!.]*; do
    if [ -e "$entry" ] || [ -L "$entry" ]; then
      mv "$entry" "$data/"
    fi
  done
  chmod "$mode" "$data" || :
  rmdir "$staging"
}

case $name in
  initdb)
    [ "$(named_directory "${PGDATA:-}" "$@")" != "$data" ] || {
      make_database "$@"
      exit
    }
    ;;
  pg_ctl)
    # As every generation of the entrypoint writes it (docker_temp_server_stop).
    if [ "$*" = "-D $data -m fast -w stop" ] && [ -n "$scripts" ]; then
      printf '%s\n' "$scripts/replication.sh" >"$ours/script"
      sh "$scripts/replication.sh"
    fi
    ;;
  postgres)
    starts=yes
    for argument; do
      case $argument in
        -C* | --single | --boot | --check | --describe-config | --help | '-?' | -V | --version) starts=no ;;
      esac
    done
    # By `exec` it has the entrypoint's process id; a wrapper may have put itself between. A server that scripts start for
    # themselves on another directory, or beside the temporary one, is their own.
    if [ "$starts" = yes ]; then
      if [ "$$" = "$pid" ] || { [ "$(named_directory "${PGDATA:-}" "$@")" = "$data" ] && [ ! -e "$data/postmaster.pid" ]; }; then
        printf 'yes\n' >"$ours/ended"
        exit 0
      fi
    fi
    ;;
esac
exec "$program" "$@"
