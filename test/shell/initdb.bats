#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # Names with a dollar are the point; bats sets $status and $stderr.
# initdb.sh, during-initdb.sh and replication.sh in a container of the (stand-in) official image: under dash and busybox, as root
# and as a uid of its own.

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
  chmod 777 "$root/pgusher"
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

# login PASSWORD: what the server says to the superuser who comes with it, whatever its own pg_hba.conf lets in.
login() {
  "$here/test/support/official-image/run-in-image.sh" "$root" 999:999 sh -c '
    echo "local all all password" >/tmp/hba
    pg_ctl -D "$1" -w -l /tmp/log -o "-c listen_addresses= -c hba_file=/tmp/hba" start >/dev/null || { cat /tmp/log >&2; exit 1; }
    PGPASSWORD=$2 psql -X -A -t -w -U postgres -c "SELECT 1" 2>&1
    pg_ctl -D "$1" -w -m fast stop >/dev/null' login "$data" "$1"
}

# Of a try that failed.
nothing_is_left() {
  [ ! -e "$root/volume/pgdata" ]
  [ "$(ls -A "$root/volume/.pgusher")" = '' ]
}

# replicate USERNAME PASSWORD: the Secret, and that it is wanted.
replicate() {
  printf '%s' "$1" >"$root/pgusher-replication/username"
  printf '%s' "$2" >"$root/pgusher-replication/password"
  export PGUSHER_REPLICATION_NETWORK=127.0.0.1/32
}

# script NAME MODE: standard input is a script of the user's.
script() {
  cat >"$root/docker-entrypoint-initdb.d/$1"
  chmod "$2" "$root/docker-entrypoint-initdb.d/$1"
}

# cut_off SIGNAL NAME: sends it to process 1 of a first start while a script of that name is running; its status, and how long it
# took, in milliseconds.
cut_off() {
  local runner inside before
  echo 'touch /tmp/waiting; sleep 100' | script "$2" 644
  env PGDATA="$data" POSTGRES_PASSWORD=x "$here/test/support/official-image/run-in-image.sh" "$root" 0:0 \
    dash /pgusher/bin/initdb.sh 2>"$BATS_TEST_TMPDIR/err" >/dev/null 3>&- &
  runner=$!
  until [ -e "$root/tmp/waiting" ]; do sleep 0.1; done
  # unshare is the parent of what is process 1 inside.
  inside=$(pgrep -P "$runner")
  before=$(date +%s%N)
  kill "-$1" "$inside"
  status=0
  wait "$runner" || status=$?
  took=$((($(date +%s%N) - before) / 1000000))
  rm "$root/tmp/waiting" "$root/docker-entrypoint-initdb.d/$2"
}

