#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # Names with a dollar are the point; bats sets $status and $stderr.
# session.sh alone, under dash and busybox, with the agent's side of the files played by the test. With the real agent:
# test/postgres/promote.test.ts.

bats_require_minimum_version 1.5.0

setup() {
  script=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)/src/agent/scripts/session.sh
  folder=$BATS_TEST_TMPDIR/commands
}

agent_starts() {
  rm -rf "$folder"
  mkdir -p "$folder/answer" "$folder/request"
}

# agent_answers COUNT: with the request itself, as the running agent does; beside the script.
agent_answers() {
  local left=$1 request
  while [ "$left" -gt 0 ]; do
    for request in "$folder/request/"*; do
      [ -e "$request" ] || continue
      mv "$request" "$folder/.taken"
      mv "$folder/.taken" "$folder/answer/${request##*/}"
      left=$((left - 1))
    done
    sleep 0.01
  done
}

each_shell() {
  for shell in dash 'busybox sh'; do
    agent_starts
    "$@"
    # Nothing is left of it.
    [ ! -d "$folder" ] || [ -z "$(find "$folder" -type f)" ]
  done
}

# asks LINES: each answered by the program `other` where the agent does not.
asks() {
  # shellcheck disable=SC2086 # busybox sh is two words.
  run --separate-stderr sh -c 'printf "$1" | timeout 20 $2 "$3" "$4" sed "s/^/other: /"' - "$1" "$shell" "$script" "$folder"
}

goes_to_the_agent() {
  agent_answers 3 &
  asks '["position"]\n["a b","\\\\n"]\n["promote"]\n'
  wait
  [ "$status" -eq 0 ]
  [ "$output" = "$(printf '["position"]\n["a b","\\\\n"]\n["promote"]')" ]
}

@test "the running agent answers, one line after the other" {
  each_shell goes_to_the_agent
}

goes_elsewhere() {
  asks '["position"]\n["promote"]\n'
  [ "$status" -eq 0 ]
  [ "$output" = "$(printf 'other: ["position"]\nother: ["promote"]')" ]
}

@test "an agent that takes nothing within a second is not waited for, and takes nothing later" {
  each_shell goes_elsewhere
}

without_folder() {
  rm -rf "$folder"
  goes_elsewhere
}

@test "no agent that ever served" {
  each_shell without_folder
}

half_way() {
  agent_answers 1 &
  asks '["position"]\n["promote"]\n'
  wait
  [ "$output" = "$(printf '["position"]\nother: ["promote"]')" ]
}

@test "an agent that is gone after the first line" {
  each_shell half_way
}

exit_code() {
  run sh -c 'printf "a\n" | $1 "$2" "$3" sh -c "cat >/dev/null; exit 7"' - "$shell" "$script" "$folder"
  [ "$status" -eq 7 ]
}

@test "ends as the other program ends, and with its input" {
  each_shell exit_code
  asks ''
  [ "$status" -eq 0 ]
  [ "$output" = '' ]
}
