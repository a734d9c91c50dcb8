#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # Names with a dollar are the point; bats sets $status and $stderr.
# initdb.sh and replication.sh in a container of the (stand-in) official image: under dash and busybox, as root and as a
# uid of its own, with and without docker-ensure-initdb.sh.

bats_require_minimum_version 1.5.0

setup() {
  here=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
  POSTGRES_BIN=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
  if [ "$(id -u)" != 0 ] || ! unshare --mount true 2>/dev/null || [ -z "$POSTGRES_BIN" ]; then
    [ "${CI:-}" != true ] || return 1
    skip 'needs root with mount namespaces, and PostgreSQL'
  fi
  major=$("$POSTGRES_BIN/postgres" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
  export POSTGRES_BIN
  root=$BATS_TEST_TMPDIR/root
}

# begin OWNER: a volume and the decision to initialise, as `restore` leaves them.
begin() {
  "$here/test/support/official-image/run-in-image.sh" "$root" 0:0 true
  install -m 755 "$here"/src/agent/scripts/*.sh "$root/pgusher/bin/"
  mkdir -m 700 "$root/volume/.pgusher"
  chown "$1:$1" "$root/volume" "$root/volume/.pgusher"
  decide initialise /volume/pgdata
}

decide() {
  printf '%s\n' "action=$1" role=primary archive=yes "data_directory=$2" staging=/volume/.pgusher/staging \
    filling=/volume/.pgusher/filling >"$root/pgusher/decision"
  data=$2
}

# initdb USER SHELL ARGUMENTS ...
initdb() {
  local user=$1 shell=$2
  shift 2
  # shellcheck disable=SC2086 # busybox sh is two words.
  run --separate-stderr env PGDATA="$data" POSTGRES_PASSWORD='it'"'"'s $ecret' \
    "$here/test/support/official-image/run-in-image.sh" "$root" "$user" $shell /pgusher/bin/initdb.sh "$@"
}

# sql USER STATEMENT: starts the server on PGDATA, asks, stops it.
sql() {
  local user=$1
  [ "$user" != 0:0 ] || user=999:999
  "$here/test/support/official-image/run-in-image.sh" "$root" "$user" sh -c '
    pg_ctl -D "$1" -w -l /tmp/log -o "-c listen_addresses=" start >/dev/null || { cat /tmp/log >&2; exit 1; }
    psql -X -A -t -U postgres -c "$2"
    pg_ctl -D "$1" -w -m fast stop >/dev/null' sql "$data" "$2"
}

initialises() {
  begin "${1%:*}"
  [ "$1" != 0:0 ] || chown 999:999 "$root/volume" "$root/volume/.pgusher"
  initdb "$1" "$2" -c max_connections=33
  [ "$status" -eq 0 ] || { echo "$stderr"; false; }
  [ "$(cat "$root/volume/pgdata/PG_VERSION")" = "$major" ]
  [ "$(ls -A "$root/volume/.pgusher")" = '' ]
  [ "$(stat -c %a "$root/volume/pgdata")" = 700 ]
  [ "$(sql "$1" 'SELECT 1')" = 1 ]
  # Again: nothing happens to what is there.
  before=$(find "$root/volume/pgdata" -type f -exec cksum {} + | sort)
  initdb "$1" "$2" -c max_connections=33
  [ "$status" -eq 0 ]
  [ "$before" = "$(find "$root/volume/pgdata" -type f -exec cksum {} + | sort)" ]
}

# OpenShift: a uid of the namespace's range in group 0 (CRI-O writes it into /etc/passwd, else the image has nss_wrapper), and volumes that
# are root's, with fsGroup's group and mode.
initialises_with_group_access() {
  local group=1000660000
  export IMAGE_GROUPS=$group PGUSHER_USER_INIT_SCRIPTS=/user-scripts PGUSHER_REPLICATION_NETWORK=127.0.0.1/32
  begin 0
  printf 'CREATE TABLE of_the_user (a int);\n' >"$root/user-scripts/01.sql"
  printf 'standby' >"$root/pgusher-replication/username"
  printf 'x' >"$root/pgusher-replication/password"
  # The folder for scripts is an emptyDir then, since theirs was moved aside; a Secret is fsGroup's to read.
  rm -rf "$root/volume/.pgusher"
  chown -R "0:$group" "$root/volume" "$root/pgusher" "$root/pgusher-replication" "$root/docker-entrypoint-initdb.d"
  chmod 2770 "$root/volume" "$root/docker-entrypoint-initdb.d"
  chmod 440 "$root/pgusher-replication"/*
  "$here/test/support/official-image/run-in-image.sh" "$root" 1000660000:0 mkdir -m 700 /volume/.pgusher
  initdb 1000660000:0 "$1" -c max_connections=33
  [ "$status" -eq 0 ] || { echo "$stderr"; false; }
  [ "$(stat -c %u "$root/volume/pgdata")" = 1000660000 ]
  [ "$(stat -c %a "$root/volume/pgdata/pg_hba.conf")" = 600 ]
  [ "$(sed -n 2p "$root/volume/pgdata/pg_hba.conf")" = 'host replication "standby" 127.0.0.1/32 scram-sha-256' ]
  [ "$(sql 1000660000:0 "SELECT count(*) FROM pg_class WHERE relname = 'of_the_user'")" = 1 ]
  [ "$(sql 1000660000:0 "SELECT rolreplication FROM pg_roles WHERE rolname = 'standby'")" = t ]
}

initialises_older() {
  export IMAGE_SCRIPTS='docker-entrypoint.sh gosu'
  begin 999
  initdb 0:0 "$1" postgres
  [ "$status" -eq 0 ] || { echo "$stderr"; false; }
  [ "$(sql 0:0 'SELECT 1')" = 1 ]
}

@test "initialises by docker-ensure-initdb.sh, as root under dash" {
  initialises 0:0 dash
}

@test "initialises by docker-ensure-initdb.sh, as root under busybox" {
  initialises 0:0 'busybox sh'
}

@test "initialises by docker-ensure-initdb.sh, as a uid of its own under dash" {
  initialises 54321:54321 dash
}

@test "initialises by docker-ensure-initdb.sh, as a uid of its own under busybox" {
  initialises 54321:54321 'busybox sh'
}

@test "initialises as any uid with group access alone, under dash" {
  initialises_with_group_access dash
}

@test "initialises as any uid with group access alone, under busybox" {
  initialises_with_group_access 'busybox sh'
}

@test "initialises as any uid with group access alone, by the entrypoint's functions in older images" {
  export IMAGE_SCRIPTS='docker-entrypoint.sh gosu'
  initialises_with_group_access dash
}

@test "initialises by the entrypoint's functions in older images, under dash" {
  initialises_older dash
}

@test "initialises by the entrypoint's functions in older images, under busybox" {
  initialises_older 'busybox sh'
}

@test "runs the image's scripts and the user's, and begins anew after one that failed" {
  begin 999
  printf 'CREATE TABLE first (a int);\n' >"$root/docker-entrypoint-initdb.d/10.sql"
  printf 'false\n' >"$root/docker-entrypoint-initdb.d/20.sh"
  initdb 0:0 dash
  [ "$status" -eq 1 ]
  [[ "$stderr" == *"pgusher-initdb: the image's initialisation failed (the log of this container says why); nothing of it is kept, the next try begins anew" ]]
  [ ! -e "$root/volume/pgdata" ]
  printf 'CREATE TABLE second (a int);\n' >"$root/docker-entrypoint-initdb.d/20.sql"
  rm "$root/docker-entrypoint-initdb.d/20.sh"
  initdb 0:0 dash
  [ "$status" -eq 0 ]
  [ "$(sql 0:0 "SELECT string_agg(relname, ' ' ORDER BY 1) FROM pg_class WHERE relname IN ('first', 'second')")" = 'first second' ]
}

@test "fills a PGDATA that is the mount itself, pg_control last, and goes on where it was cut off" {
  begin 999
  decide initialise /volume
  mkdir "$root/volume/lost+found"
  initdb 0:0 dash
  [ "$status" -eq 0 ] || { echo "$stderr"; false; }
  [ "$(ls -A "$root/volume/.pgusher")" = '' ]
  [ "$(sql 0:0 'SELECT 1')" = 1 ]
  mkdir "$root/volume/.pgusher/staging"
  mv "$root/volume/base" "$root/volume/.pgusher/staging/"
  mv "$root/volume/global/pg_control" "$root/volume/.pgusher/"
  echo /volume >"$root/volume/.pgusher/filling"
  chown -R 999:999 "$root/volume/.pgusher"
  initdb 0:0 dash
  [ "$status" -eq 0 ] || { echo "$stderr"; false; }
  [ "$(sql 0:0 'SELECT 1')" = 1 ]
}

@test "links the user's folder and our script where theirs was moved aside" {
  begin 999
  printf 'CREATE TABLE of_the_user (a int);\n' >"$root/user-scripts/01.sql"
  printf 'standby' >"$root/pgusher-replication/username"
  printf 'x' >"$root/pgusher-replication/password"
  export PGUSHER_USER_INIT_SCRIPTS=/user-scripts
  initdb 0:0 dash
  [ "$status" -eq 0 ] || { echo "$stderr"; false; }
  [ "$(sql 0:0 "SELECT count(*) FROM pg_class WHERE relname = 'of_the_user'")" = 1 ]
  [ "$(sql 0:0 "SELECT rolreplication FROM pg_roles WHERE rolname = 'standby'")" = t ]
}

@test "makes a role of any name with any password, and lets it in by one line that comes first" {
  begin 999
  name='o"ne $(touch /tmp/pwned); DROP'
  # shellcheck disable=SC1003 # That is the password.
  password='x/e#\a "'"'"'; DROP ROLE postgres; --`id`:$HOME'
  printf '%s\n' "$name" >"$root/pgusher-replication/username"
  printf '%s\n' "$password" >"$root/pgusher-replication/password"
  install -m 755 "$here/src/agent/scripts/replication.sh" "$root/docker-entrypoint-initdb.d/zz-pgusher-replication.sh"
  export PGUSHER_REPLICATION_NETWORK=127.0.0.1/32
  initdb 0:0 dash
  [ "$status" -eq 0 ] || { echo "$stderr"; false; }
  [ ! -e "$root/tmp/pwned" ]
  [ "$(sed -n 2p "$root/volume/pgdata/pg_hba.conf")" = 'host replication "o""ne $(touch /tmp/pwned); DROP" 127.0.0.1/32 scram-sha-256' ]
  # The server's own opinion of the file, and a login over TCP with the password.
  # Below the ports that the kernel gives to outgoing connections.
  until port=$((10000 + RANDOM % 10000)) && ! (: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
  run "$here/test/support/official-image/run-in-image.sh" "$root" 999:999 sh -c '
    pg_ctl -D /volume/pgdata -w -l /tmp/log -o "-c listen_addresses=127.0.0.1 -p $3" start >/dev/null
    psql -X -A -t -U postgres -p $3 -c "SELECT count(*) FROM pg_hba_file_rules WHERE error IS NOT NULL"
    PGPASSWORD=$2 psql -X -A -t -h 127.0.0.1 -p $3 -U "$1" "dbname=x replication=true" -c IDENTIFY_SYSTEM | wc -l
    PGPASSWORD=wrong psql -X -h 127.0.0.1 -p $3 -U "$1" "dbname=x replication=true" -c IDENTIFY_SYSTEM >/dev/null 2>&1 && echo let in
    pg_ctl -D /volume/pgdata -w -m fast stop >/dev/null' login "$name" "$password" "$port"
  [ "$output" = $'0\n1' ] || { echo "$output"; false; }
}

@test "leaves nothing of itself in a shell that sources it" {
  begin 999
  printf 'standby' >"$root/pgusher-replication/username"
  printf 'x' >"$root/pgusher-replication/password"
  install -m 644 "$here/src/agent/scripts/replication.sh" "$root/docker-entrypoint-initdb.d/50-sourced.sh"
  # Any of these would fail under `set -u`, or with a variable that leaked.
  printf 'echo "$never_set"; [ -z "${secret:-}${hba:-}${user:-}" ]\n' >"$root/docker-entrypoint-initdb.d/60-after.sh"
  initdb 0:0 dash
  [ "$status" -eq 0 ] || { echo "$stderr"; false; }
}

@test "refuses data of another major version, and data that is not there" {
  begin 999
  decide start /volume/pgdata
  initdb 0:0 dash
  [ "$status" -eq 1 ]
  [ "$stderr" = 'pgusher-initdb: /volume/pgdata holds no database, although pgusher-restore said "start"' ]
  mkdir "$root/volume/pgdata"
  echo 12 >"$root/volume/pgdata/PG_VERSION"
  initdb 0:0 'busybox sh'
  [ "$status" -eq 1 ]
  [ "$stderr" = "pgusher-initdb: /volume/pgdata is of PostgreSQL 12, the image is PostgreSQL $major; wanted the same major (an image tag of 12, or pg_upgrade)" ]
}

@test "refuses arguments that recovery of a restored database would stop at" {
  begin 999
  initdb 0:0 dash
  decide restored /volume/pgdata
  echo least_max_connections=100 >>"$root/pgusher/decision"
  initdb 0:0 dash postgres -c max_connections=50
  [ "$status" -eq 1 ]
  [ "$stderr" = "pgusher-initdb: max_connections is 50; the restored database needs at least 100 until it is recovered (postgres.io/parameters, or the container's arguments)" ]
  initdb 0:0 dash postgres -c max_connections=100
  [ "$status" -eq 0 ]
}

@test "says so where the image cannot initialise, and where nothing was decided" {
  export IMAGE_SCRIPTS=gosu
  begin 999
  initdb 0:0 dash
  [ "$status" -eq 1 ]
  [[ "$stderr" == 'pgusher-initdb: this image has neither docker-ensure-initdb.sh nor docker-entrypoint.sh; wanted '* ]]
  rm "$root/pgusher/decision"
  initdb 0:0 dash
  [ "$stderr" = 'pgusher-initdb: there is no decision of pgusher-restore; wanted: that container before this one' ]
}
