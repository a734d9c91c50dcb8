#!/bin/sh
# First start: creates the role that standbys and the receiver log in with, and lets it in by lines of pg_hba.conf, one a network.
#
# Runs     in pgusher-initdb, by during-initdb.sh, after the last of /docker-entrypoint-initdb.d and before the temporary server stops
# Reads    /pgusher-replication/username and password (the Secret), or REPLICATION_USER and REPLICATION_PASSWORD, or PG_MASTER_USER and
#          PG_MASTER_PASSWORD: the first two of which one is there; POSTGRES_USER, POSTGRES_DB, PGDATA;
#          PGUSHER_REPLICATION_NETWORK, the addresses for pg_hba: a list, commas between; a line each
# Exit     0 done; anything else ends the initialisation, which then begins anew
# Safe to run twice: yes. pgusher-backup keeps the same role and line afterwards.
#
# Name and password never pass through the shell's or SQL's own text: psql reads the files into variables and quotes them.
set -eu
secret=/pgusher-replication

# The image blanks what would lead psql elsewhere; libpq reads more than that (manual, libpq, "Environment Variables"). The port stays:
# the server listens there too.
unset PGHOST PGHOSTADDR PGDATABASE PGUSER PGOPTIONS PGSERVICE PGSERVICEFILE PGPASSFILE PGREQUIREAUTH PGCHANNELBINDING \
  PGSSLMODE PGREQUIRESSL PGSSLNEGOTIATION PGSSLCERT PGSSLKEY PGSSLROOTCERT PGSSLCRL PGSSLCRLDIR PGSSLCERTMODE PGREQUIREPEER \
  PGSSLMINPROTOCOLVERSION PGSSLMAXPROTOCOLVERSION PGMINPROTOCOLVERSION PGMAXPROTOCOLVERSION PGGSSENCMODE PGKRBSRVNAME PGGSSLIB \
  PGGSSDELEGATION PGTARGETSESSIONATTRS PGLOADBALANCEHOSTS PGCLIENTENCODING PGCONNECT_TIMEOUT PGAPPNAME PGDATESTYLE PGTZ PGGEQO

refuse() {
  printf 'pgusher replication: %s\n' "$1" >&2
  # The last line of the container is initdb.sh's.
  reason=${0%/*}/../initialising/refused
  [ ! -w "$reason" ] || printf '%s\n' "$1" >"$reason"
  exit 1
}

# psql's own shell reads them.
PGUSHER_USER_FILE=$secret/username
PGUSHER_PASSWORD_FILE=$secret/password
# The last of which one is there counts.
for names in PG_MASTER_USER:PG_MASTER_PASSWORD REPLICATION_USER:REPLICATION_PASSWORD username:password; do
  if [ -e "$secret/${names%:*}" ] || [ -e "$secret/${names#*:}" ]; then
    PGUSHER_USER_FILE=$secret/${names%:*}
    PGUSHER_PASSWORD_FILE=$secret/${names#*:}
  fi
done
export PGUSHER_USER_FILE PGUSHER_PASSWORD_FILE
if [ ! -r "$PGUSHER_USER_FILE" ] || [ ! -r "$PGUSHER_PASSWORD_FILE" ]; then
  refuse "${PGUSHER_USER_FILE##*/} or ${PGUSHER_PASSWORD_FILE##*/} of the Secret of postgres.io/replication-secret cannot be read; wanted both"
fi
user=$(cat "$PGUSHER_USER_FILE")
password=$(cat "$PGUSHER_PASSWORD_FILE")
# Line breaks at the end are no part of either.
[ -n "$user" ] || refuse "the username of the Secret of postgres.io/replication-secret is empty; wanted a role's name"
[ -n "$password" ] || refuse 'the password of the Secret of postgres.io/replication-secret is empty; wanted one, or the role could never log in'
case $user in
  /*) refuse 'the username begins with "/", which pg_hba.conf reads as a pattern; wanted another name' ;;
  *"
"*) refuse 'the username has a line break in it, which pg_hba.conf cannot hold; wanted another name' ;;
esac
bytes=$(printf '%s' "$user" | wc -c | tr -d ' ')
[ "$bytes" -le 63 ] || refuse "the username \"$user\" has $bytes bytes; wanted at most 63, where PostgreSQL cuts a name off (manual, Identifiers)"

# The statements hold the password: not in the server's log, whatever happens. A role that has no comment of ours is somebody's:
# the superuser, or one that a script made.
made_before=$(
  psql -X -q -w -A -t -v ON_ERROR_STOP=1 -U "${POSTGRES_USER:-postgres}" -d "${POSTGRES_DB:-${POSTGRES_USER:-postgres}}" <<'SQL'
SET log_statement = 'none';
SET log_min_error_statement = 'panic';
SET log_min_duration_statement = -1;
SET synchronous_commit = 'local';
SET password_encryption = 'scram-sha-256';
\set user `printf %s "$(cat "$PGUSHER_USER_FILE")"`
\set password `printf %s "$(cat "$PGUSHER_PASSWORD_FILE")"`
\set comment 'replication role of pgusher'
SELECT format('CREATE ROLE %I', :'user'), format('COMMENT ON ROLE %I IS %L', :'user', :'comment')
 WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = :'user') \gexec
SELECT coalesce(pg_catalog.shobj_description(oid, 'pg_authid'), '') = :'comment' AS is_ours, NOT rolreplication AS lacks
  FROM pg_catalog.pg_roles WHERE rolname = :'user' \gset
\if :is_ours
  SELECT format('ALTER ROLE %I LOGIN REPLICATION PASSWORD %L', :'user', :'password') \gexec
\else
  \if :lacks
    SELECT format('ALTER ROLE %I REPLICATION', :'user') \gexec
  \endif
  \echo yes
\endif
SQL
)
if [ -n "$made_before" ]; then
  printf 'pgusher replication: the role "%s" was there before: it may replicate, and nothing else of it was changed. The Secret of postgres.io/replication-secret must hold its own password; wanted a role of its own for replication\n' "$user" >&2
fi

# Where the server has TLS nobody is let in without, whose client was talked out of it.
kind=host
tls=$(psql -X -q -w -A -t -U "${POSTGRES_USER:-postgres}" -d "${POSTGRES_DB:-${POSTGRES_USER:-postgres}}" -c 'SHOW ssl')
[ "$tls" != on ] || kind=hostssl

# The first match decides, and initdb lets replication in from loopback by trust: ours stands before it.
hba=$PGDATA/pg_hba.conf
begin='# pgusher: begin (kept by pgusher; write your own lines outside of it)'
end='# pgusher: end'
{
  printf '%s\n' "$begin"
  # A quote in a name is doubled.
  quoted=
  rest=$user
  while :; do
    case $rest in
      *'"'*)
        quoted=$quoted${rest%%'"'*}'""'
        rest=${rest#*'"'}
        ;;
      *)
        quoted=$quoted$rest
        break
        ;;
    esac
  done
  IFS=', '
  for network in ${PGUSHER_REPLICATION_NETWORK:-all}; do
    printf '%s replication "%s" %s scram-sha-256\n' "$kind" "$quoted" "$network"
  done
  unset IFS
  printf '%s\n' "$end"
  inside=no
  while IFS= read -r line || [ -n "$line" ]; do
    [ "$line" = "$begin" ] && inside=yes
    [ "$inside" = yes ] || printf '%s\n' "$line"
    [ "$line" = "$end" ] && inside=no
  done <"$hba"
} >"$hba.pgusher"
cat "$hba.pgusher" >"$hba"
rm -f "$hba.pgusher"
