#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2030,SC2031,SC2086,SC2154 # Names with a dollar are the point; bats sets $status and $stderr; `busybox sh` is two words.
# pre-stop.sh, started.sh and ready.sh beside a real server, under dash and busybox. Whatever happens, the hook ends with 0
# and within its budget.

bats_require_minimum_version 1.5.0

setup() {
  here=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
  bin=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
  if [ -z "$bin" ]; then
    [ "${CI:-}" != true ] || return 1
    skip 'needs PostgreSQL'
  fi
  PATH=$bin:$PATH
  shared=$BATS_TEST_TMPDIR/pgusher
  mkdir -p "$shared/bin"
  cp "$here"/src/agent/scripts/*.sh "$shared/bin/"
  data=$BATS_TEST_TMPDIR/pgdata
  port=$(free_port)
  if [ "$(id -u)" = 0 ]; then
    as_server=(setpriv --reuid postgres --regid postgres --clear-groups)
    chown -R postgres "$BATS_TEST_TMPDIR"
    chmod 755 "$BATS_TEST_TMPDIR" "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test"
  else
    as_server=(env)
  fi
  export PGDATA=$data POSTGRES_PASSWORD='it'"'"'s $ecret'
}

# A port that nobody listens on, below those that the kernel gives to outgoing connections.
free_port() {
  local port
  until port=$((10000 + RANDOM % 10000)) && ! (: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
  echo "$port"
}

teardown() {
  if [ -r "$data/postmaster.pid" ]; then
    kill -CONT "$(head -n 1 "$data/postmaster.pid")" 2>/dev/null || :
    kill -QUIT "$(head -n 1 "$data/postmaster.pid")" 2>/dev/null || :
  fi
}

# start LOCAL_AUTH: a server that lets the socket in by that method, and TCP by password.
start() {
  printf '%s\n' "$POSTGRES_PASSWORD" >"$BATS_TEST_TMPDIR/password"
  chmod 644 "$BATS_TEST_TMPDIR/password"
  "${as_server[@]}" initdb -D "$data" -U postgres --pwfile "$BATS_TEST_TMPDIR/password" --auth-local "$1" \
    --auth-host scram-sha-256 --no-sync --locale C >/dev/null
  start_again
}

start_again() {
  "${as_server[@]}" pg_ctl -D "$data" -w -l "$BATS_TEST_TMPDIR/log" start >/dev/null \
    -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=/tmp -c log_checkpoints=on"
}

# stop SHELL SECONDS ...: the hook; sets `took`.
hook() {
  local shell=$1 begun=$SECONDS
  shift
  # shellcheck disable=SC2086 # busybox sh is two words.
  run --separate-stderr $shell "$shared/bin/pre-stop.sh" "$@"
  took=$((SECONDS - begun))
}

gone() {
  for _ in $(seq 600); do
    [ -e "$data/postmaster.pid" ] || return 0
    sleep 0.1
  done
  return 1
}

stops_a_primary() {
  start trust
  # A receiver that confirms everything, as pgusher-backup writes it.
  echo flushed=FF/0 >"$shared/receiver"
  hook "$1" 60 -- sh -c 'echo "$1" >"$2"' own 'two words' "$BATS_TEST_TMPDIR/own hook"
  [ "$status" -eq 0 ]
  [ "$stderr" = '' ] || { echo "$stderr"; false; }
  # It would wait for the store for half of what is left.
  [ "$took" -le 20 ]
  gone
  [ "$(cat "$BATS_TEST_TMPDIR/own hook")" = 'two words' ]
  grep -q 'received fast shutdown request' "$BATS_TEST_TMPDIR/log"
  [ "$(grep -c 'checkpoint starting: immediate force wait' "$BATS_TEST_TMPDIR/log")" = 1 ]
  # The segment was switched: the shutdown checkpoint is in the next one.
  [[ "$(pg_controldata "$data" | sed -n "s/^Latest checkpoint's REDO WAL file: *//p")" == *000000000000000[2-9] ]]
}

@test "on a primary: own hook, checkpoint, switch, fast shutdown; under dash" {
  stops_a_primary dash
}

@test "on a primary: own hook, checkpoint, switch, fast shutdown; under busybox" {
  stops_a_primary 'busybox sh'
}

keeps_its_budget() {
  start trust
  echo flushed=0/0 >"$shared/receiver"
  hook "$1" 10
  [ "$status" -eq 0 ]
  [[ "$stderr" == *'the store has not confirmed WAL up to 0/'*'; it follows while the server stops' ]]
  [ "$took" -le 10 ]
  gone
}

@test "gives up waiting for a store that confirms nothing; under dash" {
  keeps_its_budget dash
}

@test "gives up waiting for a store that confirms nothing; under busybox" {
  keeps_its_budget 'busybox sh'
}

