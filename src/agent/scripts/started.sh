#!/bin/sh
# startupProbe of the server: is it on its way or up?
#
# Runs     in the server's container, by the kubelet:  sh /pgusher/bin/started.sh PORT
# Reads    server-probe.sh beside this file, and what that reads
# Exit     0 when pg_isready says 0 (accepting) or 1 (starting, recovering: a long replay must not be killed); else 1.
#          It is not asked where postmaster.pid has the answer.
# Safe at any time; writes nothing.
# Not -e: the status of pg_isready is what is asked for.
set -u

# shellcheck source=src/agent/scripts/server-probe.sh
. "${0%/*}/server-probe.sh"

# With a role and a database that there are: the name of who runs this, root, would be a FATAL line in the server's log at each probe.
answer() {
  look
  case $standing in
  nobody) state=2 ;;
  refusing) state=1 ;;
  esac
  [ "$standing" = open ] || return 1
  state=$(
    pg_isready -q -h 127.0.0.1 -p "$port" -U "$user" -d "$database"
    echo $?
  )
  [ "$state" -eq 0 ]
}

# Waits up to two seconds for a server that accepts, as most do a moment after their start: the kubelet would ask again in two
# seconds, and the first look at readiness comes right behind this.
tries=20
until answer; do
  tries=$((tries - 1))
  if [ "$tries" -eq 0 ]; then
    answer
    [ "$state" -le 1 ]
    exit
  fi
  sleep 0.1 2>/dev/null || sleep 1
done
