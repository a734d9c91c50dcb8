#!/bin/sh
# preStop hook of the server: shortens the stop and gets the last commits out before the risky part of it.
#
# Runs     in the server's container, by the kubelet, as root or as the server's user:
#            sh /pgusher/bin/pre-stop.sh SECONDS [-- the user's own hook ...]
# Reads    PGDATA (else the data_directory of ../decision beside this file); ../receiver (flushed=LSN, what the store has
#          on disk); ../database (database=NAME, where the agent asks its questions too); POSTGRES_USER, POSTGRES_PASSWORD or their _FILE forms
# Does     the user's hook; on a primary CHECKPOINT, a switch of the WAL segment, and a wait until the store has it; then
#          a fast shutdown (SIGINT to the postmaster). On a standby only the first and the last.
# Exit     0, always, and within SECONDS: a stop must not fail because something else did. What happened is on stderr.
# Safe to run twice: yes.
#
# Not pg_ctl: it refuses to run as root, and gives up after 60 seconds.
# Not -e: whatever fails, the rest is done and the exit is 0.
set -u

budget=$1
shift
[ "${1:-}" = -- ] && shift

here=${0%/*}
started=$(date +%s)

say() {
  printf 'pgusher pre-stop: %s\n' "$1" >&2
}

# Seconds that are left.
left() {
  printf '%s\n' $((budget - ($(date +%s) - started)))
}

# shorter A B: the smaller of two numbers of seconds.
shorter() {
  if [ "$1" -lt "$2" ]; then printf '%s\n' "$1"; else printf '%s\n' "$2"; fi
}

# bounded SECONDS COMMAND ...: its exit status, or 124 when it had to be ended. Standard output is passed on.
bounded() {
  bounded_until=$(($(date +%s) + $1))
  shift
  "$@" &
  bounded_pid=$!
  while kill -0 "$bounded_pid" 2>/dev/null; do
    if [ "$(date +%s)" -ge "$bounded_until" ]; then
      kill -TERM "$bounded_pid" 2>/dev/null
      sleep 1
      kill -KILL "$bounded_pid" 2>/dev/null
      wait "$bounded_pid" 2>/dev/null
      return 124
    fi
    sleep 0.1 2>/dev/null || sleep 1
  done
  wait "$bounded_pid"
}

data=${PGDATA:-}
if [ -z "$data" ] && [ -r "$here/../decision" ]; then
  while IFS='=' read -r name value; do
    [ "$name" = data_directory ] && data=$value
  done <"$here/../decision"
fi

# postmaster.pid: 1 pid, 2 data directory, 3 start, 4 port, 5 socket directory, 6 first address (src/include/utils/pidfile.h).
postmaster=
port=5432
sockets=
if [ -r "$data/postmaster.pid" ]; then
  {
    IFS= read -r postmaster
    IFS= read -r _
    IFS= read -r _
    IFS= read -r port
    IFS= read -r sockets
  } <"$data/postmaster.pid"
fi

user=${POSTGRES_USER:-postgres}
[ -r "${POSTGRES_USER_FILE:-}" ] && user=$(cat "$POSTGRES_USER_FILE")
PGPASSWORD=${POSTGRES_PASSWORD:-}
[ -r "${POSTGRES_PASSWORD_FILE:-}" ] && PGPASSWORD=$(cat "$POSTGRES_PASSWORD_FILE")
# The image blanks what would lead psql elsewhere; libpq reads more than that (manual, libpq, "Environment Variables"). The port stays:
# the server listens there too.
unset PGHOST PGHOSTADDR PGDATABASE PGUSER PGOPTIONS PGSERVICE PGSERVICEFILE PGPASSFILE PGREQUIREAUTH PGCHANNELBINDING \
  PGSSLMODE PGREQUIRESSL PGSSLNEGOTIATION PGSSLCERT PGSSLKEY PGSSLROOTCERT PGSSLCRL PGSSLCRLDIR PGSSLCERTMODE PGREQUIREPEER \
  PGSSLMINPROTOCOLVERSION PGSSLMAXPROTOCOLVERSION PGMINPROTOCOLVERSION PGMAXPROTOCOLVERSION PGGSSENCMODE PGKRBSRVNAME PGGSSLIB \
  PGGSSDELEGATION PGTARGETSESSIONATTRS PGLOADBALANCEHOSTS PGCLIENTENCODING PGCONNECT_TIMEOUT PGAPPNAME PGDATESTYLE PGTZ PGGEQO
export PGPASSWORD
export PGCONNECT_TIMEOUT=3

# Where the agent is; else postgres, and template1 where somebody dropped or renamed it.
databases='postgres template1'
if [ -r "$here/../database" ]; then
  while IFS='=' read -r name value; do
    [ "$name" = database ] && databases="$value template1"
  done <"$here/../database"
fi

# ask SECONDS STATEMENT: the answer. The socket first, as the image lets local users in; then loopback, with the password.
ask() {
  export PGOPTIONS="-c statement_timeout=${1}s"
  for host in ${sockets:+"$sockets"} 127.0.0.1; do
    for database in $databases; do
      # Two seconds are kept for the signal, and for what has to be ended by force.
      allowed=$(shorter "$(($1 + 3))" "$(($(left) - 2))")
      [ "$allowed" -gt 0 ] || return 1
      bounded "$allowed" psql -X -w -q -A -t -h "$host" -p "$port" -U "$user" -d "$database" -c "$2" 2>/dev/null && return 0
      # 2: no connection. Another database helps against nothing else.
      [ $? -eq 2 ] || break
    done
  done
  return 1
}

# reached LSN LSN: the first is not behind the second.
reached() {
  [ "$((0x${1%/*}))" -gt "$((0x${2%/*}))" ] && return 0
  [ "$((0x${1%/*}))" -eq "$((0x${2%/*}))" ] && [ "$((0x${1#*/}))" -ge "$((0x${2#*/}))" ]
}

# Until the receiver has flushed up to $1, for $2 seconds at most.
wait_for_store() {
  until=$(($(date +%s) + $2))
  while [ "$(date +%s)" -lt "$until" ]; do
    flushed=
    if [ -r "$here/../receiver" ]; then
      while IFS='=' read -r name value; do
        [ "$name" = flushed ] && flushed=$value
      done <"$here/../receiver"
    fi
    case $flushed in
      *[!0-9A-Fa-f/]* | '') ;;
      */*) reached "$flushed" "$1" && return 0 ;;
    esac
    [ -r "$here/../receiver" ] || return 1
    sleep 0.1 2>/dev/null || sleep 1
  done
  return 1
}

if [ $# -gt 0 ]; then
  # Two thirds at most: the rest is for the database.
  bounded "$((budget * 2 / 3))" "$@" || say "the container's own hook ended with $?"
fi

# Root without CAP_KILL may not signal another user's process, also not to ask whether it is there.
if [ -z "$postmaster" ] || { ! kill -0 "$postmaster" 2>/dev/null && [ ! -d "/proc/$postmaster" ]; }; then
  say "no server is running on ${data:-an unknown PGDATA}"
  exit 0
fi

if [ "$(ask 3 'SELECT pg_is_in_recovery()')" = f ]; then
  ask "$(($(left) / 3 + 1))" CHECKPOINT >/dev/null || say 'no checkpoint before the stop; the shutdown makes one'
  if lsn=$(ask 3 'SELECT pg_switch_wal()') && [ -n "$lsn" ]; then
    wait_for_store "$lsn" "$(($(left) / 2))" || say "the store has not confirmed WAL up to $lsn; it follows while the server stops"
  else
    say 'the WAL segment was not switched'
  fi
fi

# interrupt: as who this runs, else as the server's user, by what the image has for it.
interrupt() {
  kill -INT "$postmaster" 2>/dev/null && return 0
  owner=$(stat -c %u "$data") || return 1
  for step_down in gosu su-exec; do
    # shellcheck disable=SC2016 # The inner shell expands it.
    "$step_down" "$owner" sh -c 'kill -INT "$1"' interrupt "$postmaster" 2>/dev/null && return 0
  done
  # shellcheck disable=SC2016 # The inner shell expands it.
  setpriv --reuid "$owner" --clear-groups sh -c 'kill -INT "$1"' interrupt "$postmaster" 2>/dev/null
}

interrupt || say "the server (pid $postmaster) could not be told to stop: it is another user's, and this container has neither CAP_KILL nor a way to become that user; the kubelet's own signal stops it"
exit 0