@test "does not wait at all where no receiver ever was" {
  start trust
  hook dash 60
  [ "$status" -eq 0 ]
  [ "$took" -le 20 ]
  gone
}

@test "logs in over loopback with the password of a file, where the socket asks for one too" {
  start scram-sha-256
  export POSTGRES_PASSWORD_FILE=$BATS_TEST_TMPDIR/password POSTGRES_PASSWORD=
  echo flushed=FF/0 >"$shared/receiver"
  hook dash 60
  [ "$status" -eq 0 ]
  [ "$stderr" = '' ] || { echo "$stderr"; false; }
  gone
}

@test "stops the server all the same where nobody may log in" {
  start reject
  POSTGRES_PASSWORD=wrong hook dash 20
  [ "$status" -eq 0 ]
  gone
}

@test "stops the server all the same where there is no psql" {
  start trust
  mkdir "$BATS_TEST_TMPDIR/few"
  for program in date sleep cat; do
    ln -s "$(command -v $program)" "$BATS_TEST_TMPDIR/few/$program"
  done
  hook "env PATH=$BATS_TEST_TMPDIR/few $(command -v dash)" 20
  [ "$status" -eq 0 ]
  gone
}

answers_no_more() {
  start trust
  kill -STOP "$(head -n 1 "$data/postmaster.pid")"
  hook "$1" 10
  [ "$status" -eq 0 ]
  [ "$took" -le 10 ] || { echo "$took"; false; }
}

@test "ends in time beside a server that answers no more; under dash" {
  answers_no_more dash
}

@test "ends in time beside a server that answers no more; under busybox" {
  answers_no_more 'busybox sh'
}

@test "ends an own hook that hangs, and still stops the server in time" {
  start trust
  hook dash 12 -- sleep 100
  [ "$status" -eq 0 ]
  [ "$took" -le 12 ]
  [[ "$stderr" == *"the container's own hook ended with 124"* ]]
  gone
}

@test "says that there is no server and is content" {
  hook dash 20
  [ "$status" -eq 0 ]
  [ "$stderr" = "pgusher pre-stop: no server is running on $data" ]
}

@test "on a standby: no checkpoint, no switch, only the shutdown" {
  start trust
  "${as_server[@]}" pg_ctl -D "$data" -w -m fast stop >/dev/null
  "${as_server[@]}" touch "$data/standby.signal"
  : >"$BATS_TEST_TMPDIR/log"
  start_again
  hook dash 20
  [ "$status" -eq 0 ]
  [ "$stderr" = '' ]
  gone
  run -1 grep -q 'immediate force wait' "$BATS_TEST_TMPDIR/log"
}

probes() {
  local shell=$1
  start trust
  echo role=primary >"$shared/decision"
  $shell "$shared/bin/started.sh" "$port"
  $shell "$shared/bin/ready.sh" "$port"
  # A refused login is no reason to be unready.
  POSTGRES_PASSWORD=wrong $shell "$shared/bin/ready.sh" "$port"
  "${as_server[@]}" pg_ctl -D "$data" -w -m fast stop >/dev/null
  run -1 $shell "$shared/bin/started.sh" "$port"
  run -1 $shell "$shared/bin/ready.sh" "$port"
  "${as_server[@]}" touch "$data/standby.signal"
  start_again
  $shell "$shared/bin/started.sh" "$port"
  run -1 $shell "$shared/bin/ready.sh" "$port"
  echo role=standby >"$shared/decision"
  $shell "$shared/bin/ready.sh" "$port"
}

@test "a primary in recovery has started and is not ready, a standby is both; under dash" {
  probes dash
}

@test "a primary in recovery has started and is not ready, a standby is both; under busybox" {
  probes 'busybox sh'
}

leaves_no_line() {
  start trust
  # As the image's initdb leaves it: loopback needs no password, and a role that does not exist is a FATAL line.
  sed -i 's/scram-sha-256$/trust/' "$data/pg_hba.conf"
  "${as_server[@]}" pg_ctl -D "$data" reload >/dev/null
  echo role=primary >"$shared/decision"
  export POSTGRES_USER=postgres
  $1 "$shared/bin/started.sh" "$port"
  $1 "$shared/bin/ready.sh" "$port"
  run -1 grep FATAL "$BATS_TEST_TMPDIR/log"
}

@test "the probes leave no line in the server's log, whoever runs them; under dash" {
  leaves_no_line dash
}

@test "the probes leave no line in the server's log, whoever runs them; under busybox" {
  leaves_no_line 'busybox sh'
}

