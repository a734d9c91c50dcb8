#!/usr/bin/env bats
# shellcheck disable=SC2154 # bats sets $status and $output.
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