succeeds() {
  [ "$status" -eq 0 ] || { printf '%s\n' "$output" "$stderr"; false; }
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
  export IMAGE_GROUPS=$group PGUSHER_REPLICATION_NETWORK=127.0.0.1/32
  begin 0
  printf 'CREATE TABLE of_the_user (a int);\n' >"$root/docker-entrypoint-initdb.d/01.sql"
  printf 'standby' >"$root/pgusher-replication/username"
  printf 'x' >"$root/pgusher-replication/password"
  # A Secret is fsGroup's to read, an emptyDir everybody's to write.
  rm -rf "$root/volume/.pgusher"
  chown -R "0:$group" "$root/volume" "$root/pgusher" "$root/pgusher-replication" "$root/docker-entrypoint-initdb.d"
  chmod 2770 "$root/volume"
  chmod 2777 "$root/pgusher"
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

@test "initialises, as root under dash" {
  initialises 0:0 dash
}

@test "initialises, as root under busybox" {
  initialises 0:0 'busybox sh'
}

@test "initialises, as a uid of its own under dash" {
  initialises 54321:54321 dash
}

@test "initialises, as a uid of its own under busybox" {
  initialises 54321:54321 'busybox sh'
}

@test "initialises as any uid with group access alone, under dash" {
  initialises_with_group_access dash
}

@test "initialises as any uid with group access alone, under busybox" {
  initialises_with_group_access 'busybox sh'
}

@test "runs the image's scripts and the user's, and begins anew after one that failed" {
  begin 999
  printf 'CREATE TABLE first (a int);\n' >"$root/docker-entrypoint-initdb.d/10.sql"
  printf 'false\n' >"$root/docker-entrypoint-initdb.d/20.sh"
  initdb 0:0 dash
  [ "$status" -eq 1 ]
  [[ "$stderr" == *"pgusher-initdb: the image's initialisation failed in /docker-entrypoint-initdb.d/20.sh, with status 1 (the log of this container says why); nothing of it is kept, the next try begins anew" ]]
  nothing_is_left
  printf 'CREATE TABLE second (a int);\n' >"$root/docker-entrypoint-initdb.d/20.sql"
  rm "$root/docker-entrypoint-initdb.d/20.sh"
  initdb 0:0 dash
  [ "$status" -eq 0 ]
  [ "$(sql 0:0 "SELECT string_agg(relname, ' ' ORDER BY 1) FROM pg_class WHERE relname IN ('first', 'second')")" = 'first second' ]
}

@test "initialises a PGDATA that is the mount itself, and takes back there what was cut off" {
  begin 999
  decide initialise /volume
  mkdir "$root/volume/lost+found"
  echo false >"$root/docker-entrypoint-initdb.d/99.sh"
  initdb 0:0 dash
  [ "$status" -eq 1 ]
  [ "$(ls -A "$root/volume")" = $'lost+found\n.pgusher' ] || [ "$(ls -A "$root/volume" | sort)" = $'.pgusher\nlost+found' ]
  rm "$root/docker-entrypoint-initdb.d/99.sh"
  initdb 0:0 dash
  [ "$status" -eq 0 ] || { echo "$stderr"; false; }
  [ "$(ls -A "$root/volume/.pgusher")" = '' ]
  [ "$(sql 0:0 'SELECT 1')" = 1 ]
}

@test "makes a role of any name with any password, and lets it in by one line that comes first" {
  begin 999
  name='o"ne $(touch /tmp/pwned); DROP'
  # shellcheck disable=SC1003 # That is the password.
  password='x/e#\a "'"'"'; DROP ROLE postgres; --`id`:$HOME'
  printf '%s\n' "$name" >"$root/pgusher-replication/username"
  printf '%s\n' "$password" >"$root/pgusher-replication/password"
  export PGUSHER_REPLICATION_NETWORK='127.0.0.1/32, fd00::/8'
  initdb 0:0 dash
  [ "$status" -eq 0 ] || { echo "$stderr"; false; }
  [ ! -e "$root/tmp/pwned" ]
  [ "$(sed -n 3p "$root/volume/pgdata/pg_hba.conf")" = 'host replication "o""ne $(touch /tmp/pwned); DROP" fd00::/8 scram-sha-256' ]
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
  [[ "$stderr" == 'pgusher-initdb: this image has no docker-entrypoint.sh; wanted '* ]]
  rm "$root/pgusher/decision"
  initdb 0:0 dash
  [ "$stderr" = 'pgusher-initdb: there is no decision of pgusher-restore; wanted: that container before this one' ]
}

@test "gives scripts the shell options and the name that the entrypoint gives them" {
  begin 999
  replicate standby x
  script 10-sourced.sh 644 <<'EOF'
[ -z "$never_set" ]
printf '%s\n' "$0 $-" "$PWD" "$(shopt -o nounset)" >/tmp/seen
EOF
  cat >"$root/local/alone.sh" <<'EOF'
#!/bin/sh
# The entrypoint alone, with no server at its end.
exec docker-entrypoint.sh postgres --version
EOF
  initdb 0:0 dash
  succeeds
  ours=$(cat "$root/tmp/seen")
  rm -rf "$root/volume/pgdata"
  # Backends of the image alone: the same, until the server itself would start.
  run env PGDATA=/volume/pgdata POSTGRES_PASSWORD=x timeout 20 "$here/test/support/official-image/run-in-image.sh" "$root" 0:0 \
    sh -c 'docker-entrypoint.sh postgres -c listen_addresses= & until [ -s /tmp/alone ]; do sleep 0.2; cp /tmp/seen /tmp/alone; done; kill -INT $!; wait' </dev/null
  [ "$ours" = "$(cat "$root/tmp/seen")" ] || { echo "$ours"; cat "$root/tmp/seen"; false; }
}

@test "clears the WAL directory of a try, by its own segments, and nothing that somebody put there" {
  begin 999
  export POSTGRES_INITDB_WALDIR=/wal/of-this
  echo false | script 10.sh 644
  initdb 0:0 dash
  [ "$status" -eq 1 ]
  nothing_is_left
  [ "$(ls -A "$root/wal/of-this")" = '' ]
  # SIGKILL in a script: the next run takes back what it finds, and begins anew.
  cut_off KILL 10.sh
  [ -e "$root/volume/pgdata/PG_VERSION" ]
  [ -e "$root/volume/.pgusher/initialising" ]
  [ -n "$(ls -A "$root/wal/of-this")" ]
  initdb 0:0 dash
  succeeds
  [[ "$stderr" == *'an earlier initialisation was cut off in /docker-entrypoint-initdb.d/10.sh: what it made is removed'* ]]
  [ "$(sql 0:0 'SELECT 1')" = 1 ]
  # Another server's segments stay, and initdb refuses them as the image alone would.
  mv "$root/volume/pgdata" "$root/volume/other"
  mkdir "$root/volume/.pgusher/staging" "$root/volume/.pgusher/staging/global"
  ln -s /wal/of-this "$root/volume/.pgusher/staging/pg_wal"
  printf '12345678' >"$root/volume/.pgusher/staging/global/pg_control"
  before=$(ls "$root/wal/of-this")
  initdb 0:0 dash
  [ "$status" -eq 1 ]
  for segment in $(printf '%s\n' "$before" | grep -x '[0-9A-F]\{24\}'); do
    [ -e "$root/wal/of-this/$segment" ]
  done
}

@test "clears the WAL directory of a try that was cut off while its database was moved into PGDATA" {
  begin 999
  export POSTGRES_INITDB_WALDIR=/wal/of-this POSTGRES_INITDB_ARGS=--wal-segsize=1
  cut_off KILL 10.sh
  # More than the first segment, which pg_control of the staging directory no longer tells apart once it is moved.
  [ "$(find "$root/wal/of-this" -type f | wc -l)" -gt 1 ]
  mkdir -m 700 "$root/volume/.pgusher/staging"
  for entry in "$root/volume/pgdata"/*; do
    [ "${entry##*/}" = global ] || mv "$entry" "$root/volume/.pgusher/staging/"
  done
  chown 999:999 "$root/volume/.pgusher/staging"
  # What a script's own pg_basebackup leaves there.
  touch "$root/wal/of-this/000000010000000000000002.00000028.backup"
  initdb 0:0 dash
  succeeds
  [ ! -e "$root/wal/of-this/000000010000000000000002.00000028.backup" ]
  [ "$(sql 0:0 'SELECT 1')" = 1 ]
}

