#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # Names with a dollar are the point; bats sets $status and $stderr.
# restore-command.sh alone, under dash and busybox, with the agent's side of the files played by the test. With the real
# agent and a real server: test/postgres/restore-recovery.test.ts.

bats_require_minimum_version 1.5.0

setup() {
  here=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
  shared=$BATS_TEST_TMPDIR/pgusher
  mkdir -p "$shared/bin" "$BATS_TEST_TMPDIR/volume"
  cp "$here/src/agent/scripts/restore-command.sh" "$shared/bin/"
  segment=000000010000000000000007
  target=$BATS_TEST_TMPDIR/volume/RECOVERYXLOG
}

# The folders that the agent makes when it starts.
agent_starts() {
  mkdir -p "$shared/wal/answer" "$shared/wal/request"
  ln -sfn "$BATS_TEST_TMPDIR/volume" "$shared/wal/offered"
}

# agent_says WORD: the answer to the next request, for whichever process asks. Runs beside the wrapper.
agent_says() {
  local request
  for _ in $(seq 3000); do
    for request in "$shared/wal/request/"*; do
      if [ -e "$request" ]; then
        rm "$request"
        request=${request##*/}
        [ "$1" != found ] || echo content >"$BATS_TEST_TMPDIR/volume/$request"
        echo "$1" >"$BATS_TEST_TMPDIR/answer"
        mv "$BATS_TEST_TMPDIR/answer" "$shared/wal/answer/$request"
        return
      fi
    done
    sleep 0.01
  done
}

# wanted SHELL SECONDS
wanted() {
  # shellcheck disable=SC2086 # busybox sh is two words.
  run --separate-stderr $1 "$shared/bin/restore-command.sh" "$segment" "$target" "$2"
}

each_shell() {
  for shell in dash 'busybox sh'; do
    rm -rf "$shared/wal" "$BATS_TEST_TMPDIR/volume"/*
    "$@"
  done
}

takes_what_is_ready() {
  agent_starts
  echo content >"$BATS_TEST_TMPDIR/volume/$segment"
  wanted "$shell" 60
  [ "$status" -eq 0 ]
  [ "$(cat "$target")" = content ]
  [ "$(ls "$BATS_TEST_TMPDIR/volume")" = RECOVERYXLOG ]
  # The agent is told, so that it makes the next one ready.
  [[ "$(ls "$shared/wal/request")" == "$segment."* ]]
}

@test "takes what is ready without waiting" {
  each_shell takes_what_is_ready
}

found() {
  agent_starts
  agent_says found &
  wanted "$shell" 60
  [ "$status" -eq 0 ]
  [ "$(cat "$target")" = content ]
  [ "$(ls "$shared/wal/answer")" = '' ]
}

@test "takes what is made for it" {
  each_shell found
}

missing() {
  agent_starts
  agent_says missing &
  wanted "$shell" 60
  [ "$status" -eq 1 ]
  [ ! -e "$target" ]
}

@test "ends with 1 on a proven miss, and on nothing else" {
  each_shell missing
}

stopped() {
  agent_starts
  agent_says 'stop: orders-1 is primary since noon' &
  wanted "$shell" 60
  [ "$status" -eq 255 ]
  [ "$stderr" = "pgusher restore-command: $segment: orders-1 is primary since noon" ]
}

@test "ends with 255 at once where the recovery must not go on" {
  each_shell stopped
}

trouble() {
  agent_starts
  agent_says 'the store cannot be read: EIO' &
  wanted "$shell" 8
  [ "$status" -eq 255 ]
  [[ "$stderr" == "pgusher restore-command: $segment: the store cannot be read: EIO; trying again"*"pgusher restore-command: $segment: the store cannot be read: EIO" ]]
}

@test "ends with 255 on anything else, with the reason" {
  each_shell trouble
}

# standby_wanted SHELL SECONDS
standby_wanted() {
  # shellcheck disable=SC2086 # busybox sh is two words.
  run --separate-stderr $1 "$shared/bin/restore-command.sh" "$segment" "$target" "$2" standby
}

standby() {
  agent_starts
  agent_says 'the store cannot be read: EIO' &
  # Were it asked again, nobody would answer, and it would wait.
  standby_wanted "$shell" 3000
  [ "$status" -eq 1 ]
  [ "$stderr" = '' ]
  agent_says found &
  standby_wanted "$shell" 60
  [ "$status" -eq 0 ]
  [ "$(cat "$target")" = content ]
  # No agent, or one that has ended: not the status that would end the server, and soon.
  standby_wanted "$shell" 3000
  [ "$status" -eq 1 ]
  rm -rf "$shared/wal"
  standby_wanted "$shell" 3000
  [ "$status" -eq 1 ]
  [[ "$stderr" == *"pgusher-agent does not answer"* ]]
}

@test "never ends the server of a standby, and keeps it from nothing else for long" {
  each_shell standby
}

trouble_passes() {
  agent_starts
  (agent_says 'the store cannot be read: EIO' && agent_says found) &
  wanted "$shell" 60
  [ "$status" -eq 0 ]
}

@test "tries again when trouble passes" {
  each_shell trouble_passes
}

no_agent() {
  wanted "$shell" 3
  [ "$status" -eq 255 ]
  [ "$stderr" = "pgusher restore-command: $segment: pgusher-agent does not answer (is the container pgusher-backup running?)" ]
}

@test "ends with 255 where no agent ever was" {
  each_shell no_agent
}

late_agent() {
  (sleep 1 && agent_starts && agent_says found) &
  wanted "$shell" 60
  [ "$status" -eq 0 ]
}

@test "waits for an agent that starts late" {
  each_shell late_agent
}

stale() {
  agent_starts
  # Answers to processes that are gone, one of them with the number that this one will have: no number is spared.
  for pid in $(seq $((BASHPID + 1)) $((BASHPID + 60))); do
    echo missing >"$shared/wal/answer/$segment.$pid"
  done
  agent_says found &
  wanted "$shell" 60
  [ "$status" -eq 0 ]
}

@test "takes no answer that was there before it asked" {
  each_shell stale
}

unwritable() {
  agent_starts
  echo content >"$BATS_TEST_TMPDIR/volume/$segment"
  target=$BATS_TEST_TMPDIR/nowhere/RECOVERYXLOG
  wanted "$shell" 60
  [ "$status" -eq 255 ]
}

@test "ends with 255 where the file cannot be put in its place" {
  each_shell unwritable
}