leaves_no_line_while_it_starts() {
  start trust
  "${as_server[@]}" pg_ctl -D "$data" -w -m fast stop >/dev/null
  "${as_server[@]}" touch "$data/standby.signal"
  # Its first record of WAL is asked of the archive: as long as that takes, it starts.
  touch "$BATS_TEST_TMPDIR/asked"
  echo "restore_command = 'while [ -e $BATS_TEST_TMPDIR/asked ]; do sleep 0.1; done; false'" >>"$data/postgresql.auto.conf"
  "${as_server[@]}" pg_ctl -D "$data" -W -l "$BATS_TEST_TMPDIR/starting" start >/dev/null \
    -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=/tmp" 3>&-
  for _ in $(seq 600); do
    ! grep -q '^starting' "$data/postmaster.pid" 2>/dev/null || break
    sleep 0.1
  done
  export POSTGRES_USER=postgres
  echo role=primary >"$shared/decision"
  run -0 $1 "$shared/bin/started.sh" "$port"
  run -1 $1 "$shared/bin/ready.sh" "$port"
  run -1 grep FATAL "$BATS_TEST_TMPDIR/starting"
  # What it would be to ask.
  run -1 pg_isready -q -h 127.0.0.1 -p "$port" -U postgres
  grep FATAL "$BATS_TEST_TMPDIR/starting"
  # Killed, it says so still, and is not taken at its word.
  kill -KILL "$(head -n 1 "$data/postmaster.pid")"
  pkill -KILL -P "$(head -n 1 "$data/postmaster.pid")" 2>/dev/null || :
  for _ in $(seq 600); do
    [ "$(pg_isready -q -h 127.0.0.1 -p "$port"; echo $?)" != 2 ] || break
    sleep 0.1
  done
  grep '^starting' "$data/postmaster.pid"
  rm "$BATS_TEST_TMPDIR/asked"
  run -1 $1 "$shared/bin/started.sh" "$port"
}

@test "the probes leave no line in the log of a server that starts, for as long as that takes; under dash" {
  leaves_no_line_while_it_starts dash
}

@test "the probes leave no line in the log of a server that starts, for as long as that takes; under busybox" {
  leaves_no_line_while_it_starts 'busybox sh'
}

waits_for_an_answer() {
  local shell=$1
  start trust
  "${as_server[@]}" pg_ctl -D "$data" -w -m fast stop >/dev/null
  (
    sleep 0.7
    start_again
  ) 3>&- &
  # Up within its two seconds: the kubelet, which asks again in as many, need not.
  run $shell "$shared/bin/started.sh" "$port"
  wait
  [ "$status" -eq 0 ]
}

@test "the startup probe waits for a server that is about to answer; under dash" {
  waits_for_an_answer dash
}

@test "the startup probe waits for a server that is about to answer; under busybox" {
  waits_for_an_answer 'busybox sh'
}

@test "as root without CAP_KILL the server is running, and is stopped as its own user" {
  [ "$(id -u)" = 0 ] || skip 'needs root'
  start trust
  # What lies in the image: gosu. Here setpriv, which stands for it where there is none.
  run --separate-stderr setpriv --bounding-set -kill --inh-caps -kill sh "$shared/bin/pre-stop.sh" 20
  [ "$status" -eq 0 ]
  [[ "$stderr" != *'no server is running'* ]]
  [[ "$stderr" != *'could not be told'* ]]
  for _ in 1 2 3 4 5 6 7 8 9 10; do [ ! -e "$data/postmaster.pid" ] || sleep 0.5; done
  [ ! -e "$data/postmaster.pid" ]
  grep -q 'checkpoint starting: immediate force wait' "$BATS_TEST_TMPDIR/log"
}

@test "where it can neither signal the server nor become its user, it says so and ends with 0" {
  [ "$(id -u)" = 0 ] || skip 'needs root'
  start trust
  run --separate-stderr setpriv --bounding-set -kill,-setuid,-setgid --inh-caps -kill,-setuid,-setgid sh "$shared/bin/pre-stop.sh" 20
  [ "$status" -eq 0 ]
  [[ "$stderr" == *"could not be told to stop: it is another user's, and this container has neither CAP_KILL nor a way to become that user"* ]]
}

@test "asks the server beside it, whatever PGHOST, PGHOSTADDR and PGOPTIONS say" {
  start trust
  export PGHOST=db.example PGHOSTADDR=203.0.113.1 PGOPTIONS='-c nonsense=1' PGSSLMODE=verify-full PGSERVICE=none
  run sh "$shared/bin/started.sh" "$port"
  [ "$status" -eq 0 ]
  run sh "$shared/bin/ready.sh" "$port"
  [ "$status" -eq 0 ]
  run --separate-stderr sh "$shared/bin/pre-stop.sh" 20
  [[ "$stderr" != *'not switched'* ]]
  grep -q 'checkpoint starting: immediate force wait' "$BATS_TEST_TMPDIR/log"
}
