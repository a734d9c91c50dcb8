#!/bin/sh
# startupProbe of the server: is it on its way or up?
#
# Runs     in the server's container, by the kubelet:  sh /pgusher/bin/started.sh PORT
# Reads    POSTGRES_USER or POSTGRES_USER_FILE
# Exit     0 when pg_isready says 0 (accepting) or 1 (starting, recovering: a long replay must not be killed); else 1
# Safe at any time; writes nothing.
# Not -e: the status of pg_isready is what is asked for.
set -u

user=${POSTGRES_USER:-postgres}
[ -r "${POSTGRES_USER_FILE:-}" ] && user=$(cat "$POSTGRES_USER_FILE")

# With a role that there is: the name of who runs this, root, would be a FATAL line in the server's log at each probe.
pg_isready -q -h 127.0.0.1 -p "$1" -U "$user" -d postgres
[ $? -le 1 ]
