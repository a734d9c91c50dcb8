#!/bin/sh
# startupProbe of the server: is it on its way or up?
#
# Runs     in the server's container, by the kubelet:  sh /pgusher/bin/started.sh PORT
# Reads    ../database beside this file (database=NAME, where the agent asks its questions); POSTGRES_USER or POSTGRES_USER_FILE
# Exit     0 when pg_isready says 0 (accepting) or 1 (starting, recovering: a long replay must not be killed); else 1
# Safe at any time; writes nothing.
# Not -e: the status of pg_isready is what is asked for.
set -u

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

user=${POSTGRES_USER:-postgres}
[ -r "${POSTGRES_USER_FILE:-}" ] && user=$(cat "$POSTGRES_USER_FILE")

# Somebody may have dropped or renamed the database postgres.
database=postgres
if [ -r "${0%/*}/../database" ]; then
  while IFS='=' read -r name value; do
    [ "$name" = database ] && database=$value
  done <"${0%/*}/../database"
fi

# With a role and a database that there are: the name of who runs this, root, would be a FATAL line in the server's log at each probe.
answer() {
  state=$(
    pg_isready -q -h 127.0.0.1 -p "$1" -U "$user" -d "$database"
    echo $?
  )
  [ "$state" -eq 0 ]
}

# Waits up to two seconds for a server that accepts, as most do a moment after their start: the kubelet would ask again in two
# seconds, and the first look at readiness comes right behind this.
tries=20
until answer "$1"; do
  tries=$((tries - 1))
  if [ "$tries" -eq 0 ]; then
    answer "$1"
    [ "$state" -le 1 ]
    exit
  fi
  sleep 0.1 2>/dev/null || sleep 1
done
