#!/bin/sh
# Main program of the init container pgusher-initdb: makes the database where `restore` decided so, by the image's own
# entrypoint, all or nothing; and refuses data of another major version than the image's.
#
# Runs     in the server's image with the server's environment and mounts, as root or as the server's user:
#            sh /pgusher/bin/initdb.sh [arguments of the server ...]
#            sh /pgusher/bin/initdb.sh --command COMMAND ...    the container's own command line, where that is a wrapper
# Reads    ../decision beside this file; PGDATA (as the server will have it); what the image's initialisation reads
#          (POSTGRES_*); PGUSHER_REPLICATION_NETWORK: replication.sh is to make a role
# Exit     0 PGDATA is a complete database of the image's major version; else a line on stderr and in /dev/termination-log,
#          where that is (the kubelet makes it), says what is wanted; 143 after SIGTERM
# Safe to run twice: yes. What an interrupted run made is removed, and nothing else.
#
# The image's entrypoint takes any PG_VERSION for a complete database, also after init scripts that failed half-way; and
# scripts write PGDATA's path into settings, so that a database cannot be made elsewhere and moved. So it is made in its place
# while the file `initialising` lies on the same volume. Nothing is started as long as that is there: `restore` and this
# program take back what it stands for, which they know by its system identifier (during-initdb.sh).
set -eu

# A background process of dash or busybox ignores SIGINT and SIGQUIT and cannot undo it; the image's scripts would inherit that.
# bash can, and the image's entrypoint is written for it.
if [ -z "${BASH_VERSION:-}" ] && command -v bash >/dev/null; then
  exec bash --posix "$0" "$@"
fi

here=$(cd "${0%/*}" && pwd)
message=/dev/termination-log

# The last line of the log, and the container's message in `kubectl describe pod`.
stop() {
  say "$1"
  [ ! -w "$message" ] || printf '%s' "$1" >"$message"
  exit "${2:-1}"
}

say() {
  printf 'pgusher-initdb: %s\n' "$1" >&2
}

action=
staging=
least=
data=
if [ ! -r "$here/../decision" ]; then
  stop 'there is no decision of pgusher-restore; wanted: that container before this one'
fi
while IFS='=' read -r name value; do
  case $name in
    action) action=$value ;;
    staging) staging=$value ;;
    data_directory) data=$value ;;
    least_*) least="$least ${name#least_}=$value" ;;
  esac
done <"$here/../decision"
own=${staging%/*}
marker=$own/initialising
programs=${here%/*}/initialising

flush() {
  sync -f "$1" 2>/dev/null || sync
}

# What is in PGDATA, but for what mkfs and we put at the root of a volume.
entries() {
  for entry in "$data"/* "$data"/.[!.]* "$data"/..?*; do
    case ${entry##*/} in
      lost+found | .pgusher) ;;
      *) [ ! -e "$entry" ] && [ ! -L "$entry" ] || printf '%s\n' "${entry##*/}" ;;
    esac
  done
}

# number FILE SIZE OFFSET: an unsigned integer of the file; empty where there is none.
number() {
  [ ! -s "$1" ] || od -An "-tu$2" -j "$3" -N "$2" "$1" 2>/dev/null | tr -d ' '
}

# system_of DIRECTORY: pg_control begins with the system identifier (src/include/catalog/pg_control.h).
system_of() {
  number "$1/global/pg_control" 8 0
}

# The system that the try made, once its initdb ended (during-initdb.sh).
noted_system() {
  [ ! -e "$marker" ] || sed -n 's/^system=//p' "$marker"
}

