#!/bin/sh
# First start: creates the role that standbys and the receiver log in with, and lets it in by one line of pg_hba.conf.
#
# Runs     in pgusher-initdb, by the image's own initialisation, last of /docker-entrypoint-initdb.d (executed, or sourced
#          where the file is not executable: nothing leaks into the caller, neither options nor variables)
# Reads    /pgusher-replication/username and password (the Secret); POSTGRES_USER, POSTGRES_DB, PGDATA;
#          PGUSHER_REPLICATION_NETWORK, the address for pg_hba
# Exit     0 done; anything else ends the initialisation, which then begins anew
# Safe to run twice: yes. pgusher-backup keeps the same role and line afterwards.
#
# Name and password never pass through the shell's or SQL's own text: psql reads the files into variables and quotes them.
(
  set -eu
  secret=/pgusher-replication
  IFS= read -r user <"$secret/username" || [ -n "$user" ]
  if [ -z "$user" ] || [ ! -s "$secret/password" ]; then
    printf 'pgusher replication: the Secret of postgres.io/replication-secret lacks username or password; wanted both, not empty\n' >&2
    exit 1
  fi
  case $user in
    /*)
      printf 'pgusher replication: the username begins with "/", which pg_hba.conf reads as a pattern; wanted another name\n' >&2
      exit 1
      ;;
  esac

  # The statements hold the password: not in the server's log, whatever happens.
  psql -X -q -w -v ON_ERROR_STOP=1 -U "${POSTGRES_USER:-postgres}" -d "${POSTGRES_DB:-${POSTGRES_USER:-postgres}}" >/dev/null <<'SQL'
SET log_statement = 'none';
SET log_min_error_statement = 'panic';
SET log_min_duration_statement = -1;
SET synchronous_commit = 'local';
SET password_encryption = 'scram-sha-256';
\set user `cat /pgusher-replication/username`
\set password `cat /pgusher-replication/password`
SELECT format('CREATE ROLE %I', :'user') WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = :'user') \gexec
SELECT format('ALTER ROLE %I LOGIN REPLICATION PASSWORD %L', :'user', :'password') \gexec
SQL

  # The first match decides, and initdb lets replication in from loopback by trust: ours stands before it.
  hba=$PGDATA/pg_hba.conf
  begin='# pgusher: begin (kept by pgusher; write your own lines outside of it)'
  end='# pgusher: end'
  {
    printf '%s\nhost replication "' "$begin"
    # A quote in a name is doubled.
    rest=$user
    while :; do
      case $rest in
        *'"'*)
          printf '%s""' "${rest%%'"'*}"
          rest=${rest#*'"'}
          ;;
        *)
          printf '%s' "$rest"
          break
          ;;
      esac
    done
    printf '" %s scram-sha-256\n%s\n' "${PGUSHER_REPLICATION_NETWORK:-samenet}" "$end"
    inside=no
    while IFS= read -r line || [ -n "$line" ]; do
      [ "$line" = "$begin" ] && inside=yes
      [ "$inside" = yes ] || printf '%s\n' "$line"
      [ "$line" = "$end" ] && inside=no
    done <"$hba"
  } >"$hba.pgusher"
  cat "$hba.pgusher" >"$hba"
  rm -f "$hba.pgusher"
)
