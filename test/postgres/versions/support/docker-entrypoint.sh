#!/bin/sh
# Makes a database as the program of this name in the official image does: PGDATA, superuser `postgres` with
# POSTGRES_PASSWORD, users of the socket trusted, all others by password in the way of the server's own default (MD5 up to
# version 13, SCRAM from 14 on: the method md5 takes either). What else that one can do is not needed here.
#
# Runs         in a file system of debian-postgres.sh as user postgres, called by initdb.sh
# Arguments    those of the server, not looked at
# Environment  PGDATA, POSTGRES_PASSWORD
# Exit         that of initdb, else of the server, which it becomes
# Safe twice   no; initdb refuses a directory that is not empty
set -eu

password=$(mktemp)
printf '%s\n' "$POSTGRES_PASSWORD" >"$password"
initdb --pgdata "$PGDATA" --username postgres --pwfile "$password" --auth-local trust --auth-host md5 >/dev/null
rm "$password"

exec "$@"