# The WAL directory outside of PGDATA that this try's initdb filled: it insists on an empty one. A segment's first page names
# the system that it belongs to (src/include/access/xlog_internal.h); what belongs to another is left. While a database is
# moved into PGDATA, pg_control is there already and the link is not yet: then the marker says which system it is.
clear_wal() {
  [ -L "$1/pg_wal" ] || return 0
  wal=$(readlink "$1/pg_wal")
  known=$(system_of "$1")
  [ -n "$known" ] || known=$(noted_system)
  others=no
  for entry in "$wal"/*; do
    case ${entry##*/} in
      archive_status | summaries) rm -rf "$entry" ;;
      xlogtemp.*) rm -f "$entry" ;;
      *[!0-9A-F]*) ;;
      ????????????????????????)
        system=$(number "$entry" 8 24)
        case $system in
          "$known" | 0) rm -f "$entry" ;;
          *) [ -n "$known" ] || [ "${entry##*/}" != 000000010000000000000001 ] || rm -f "$entry" ;;
        esac
        [ ! -e "$entry" ] || others=yes
        ;;
    esac
  done
  # Of a base backup that a script took.
  [ "$others" = yes ] || rm -f "$wal"/????????????????????????.????????.backup
}

# CREATE TABLESPACE makes one folder in the place that it is given, named by major and catalog version.
clear_tablespaces() {
  [ -s "$data/PG_VERSION" ] || return 0
  IFS= read -r major <"$data/PG_VERSION"
  catalog=$(number "$data/global/pg_control" 4 12)
  for link in "$data"/pg_tblspc/*; do
    [ ! -L "$link" ] || rm -rf "$(readlink "$link")/PG_${major}_$catalog"
  done
}

# Takes back what a try made; the folder with pg_control last, since that says whose the rest is.
clear_try() {
  clear_wal "$staging"
  clear_wal "$data"
  clear_tablespaces
  rm -rf "$staging"
  entries | while IFS= read -r entry; do
    [ "$entry" = global ] || rm -rf "${data:?}/$entry"
  done
  if [ -e "$data/global" ]; then
    mv "$data/global" "$staging"
    rm -rf "$staging"
  fi
  if grep -q '^made=yes' "$marker" 2>/dev/null; then
    rmdir "$data" 2>/dev/null || :
  fi
  rm -f "$marker" "$marker.new"
  flush "$own"
}

# An earlier run of this container, or of an earlier pod, was cut off.
settle_earlier_try() {
  if [ ! -e "$marker" ]; then
    clear_wal "$staging"
    rm -rf "$staging"
    return 0
  fi
  wanted=$(noted_system)
  if [ -n "$(entries)" ] && { [ -z "$wanted" ] || [ "$(system_of "$data")" != "$wanted" ]; }; then
    stop "an initialisation was cut off, but what is in $data now is not what it made (system ${wanted:-not known yet}, found $(system_of "$data" | grep . || printf 'no database')); nothing was changed. Wanted: an empty $data, or your own data and no file $marker"
  fi
  # Where the pod is the same one, and only this container was ended.
  last=
  [ ! -s "$programs/script" ] || last=" in $(running)"
  say "an earlier initialisation was cut off$last: what it made is removed, and it begins anew"
  clear_try
}

# as_server COMMAND ...: as the user that PGDATA belongs to. Root without CAP_KILL may not signal another user's process.
as_server() {
  owner=$(stat -c %u "$data")
  if [ "$(id -u)" != 0 ] || [ "$owner" = 0 ]; then
    "$@"
  elif command -v gosu >/dev/null; then
    gosu "$owner" "$@"
  elif command -v su-exec >/dev/null; then
    su-exec "$owner" "$@"
  elif command -v setpriv >/dev/null; then
    setpriv --reuid "$owner" --clear-groups "$@"
  else
    "$@"
  fi
}

# The server that is running on PGDATA; empty where there is none.
postmaster() {
  [ -s "$data/postmaster.pid" ] || return 0
  IFS= read -r found <"$data/postmaster.pid" || :
  case $found in
    *[!0-9]* | '') ;;
    *) [ ! -r "/proc/$found/status" ] || grep -q '^State:[[:space:]]*Z' "/proc/$found/status" || printf '%s\n' "$found" ;;
  esac
}

# signal NAME PID
signal() {
  # shellcheck disable=SC2016 # The inner shell expands it.
  as_server sh -c 'kill -s "$1" "$2"' signal "$1" "$2" 2>/dev/null
}

# Ends the temporary server that a script left behind: what it would write next is removed anyway. 1 where it cannot be.
end_server() {
  tries=0
  while pid=$(postmaster) && [ -n "$pid" ]; do
    tries=$((tries + 1))
    case $tries in
      1) signal QUIT "$pid" || : ;;
      50) signal KILL "$pid" || : ;;
      100) return 1 ;;
    esac
    sleep 0.1 2>/dev/null || sleep 1
  done
}

# What the image's entrypoint says goes on to the log, and tells which script is running.
follow() {
  while IFS= read -r line || [ -n "$line" ]; do
    printf '%s\n' "$line"
    case $line in
      *': running /docker-entrypoint-initdb.d/'* | *': sourcing /docker-entrypoint-initdb.d/'*)
        printf '%s\n' "/docker-entrypoint-initdb.d/${line##*/docker-entrypoint-initdb.d/}" >"$programs/script"
        ;;
    esac
    line=
  done
}

