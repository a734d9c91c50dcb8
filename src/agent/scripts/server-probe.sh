#!/bin/sh
# shellcheck disable=SC2034 # What it sets is for the script that reads it.
# What started.sh and ready.sh have in common: where the server is, and whether it can be asked without a line in its log. Not run by
# itself:  . "${0%/*}/server-probe.sh"
#
# Arguments  the port, as $1 of the script that reads this
# Reads      PGDATA (else the data_directory of ../decision beside the script); ../database (database=NAME, where the agent asks its
#            questions); POSTGRES_USER or POSTGRES_USER_FILE; /proc/net/tcp and tcp6
# Sets       port, user, database, data; unsets what would lead psql elsewhere
# Safe at any time; writes nothing.

# A probe that takes too long is killed, and what it has started becomes a child of process 1. Where that is the postmaster, up to
# PostgreSQL 17 any end but 0 and 1 of any child is a crashed backend, and the whole server restarts (postmaster.c, CleanupBackend). So
# what runs here stands below a subshell that ends with 0 or 1, and a pipe that nobody reads any more ends nothing.
trap '' PIPE

# The image blanks what would lead psql elsewhere; libpq reads more than that (manual, libpq, "Environment Variables"). The port stays:
# the server listens there too.
unset PGHOST PGHOSTADDR PGDATABASE PGUSER PGOPTIONS PGSERVICE PGSERVICEFILE PGPASSFILE PGREQUIREAUTH PGCHANNELBINDING \
  PGSSLMODE PGREQUIRESSL PGSSLNEGOTIATION PGSSLCERT PGSSLKEY PGSSLROOTCERT PGSSLCRL PGSSLCRLDIR PGSSLCERTMODE PGREQUIREPEER \
  PGSSLMINPROTOCOLVERSION PGSSLMAXPROTOCOLVERSION PGMINPROTOCOLVERSION PGMAXPROTOCOLVERSION PGGSSENCMODE PGKRBSRVNAME PGGSSLIB \
  PGGSSDELEGATION PGTARGETSESSIONATTRS PGLOADBALANCEHOSTS PGCLIENTENCODING PGCONNECT_TIMEOUT PGAPPNAME PGDATESTYLE PGTZ PGGEQO

port=$1
user=${POSTGRES_USER:-postgres}
[ -r "${POSTGRES_USER_FILE:-}" ] && user=$(cat "$POSTGRES_USER_FILE")

# Somebody may have dropped or renamed the database postgres.
database=postgres
if [ -r "${0%/*}/../database" ]; then
  while IFS='=' read -r name value; do
    [ "$name" = database ] && database=$value
  done <"${0%/*}/../database"
fi

data=${PGDATA:-}
if [ -z "$data" ] && [ -r "${0%/*}/../decision" ]; then
  while IFS='=' read -r name value; do
    [ "$name" = data_directory ] && data=$value
  done <"${0%/*}/../decision"
fi

# Whether something listens on the port, without a connection to it. Yes where that cannot be seen: then whoever asks finds out.
listens() {
  hexadecimal=$(printf '%04X' "$port")
  seen=
  for table in /proc/net/tcp /proc/net/tcp6; do
    [ -r "$table" ] || continue
    seen=yes
    # shellcheck disable=SC2034 # The fields between are passed over.
    while read -r number here peer state rest; do
      [ "$state" = 0A ] && [ "${here##*:}" = "$hexadecimal" ] && return 0
    done <"$table"
  done
  [ -z "$seen" ]
}

# Sets `standing` to what can be told of the server without asking it. Who asks one that lets nobody in yet, or any more, leaves a FATAL line in its
# log each time ("the database system is starting up").
#   nobody    no server, or one that has not opened its port
#   refusing  it says itself that it is starting or stopping
#   open      it is to be asked
# postmaster.pid is made before the port is opened, and its eighth line is written a moment after that (postmaster.c; pg_ctl reads it so too:
# src/include/utils/pidfile.h). The file of a server that was killed may be there still, and then nothing listens. A folder that holds no database is
# not this server's: then whoever listens is asked.
look() {
  standing=open
  if [ ! -e "$data/postmaster.pid" ]; then
    # Of a folder that may not be entered the file would seem to be gone as well.
    [ -e "$data/PG_VERSION" ] && standing=nobody
    return 0
  fi
  [ -r "$data/postmaster.pid" ] || return 0
  said=
  {
    for _ in 1 2 3 4 5 6 7 8; do read -r said || said=; done
  } <"$data/postmaster.pid"
  case $said in
  starting | stopping | '')
    standing=nobody
    listens && standing=refusing
    ;;
  esac
  return 0
}
