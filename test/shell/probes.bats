#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2030,SC2031 # bats sets $status and $output, for each test anew.
# The probes of the server, killed by a kubelet that waited too long: what they leave behind goes to process 1, which is the postmaster.
# psql and pg_isready are stand-ins here, since real ones are not slow when a test wants them to be.

bats_require_minimum_version 1.5.0

setup() {
  here=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
  bin=$BATS_TEST_TMPDIR/bin
  mkdir -p "$bin"
  # As a postmaster up to version 17 does, says each end of a child that is neither 0 nor 1.
  # shellcheck disable=SC2016
  reaper='my $probe = fork; if (!$probe) { exec @ARGV } select undef, undef, undef, 0.5; kill 9, $probe;
    while ((my $child = waitpid -1, 0) > 0) { print "$child ended with $?\n" if $child != $probe && $? != 0 && $? != 256 }'
}

# slow NAME STATUS: a program that takes longer than the probe may, writes a line and ends with STATUS.
slow() {
  printf '#!/bin/sh\nsleep 1\necho f\nexit %s\n' "$2" >"$bin/$1"
  chmod 755 "$bin/$1"
}

# killed SCRIPT: the probe under each shell, killed in the middle.
killed() {
  for shell in dash 'busybox sh'; do
    # shellcheck disable=SC2086
    PATH=$bin:$PATH run --separate-stderr unshare --pid --fork perl -e "$reaper" $shell "$here/src/agent/scripts/$1" 5432
    [ "$status" -eq 0 ]
    [[ "$output" != *'ended with'* ]]
  done
}

@test "leave nothing behind that would be taken for a crashed backend: pg_isready without an answer" {
  [ "$(id -u)" -eq 0 ] || skip 'a process namespace needs root'
  slow pg_isready 2
  killed ready.sh
  killed started.sh
}

@test "leave nothing behind that would be taken for a crashed backend: psql, its pipe and its refused login" {
  [ "$(id -u)" -eq 0 ] || skip 'a process namespace needs root'
  printf '#!/bin/sh\nexit 0\n' >"$bin/pg_isready"
  chmod 755 "$bin/pg_isready"
  for ending in 0 2 3; do
    slow psql "$ending"
    killed ready.sh
  done
}

# asked SCRIPT: each shell's answer, and in $output whether anybody was asked.
asked() {
  for shell in dash 'busybox sh'; do
    rm -f "$BATS_TEST_TMPDIR/asked"
    # shellcheck disable=SC2086
    PGDATA=$data PATH=$bin:$PATH run $shell "$here/src/agent/scripts/$1" 5439
    ! [ -e "$BATS_TEST_TMPDIR/asked" ] || output=asked
    [ "$status $output" = "$2" ]
  done
}

@test "ask nobody while a server may be about to open its port: it would log each question" {
  printf '#!/bin/sh\ntouch "%s"\nexit 2\n' "$BATS_TEST_TMPDIR/asked" >"$bin/pg_isready"
  # A stand-in for the wait between two tries.
  printf '#!/bin/sh\nexit 0\n' >"$bin/sleep"
  chmod 755 "$bin/pg_isready" "$bin/sleep"
  data=$BATS_TEST_TMPDIR/data
  mkdir -p "$data"
  # No database: whoever listens is asked.
  asked started.sh '1 asked'
  asked ready.sh '1 asked'
  echo 17 >"$data/PG_VERSION"
  asked started.sh '1 '
  asked ready.sh '1 '
  printf '1\n%s\n1764504000\n5439\n' "$data" >"$data/postmaster.pid"
  asked started.sh '1 '
  asked ready.sh '1 '
  printf '1\n%s\n1764504000\n5439\n/run\n*\n 1 2\nready\n' "$data" >"$data/postmaster.pid"
  asked started.sh '1 asked'
  asked ready.sh '1 asked'
}

@test "a server that has opened its port and says that it is starting has begun, and is not ready" {
  printf '#!/bin/sh\ntouch "%s"\nexit 2\n' "$BATS_TEST_TMPDIR/asked" >"$bin/pg_isready"
  printf '#!/bin/sh\nexit 0\n' >"$bin/sleep"
  chmod 755 "$bin/pg_isready" "$bin/sleep"
  data=$BATS_TEST_TMPDIR/data
  mkdir -p "$data"
  echo 17 >"$data/PG_VERSION"
  printf '1\n%s\n1764504000\n5439\n/run\n*\n 1 2\nstarting\n' "$data" >"$data/postmaster.pid"
  perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1:5439", ReuseAddr => 1) or die; open F, ">", $ARGV[0]; close F; sleep 60' "$BATS_TEST_TMPDIR/listening" 3>&- &
  listener=$!
  until [ -e "$BATS_TEST_TMPDIR/listening" ]; do command sleep 0.1; done
  asked started.sh '0 '
  asked ready.sh '1 '
  kill "$listener"
}