# Says which script takes long; and stops a server that got past us, because a script set another PATH.
watch() {
  minutes=0
  seconds=0
  late=0
  while sleep 1 >/dev/null 2>&1; do
    if [ "$(postmaster)" = "$1" ]; then
      printf 'yes\n' >"$programs/ended"
      signal INT "$1" || :
      continue
    fi
    # A supervisor in its place starts it again and again.
    if [ -s "$programs/ended" ]; then
      late=$((late + 1))
      [ "$late" -lt 20 ] || signal TERM "$1" || kill "$1" 2>/dev/null || :
    fi
    seconds=$((seconds + 1))
    if [ $((seconds % 300)) = 0 ]; then
      minutes=$((minutes + 5))
      say "the initialisation has been running for $minutes minutes, and is in $(running); a script that waits for something never ends: there is no terminal and no network address of this server yet"
    fi
  done
}

# What the initialisation is doing, or did last.
running() {
  if [ -s "$programs/script" ]; then
    # Read between its being emptied and written it has no line end: no reason to stop, as busybox would not and other shells would.
    IFS= read -r script <"$programs/script" || :
    printf '%s\n' "$script"
  else
    printf "%s\n" "the image's own part (initdb, or the first start of the server), before any script"
  fi
}

stopped() {
  trap '' TERM INT
  kill "$watcher" "$child" 2>/dev/null || :
  pid=$(postmaster)
  [ -z "$pid" ] || signal QUIT "$pid" || :
  stop "stopped from outside in $(running); what was made is removed at the next start, which begins anew" 143
}

prepare_programs() {
  rm -rf "$programs"
  mkdir -m 755 "$programs"
  for name in initdb pg_ctl postgres; do
    ln -s "$here/during-initdb.sh" "$programs/$name"
  done
  scripts=
  [ -z "${PGUSHER_REPLICATION_NETWORK:-}" ] || scripts=$here
  printf '%s=%s\n' data_directory "$data" own "$own" scripts "$scripts" >"$programs/facts"
  : >"$programs/ended"
  : >"$programs/script"
  : >"$programs/refused"
  mkfifo "$programs/output"
  # The server's user writes these.
  chmod 666 "$programs/ended" "$programs/script" "$programs/refused"
  chmod 644 "$programs/facts"
}

# run_image COMMAND ...: its status.
run_image() {
  follow <"$programs/output" &
  follower=$!
  # shellcheck disable=SC2016 # The inner shell expands it.
  (
    trap - INT QUIT TERM
    PATH=$programs:$PATH
    export PATH
    exec sh -c 'printf "pid=%s\n" "$$" >>"$1" && shift && exec "$@"' start "$programs/facts" "$@"
  ) <&0 >"$programs/output" &
  child=$!
  watch "$child" &
  watcher=$!
  trap stopped TERM INT
  status=0
  wait "$child" || status=$?
  trap - TERM INT
  kill "$watcher" 2>/dev/null || :
  return "$status"
}

# Everything that was said is in the log before our own last line. A process that a script left behind may keep the pipe open.
end_follower() {
  tries=20
  while kill -0 "$follower" 2>/dev/null && [ "$tries" -gt 0 ]; do
    tries=$((tries - 1))
    sleep 0.05 2>/dev/null || sleep 1
  done
  kill "$follower" 2>/dev/null || :
}

