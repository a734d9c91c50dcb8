#!/bin/sh
# `pgusher-agent session`: several commands to the agent of this pod over one connection, for `pgusher promote` and `pgusher rebuild`.
#
# Runs     in the agent's container, by exec:  sh session.sh FOLDER PROGRAM [ARGUMENT ...]
# Takes    $1 the folder of src/agent/command-service.ts; then what answers the lines where the running agent does not within a second (it
#          starts, or is at a loss), and from then on all of them
# Input    lines of JSON, each the words of a command: ["follow","orders-1","2"]
# Output   one line of JSON for each: {"code":0,"out":"…","error":"…"}
# Exit     0 at the end of its input, behind the command that runs then; else that of PROGRAM, or 1: it cannot print
# Safe to run twice: yes, also at once.
#
# A shell and not the agent's own program: that takes a tenth of a second to start, more where the machine is busy, and 40 MB beside a
# base backup that is being made.
set -eu
# The agent reads what root writes, where the container starts as root.
umask 022

folder=$1
shift
session=$(mktemp -u XXXXXXXXXX)
number=0

# $1 the line. Fails where the running agent does not take it; what it has taken, nobody else does.
ask() {
  number=$((number + 1))
  name=$session.$number
  written=$folder/.$name
  answer=$folder/answer/$name
  # -C: never through a link that somebody else has put there.
  (set -C && printf '%s\n' "$1" >"$written") 2>/dev/null || return 1
  mv "$written" "$folder/request/$name" 2>/dev/null || return 1
  # Hundredths of a second.
  waited=0
  until [ -e "$answer" ]; do
    sleep 0.01
    waited=$((waited + 1))
    if [ "$waited" -eq 100 ] && mv "$folder/request/$name" "$written" 2>/dev/null; then
      rm -f "$written"
      return 1
    fi
    # A promotion is given up after two minutes, and nothing takes longer.
    if [ "$waited" -eq 30000 ]; then
      printf '{"code":1,"out":"","error":"pgusher-agent has taken the command and says nothing"}\n'
      return 0
    fi
  done
  cat "$answer"
  rm -f "$answer"
}

while IFS= read -r line; do
  if ! ask "$line"; then
    { printf '%s\n' "$line" && cat; } | "$@"
    exit
  fi
done
