#!/bin/sh
# readinessProbe of the server: may clients be sent here?
#
# Runs     in the server's container, by the kubelet:  sh /pgusher/bin/ready.sh PORT
# Reads    server-probe.sh beside this file, and what that reads; ../decision (role), ../standby-trouble and ../passwords-trouble; POSTGRES_PASSWORD or
#          POSTGRES_PASSWORD_FILE
# Exit     0 when pg_isready says 0 and, where the decision does not say standby, the server is not in recovery; else 1.
#          A standby that has a reason why it never streams again, a restored primary whose passwords are not set: 1, with the reason.
#          A primary in recovery takes no writes and may yet go on to newer rows. A refused login is no reason to be
#          unready: the server answered.
# Safe at any time; writes nothing.
# Not -e: statuses are looked at one by one, and one that is not must not make a server unready.
set -u

decision=${0%/*}/../decision
# shellcheck source=src/agent/scripts/server-probe.sh
. "${0%/*}/server-probe.sh"

look
[ "$standing" = open ] || exit 1
# With a role and a database that there are: the name of who runs this, root, would be a FATAL line in the server's log at each probe.
(pg_isready -q -h 127.0.0.1 -p "$port" -U "$user" -d "$database" || exit 1) || exit 1

role=primary
if [ -r "$decision" ]; then
  while IFS='=' read -r name value; do
    [ "$name" = role ] && role=$value
  done <"$decision"
fi
if [ "$role" = standby ]; then
  # Written by pgusher-backup: this standby will never stream again as it is, so that what it shows grows old.
  trouble=${0%/*}/../standby-trouble
  [ -s "$trouble" ] || exit 0
  cat "$trouble" >&2
  exit 1
fi

# Kept by pgusher-backup: the database was restored, and its passwords are not those of this pod yet.
trouble=${0%/*}/../passwords-trouble
if [ -s "$trouble" ]; then
  cat "$trouble" >&2
  exit 1
fi

password=${POSTGRES_PASSWORD:-}
[ -r "${POSTGRES_PASSWORD_FILE:-}" ] && password=$(cat "$POSTGRES_PASSWORD_FILE")

# ask DATABASE: t, f, nothing where the login is refused, or the word unreachable where there is no connection.
ask() {
  PGPASSWORD=$password PGCONNECT_TIMEOUT=3 PGOPTIONS='-c statement_timeout=3000' \
    psql -X -w -q -A -t -h 127.0.0.1 -p "$port" -U "$user" -d "$1" -c 'SELECT pg_is_in_recovery()' 2>/dev/null
  [ $? -ne 2 ] || echo unreachable
}

recovering=$(ask "$database")
[ "$recovering" != unreachable ] || recovering=$(ask template1)
[ "$recovering" != t ]