# Nothing of a try that failed is kept. PGDATA was empty when it began, so everything in it is the try's.
failed() {
  if [ "$ended_server" = yes ]; then
    full=$(is_full)
    clear_try
    stop "$1$full; nothing of it is kept, the next try begins anew"
  fi
  stop "$1; its server could not be stopped: what it made is removed at the next start, which begins anew"
}

is_full() {
  df -P "$data" 2>/dev/null | {
    read -r _
    read -r _ _ _ free _ && [ "$free" -lt 1024 ] && printf '; the volume is full'
  } || :
}

initialise() {
  settle_earlier_try
  if [ -n "$(entries)" ]; then
    stop "$data was empty for pgusher-restore and holds $(entries | head -n 8 | tr '\n' ' ')now; wanted it empty: no other container of the pod may write there before the first start"
  fi
  wrapped=no
  if [ "${1:-}" = --command ]; then
    wrapped=yes
    shift
  else
    [ "${1:-}" = postgres ] || set -- postgres "$@"
    command -v docker-entrypoint.sh >/dev/null ||
      stop 'this image has no docker-entrypoint.sh; wanted an image made from the official postgres, or a backup to restore (postgres.io/restore-from)'
    set -- docker-entrypoint.sh "$@"
  fi
  prepare_programs
  {
    printf 'data_directory=%s\n' "$data"
    [ -e "$data" ] || printf 'made=yes\n'
  } >"$marker.new"
  mv "$marker.new" "$marker"
  flush "$own"
  status=0
  run_image "$@" || status=$?
  # A command that goes past the entrypoint: what it prepares is done, and the image initialises.
  if [ "$wrapped" = yes ] && [ -s "$programs/ended" ] && [ "$status" -eq 0 ] && [ -z "$(entries)" ] && command -v docker-entrypoint.sh >/dev/null; then
    prepare_programs
    wrapped=no
    set -- docker-entrypoint.sh postgres
    run_image "$@" || status=$?
  fi
  left_running=$(postmaster)
  ended_server=yes
  end_server || ended_server=no
  end_follower
  if [ "$wrapped" = yes ] && { [ ! -s "$programs/ended" ] || [ "$status" -ne 0 ]; } && [ ! -s "$programs/script" ]; then
    failed "the container's own command ($1) ended with status $status and did not come to the server in this init container (the log says why). Wanted: a command that ends with \`exec docker-entrypoint.sh postgres\`, or args alone"
  fi
  [ ! -s "$programs/refused" ] || failed "$(cat "$programs/refused")"
  if [ ! -s "$programs/ended" ]; then
    case $status in
      0) failed "the image's initialisation ended early, in $(running): a script called exit, and all that comes after it was skipped. Wanted: \`return\` in a script that is sourced (not executable), or no exit" ;;
      *) failed "the image's initialisation failed in $(running), with status $status (the log of this container says why)" ;;
    esac
  fi
  [ "$status" -eq 0 ] || failed "the image's initialisation came to its end, but $1 ended with status $status"
  [ -z "$left_running" ] || failed "the image's initialisation left a server running on $data after $(running); wanted scripts that stop what they start"
  if [ ! -s "$data/PG_VERSION" ] || [ ! -s "$data/global/pg_control" ]; then
    failed "the image's initialisation ended without a database in $data"
  fi
  rm -rf "$programs"
  # The end: on disk first, then without the marker, and that on disk too before the server may take a commit.
  flush "$data"
  rm -f "$marker"
  flush "$own"
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
  # What a wrapper makes of its arguments only the wrapper knows.
  [ "${1:-}" != --command ] || set --
  [ "${1:-}" != postgres ] || shift
  for needed in $least; do
    value=$(postgres -C "${needed%%=*}" -D "$data" "$@" 2>/dev/null) || continue
    if [ "$value" -lt "${needed#*=}" ]; then
      stop "${needed%%=*} is $value; the restored database needs at least ${needed#*=} until it is recovered (postgres.io/parameters, or the container's arguments)"
    fi
  done
}

if [ "$action" = initialise ] && { [ -e "$marker" ] || [ ! -s "$data/PG_VERSION" ]; }; then
  initialise "$@"
fi
check_version
check_least "$@"