@test "takes a login by the names that people have, and says which one is missing" {
  begin 999
  replicate standby x
  for names in PG_MASTER REPLICATION; do
    mv "$root/pgusher-replication/username" "$root/pgusher-replication/${names}_USER"
    initdb 0:0 dash
    [ "$status" -eq 1 ]
    [[ "${stderr##*$'\n'}" == *"pgusher-initdb: username or password of the Secret of postgres.io/replication-secret cannot be read; wanted both"* ]]
    mv "$root/pgusher-replication/password" "$root/pgusher-replication/password-of-another"
    initdb 0:0 dash
    [ "$status" -eq 1 ]
    [[ "${stderr##*$'\n'}" == *"pgusher-initdb: ${names}_USER or ${names}_PASSWORD of the Secret of postgres.io/replication-secret cannot be read; wanted both"* ]]
    mv "$root/pgusher-replication/password-of-another" "$root/pgusher-replication/${names}_PASSWORD"
    initdb 0:0 dash
    succeeds
    [ "$(sql 0:0 "SELECT rolreplication FROM pg_roles WHERE rolname = 'standby'")" = t ]
    rm -rf "$root/volume/pgdata" "$root/pgusher-replication"/*
    replicate standby x
  done
}

@test "connects as the image does, whatever PGHOST, PGHOSTADDR and PGOPTIONS say" {
  begin 999
  replicate standby x
  export PGHOST=db.example PGHOSTADDR=203.0.113.1 PGOPTIONS='-c search_path=nowhere' PGSERVICE=none PGSSLMODE=verify-full PGDATABASE=none
  # The image's own psql takes these, so that it fails with them; ours may not.
  unset PGSERVICE
  initdb 0:0 dash
  succeeds
  unset PGHOST PGHOSTADDR PGOPTIONS PGSSLMODE PGDATABASE
  [ "$(sql 0:0 "SELECT rolreplication FROM pg_roles WHERE rolname = 'standby'")" = t ]
}

@test "shows scripts the final PGDATA, for settings and for tablespaces below it" {
  begin 999
  script 10.sh 755 <<'EOF'
#!/bin/bash
set -e
[ "$PGDATA" = /volume/pgdata ]
echo made >/volume/pgdata/server.note
mkdir "$PGDATA/ts" /wal/outside
psql -v ON_ERROR_STOP=1 -U postgres <<SQL
ALTER SYSTEM SET ident_file = '$PGDATA/pg_ident.conf';
CREATE TABLESPACE inside LOCATION '$PGDATA/ts';
CREATE TABLESPACE outside LOCATION '/wal/outside';
CREATE TABLE t TABLESPACE inside AS SELECT 42 AS a;
SQL
EOF
  chown 999:999 "$root/wal"
  echo false | script 20.sh 644
  initdb 0:0 dash
  [ "$status" -eq 1 ]
  nothing_is_left
  # What CREATE TABLESPACE made is gone; the folder that the script made is the script's.
  [ "$(ls -A "$root/wal/outside")" = '' ]
  rm "$root/docker-entrypoint-initdb.d/20.sh"
  sed -i 's,mkdir "$PGDATA/ts" /wal/outside,mkdir "$PGDATA/ts",' "$root/docker-entrypoint-initdb.d/10.sh"
  initdb 0:0 dash
  succeeds
  [ "$(sql 0:0 'SELECT a FROM t')" = 42 ]
  [ "$(sql 0:0 'SHOW ident_file')" = /volume/pgdata/pg_ident.conf ]
}

@test "notices a sourced script that calls exit, and begins anew" {
  begin 999
  replicate standby x
  echo 'exit 0' | script 10-leaves.sh 644
  initdb 0:0 dash
  [ "$status" -eq 1 ]
  [[ "${stderr##*$'\n'}" == "pgusher-initdb: the image's initialisation ended early, in /docker-entrypoint-initdb.d/10-leaves.sh: a script called exit, and all that comes after it was skipped. Wanted: "* ]]
  nothing_is_left
  rm "$root/docker-entrypoint-initdb.d/10-leaves.sh"
  initdb 0:0 dash
  succeeds
  [ "$(sql 0:0 "SELECT rolreplication FROM pg_roles WHERE rolname = 'standby'")" = t ]
}

@test "never changes a role that it did not make but for REPLICATION, and says so" {
  begin 999
  replicate postgres another
  initdb 0:0 dash
  succeeds
  [[ "$stderr" == *'pgusher replication: the role "postgres" was there before: it may replicate, and nothing else of it was changed.'* ]]
  [ "$(login 'it'"'"'s $ecret')" = 1 ]
  [[ "$(login another)" == *'password authentication failed'* ]]
  rm -rf "$root/volume/pgdata"
  replicate app another
  echo "CREATE ROLE app NOLOGIN" | script 10.sql 644
  initdb 0:0 dash
  succeeds
  [[ "$stderr" == *'the role "app" was there before'* ]]
  [ "$(sql 0:0 "SELECT rolcanlogin, rolreplication, rolpassword IS NULL FROM pg_authid WHERE rolname = 'app'")" = 'f|t|t' ]
}

@test "shows the image the user's folder as it is: links, dotfiles, compressed files" {
  begin 999
  replicate standby x
  folder=$root/docker-entrypoint-initdb.d
  echo 'VALUE=from-dotfile' >"$folder/.env"
  echo '. "$(dirname "$0")/.env"; psql -U postgres -c "CREATE TABLE env AS SELECT '"'"'$VALUE'"'"'::text AS a"' | script 10.sh 755
  sed -i '1i #!/bin/bash' "$folder/10.sh"
  echo 'CREATE TABLE of_zst (a int)' | zstd -q >"$folder/20.sql.zst"
  echo 'CREATE TABLE of_gz (a int)' | gzip >"$folder/30.sql.gz"
  echo 'CREATE TABLE of_xz (a int)' | xz >"$folder/40.sql.xz"
  # As the kubelet mounts a key of a ConfigMap.
  mkdir "$folder/..2026_11_30"
  echo 'CREATE TABLE of_link (a int)' >"$folder/..2026_11_30/50.sql"
  ln -s ..2026_11_30 "$folder/..data"
  ln -s ..data/50.sql "$folder/50.sql"
  initdb 0:0 dash
  succeeds
  [ "$(sql 0:0 "SELECT count(*) FROM pg_class WHERE relname IN ('of_zst', 'of_gz', 'of_xz', 'of_link')")" = 4 ]
  [ "$(sql 0:0 'SELECT a FROM env')" = from-dotfile ]
}

@test "refuses a name and a password that PostgreSQL would not keep" {
  begin 999
  name=$(printf '%070d' 0)
  replicate "$name" x
  initdb 0:0 dash
  [ "$status" -eq 1 ]
  [[ "${stderr##*$'\n'}" == "pgusher-initdb: the username \"$name\" has 70 bytes; wanted at most 63"* ]]
  nothing_is_left
  replicate standby ''
  echo >"$root/pgusher-replication/password"
  initdb 0:0 dash
  [ "$status" -eq 1 ]
  [[ "${stderr##*$'\n'}" == "pgusher-initdb: the password of the Secret of postgres.io/replication-secret is empty; wanted one"* ]]
  nothing_is_left
}

@test "ends within a second of SIGTERM as process 1, and begins anew" {
  begin 999
  cut_off TERM 10.sh
  [ "$took" -lt 1500 ]
  [ "$status" -eq 143 ]
  [[ "$(tail -n 1 "$BATS_TEST_TMPDIR/err")" == 'pgusher-initdb: stopped from outside in /docker-entrypoint-initdb.d/10.sh; '* ]]
  initdb 0:0 dash
  succeeds
  [ "$(sql 0:0 'SELECT 1')" = 1 ]
}

@test "stops a server that got past it, because a script set the PATH anew" {
  begin 999
  echo "export PATH=$POSTGRES_BIN:/usr/local/bin:/usr/bin:/bin" | script 10.sh 644
  initdb 0:0 dash -c listen_addresses=
  succeeds
  [ ! -e "$root/volume/pgdata/postmaster.pid" ]
  [ "$(ls -A "$root/volume/.pgusher")" = '' ]
  [ "$(sql 0:0 'SELECT 1')" = 1 ]
}

@test "never clears what somebody put in PGDATA after a first start that was cut off" {
  begin 999
  cut_off KILL 10.sh
  [ -e "$root/volume/.pgusher/initialising" ]
  # Another database, copied there by hand.
  rm -rf "$root/volume/pgdata"
  "$here/test/support/official-image/run-in-image.sh" "$root" 999:999 initdb -D /volume/pgdata >/dev/null
  initdb 0:0 dash
  [ "$status" -eq 1 ]
  [[ "$stderr" == *'an initialisation was cut off, but what is in /volume/pgdata now is not what it made'* ]]
  [ "$(sql 999:999 'SELECT 1')" = 1 ]
}

@test "asks for no input, and names a script that drops the database" {
  begin 999
  echo 'read -r answer' | script 10-asks.sh 644
  initdb 0:0 dash </dev/null
  [ "$status" -eq 1 ]
  [[ "${stderr##*$'\n'}" == *'failed in /docker-entrypoint-initdb.d/10-asks.sh, with status 1'* ]]
  rm "$root/docker-entrypoint-initdb.d/10-asks.sh"
  export POSTGRES_DB=app
  printf '%s\n' '\c postgres' 'DROP DATABASE app' | script 20-drops.sql 644
  echo 'SELECT 1' | script 30.sql 644
  initdb 0:0 dash
  [ "$status" -eq 1 ]
  [[ "${stderr##*$'\n'}" == *'failed in /docker-entrypoint-initdb.d/30.sql, with status 2'* ]]
  nothing_is_left
}

@test "says every five minutes which script does not end, and names it at the end" {
  begin 999
  # A second of the watch is none here.
  printf '%s\n' '#!/bin/sh' '[ "$1" = 1 ] || exec /usr/bin/sleep "$@"' >"$root/local/sleep"
  chmod 755 "$root/local/sleep"
  echo 'while :; do /usr/bin/sleep 0.2; done' | script 10-never-ends.sh 644
  env PGDATA="$data" POSTGRES_PASSWORD=x "$here/test/support/official-image/run-in-image.sh" "$root" 0:0 \
    dash /pgusher/bin/initdb.sh 2>"$BATS_TEST_TMPDIR/err" >/dev/null 3>&- &
  runner=$!
  wanted='minutes, and is in /docker-entrypoint-initdb.d/10-never-ends.sh; a script that waits for something never ends: there is no terminal and no network address of this server yet'
  until grep -qF "$wanted" "$BATS_TEST_TMPDIR/err"; do
    kill -0 "$runner" || { cat "$BATS_TEST_TMPDIR/err"; false; }
    sleep 0.2
  done
  grep -q '^pgusher-initdb: the initialisation has been running for [0-9]*[05] minutes' "$BATS_TEST_TMPDIR/err"
  # Nobody waits for ever: the pod is deleted, and what was made is never started.
  kill -TERM "$(pgrep -P "$runner")"
  status=0
  wait "$runner" || status=$?
  [ "$status" -eq 143 ]
  [ "$(tail -n 1 "$BATS_TEST_TMPDIR/err")" = 'pgusher-initdb: stopped from outside in /docker-entrypoint-initdb.d/10-never-ends.sh; what was made is removed at the next start, which begins anew' ]
  [ -e "$root/volume/.pgusher/initialising" ]
  rm "$root/local/sleep" "$root/docker-entrypoint-initdb.d/10-never-ends.sh"
  initdb 0:0 dash
  succeeds
  [ "$(sql 0:0 'SELECT 1')" = 1 ]
}

@test "says that the volume is full" {
  begin 999
  echo 'dd if=/dev/zero of="$PGDATA/filler" bs=1M' | script 10-fills.sh 644
  mount -t tmpfs -o size=80m,mode=755 none "$root/volume"
  mkdir -m 700 "$root/volume/.pgusher"
  chown 999:999 "$root/volume" "$root/volume/.pgusher"
  initdb 0:0 dash
  [ "$status" -eq 1 ]
  [[ "${stderr##*$'\n'}" == *'failed in /docker-entrypoint-initdb.d/10-fills.sh'*'; the volume is full; nothing of it is kept'* ]] || { echo "$stderr"; umount "$root/volume"; false; }
  umount "$root/volume"
}

@test "names the script of a volume that an SQL file fills, and takes the rest of it back" {
  begin 999
  mount -t tmpfs -o size=100m,mode=755 none "$root/volume"
  mkdir -m 700 "$root/volume/.pgusher"
  chown 999:999 "$root/volume" "$root/volume/.pgusher"
  echo "CREATE TABLE filler AS SELECT repeat(md5(a::text), 30) FROM generate_series(1, 400000) AS a" | script 10-fills.sql 644
  initdb 0:0 dash
  left=$(ls -A "$root/volume" "$root/volume/.pgusher")
  rm "$root/docker-entrypoint-initdb.d/10-fills.sql"
  failed=$status last=${stderr##*$'\n'}
  # There is room again for the next try.
  initdb 0:0 dash
  umount "$root/volume"
  [ "$failed" -eq 1 ]
  [[ "$last" == *'in /docker-entrypoint-initdb.d/10-fills.sql'*'begins anew' ]] || { echo "$last"; false; }
  [ "$left" = "$root/volume:
.pgusher

$root/volume/.pgusher:" ] || { echo "$left"; false; }
  succeeds
}

@test "leaves its last line as the container's message" {
  begin 999
  echo 'exit 3' | script 10-leaves.sh 644
  initdb 0:0 dash
  message=$(cat "$root/message")
  [ "$status" -eq 1 ]
  [ "pgusher-initdb: $message" = "${stderr##*$'\n'}" ]
  [[ "$message" == *'failed in /docker-entrypoint-initdb.d/10-leaves.sh, with status 3'*'nothing of it is kept'* ]]
}

# wrapper: standard input is the image's or the container's own command.
wrapper() {
  cat >"$root/local/wrapper.sh"
  chmod 755 "$root/local/wrapper.sh"
}

@test "runs a wrapper as it is, and the entrypoint behind it with its arguments" {
  begin 999
  wrapper <<'EOF'
#!/bin/sh
echo prepared >/tmp/prepared
exec docker-entrypoint.sh postgres -c max_connections=44 "$@"
EOF
  echo "CREATE TABLE settings AS SELECT current_setting('max_connections') AS a" | script 10.sql 644
  initdb 0:0 dash --command wrapper.sh -c listen_addresses=
  succeeds
  [ -e "$root/tmp/prepared" ]
  [ "$(sql 0:0 'SELECT a FROM settings')" = 44 ]
}

@test "lets the image initialise where the container's own command goes past the entrypoint, or does not exec" {
  begin 999
  initdb 999:999 dash --command sh -c 'postgres -c listen_addresses= & wait $!'
  succeeds
  [ "$(sql 0:0 'SELECT 1')" = 1 ]
  rm -rf "$root/volume/pgdata"
  initdb 0:0 dash --command sh -c 'docker-entrypoint.sh postgres -c listen_addresses= & wait $!'
  succeeds
  [ "$(sql 0:0 'SELECT 1')" = 1 ]
}

@test "refuses a command that does not come to the server, with what to write" {
  begin 999
  initdb 0:0 dash --command sh -c 'echo no; exit 7'
  [ "$status" -eq 1 ]
  [[ "${stderr##*$'\n'}" == "pgusher-initdb: the container's own command (sh) ended with status 7 and did not come to the server"*'Wanted: a command that ends with `exec docker-entrypoint.sh postgres`, or args alone; nothing of it is kept'* ]]
  nothing_is_left
}
