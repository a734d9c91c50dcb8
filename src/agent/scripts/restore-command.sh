#!/bin/sh
# restore_command of the server: asks pgusher-agent for one file of WAL and moves it to where PostgreSQL wants it.
#
# Runs     in the server's container, by the startup process, once per file:  sh /pgusher/bin/restore-command.sh %f %p
# Takes    $1 name of the file (segment or timeline history), $2 where to put it, $3 seconds of patience (300), $4 "standby" where the server
#          is one
# Reads    no environment. The folder of requests is ../wal beside this file.
# Exit     0    the file is at $2, complete
#          1    proven: the store answers, is the right one, and its WAL ends before this file
#          255  anything else. PostgreSQL takes 1 to 125 for "end of the archive" and would start with rows missing;
#               255 stops it, and the next start tries again.
#          A standby exits 1 in the place of 255: it never starts with rows missing, asks again for ever, and serves reads meanwhile. Nor
#          does it wait for an agent that is not there, or that has a reason: it could stream, or be promoted. The agent says the reason.
# Safe to run twice: yes. What an earlier run left behind is never taken for an answer to this one.
#
# Needs nothing but a POSIX shell with mv, rm and sleep: it runs in images of every kind. A segment that the agent has
# ready costs one mv; the agent decompresses the next ones meanwhile.
# Not -e: a command that fails would end this with its own status, and PostgreSQL would take that for the end of the archive.
set -u

name=$1
target=$2
patience=${3:-300}
mode=${4:-}
wal=${0%/*}/../wal
answer=$wal/answer/$name.$$
reason='pgusher-agent does not answer (is the container pgusher-backup running?)'

fail() {
  printf 'pgusher restore-command: %s: %s\n' "$name" "$1" >&2
  [ "$mode" != standby ] || exit 1
  exit 255
}

# Hundredths of a second waited so far. Fractions of a second where sleep knows them, and not for long.
waited=0
pause() {
  if [ "$waited" -lt 200 ] && sleep 0.01 2>/dev/null; then
    waited=$((waited + 1))
  else
    sleep 1
    waited=$((waited + 100))
  fi
  [ "$waited" -lt $((patience * 100)) ] || fail "$reason"
}

# The name of the file is the question. In a subshell: a redirection that fails may end the shell.
ask() {
  (printf '' >"$wal/request/$name.$$") 2>/dev/null
}

# $1 what is offered, on the same file system as PGDATA: a rename, whole or not at all.
take() {
  mv -f "$1" "$target" || fail "cannot be moved to $target"
  exit 0
}

# Two seconds are enough for an agent that is there.
is_late() {
  [ "$mode" = standby ] && [ "$waited" -ge 200 ]
}

until (printf '' >"$answer") 2>/dev/null && ask; do
  ! is_late || fail "$reason"
  pause
done

while :; do
  [ -f "$wal/offered/$name" ] && take "$wal/offered/$name"
  if [ -s "$answer" ]; then
    IFS= read -r said <"$answer"
    rm -f "$answer"
    case $said in
      found) take "$wal/offered/$name.$$" ;;
      missing) exit 1 ;;
      # What this server would become at the end of its recovery must not be.
      stop:*) fail "${said#stop: }" ;;
    esac
    [ "$mode" != standby ] || exit 1
    reason=$said
    printf 'pgusher restore-command: %s: %s; trying again\n' "$name" "$reason" >&2
    # Whatever it is, it needs time.
    waited=$((waited + 200))
  fi
  pause
  if is_late; then
    # What it has taken it answers: nothing else is asked of it meanwhile. It may have been started anew, and then it knows of nothing.
    [ ! -e "$wal/request/$name.$$" ] || fail "$reason"
    [ -e "$answer" ] || fail "$reason"
    continue
  fi
  # The agent may have been started anew, and then it knows of nothing.
  [ "$waited" -lt 200 ] || ask
done
