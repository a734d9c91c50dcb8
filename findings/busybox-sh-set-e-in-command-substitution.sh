#!/bin/sh
# In `$(...)` the sh of busybox forgets `set -e`, as bash does and dash does not: one script stops on Debian and goes on on Alpine.
#
# Packages:  dash 0.5.12 and busybox 1.35.0 (Debian 12); bash 5.2 beside them.
# Guess:     only bash does that, and its manual says so (not when it is called sh). The sh of busybox is an ash as dash is, and POSIX gives a
#            subshell the settings of its parent: what fails in `$(...)` ends it, and the assignment ends the script.
# Seen:      `value=$(false; echo made)` ends a script with `set -e` in dash and in `bash --posix`; busybox goes on with the value "made".
#            A function that is called in `$(...)` so runs on behind its failed steps, and hands on what the last one printed. Only a `set -e`
#            within the parentheses stops it there.
# So:        what is called in `$(...)` in a script for both kinds of image says `|| return` behind each step that may fail, or is one command.
#
# Runs where:  with dash, busybox and bash, in a folder of its own.
# Exit codes:  0 as said; 1 otherwise.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat >assigned <<'SH'
set -e
value=$(false; echo made)
echo "goes on with $value"
SH
cat >function <<'SH'
set -e
size_of() { cat no-such-file 2>/dev/null; echo 0; }
value=$(size_of)
echo "goes on with $value"
SH
cat >said-again <<'SH'
set -e
value=$(set -e; false; echo made)
echo "goes on with $value"
SH
cat >subshell <<'SH'
set -e
(false; echo made)
echo "goes on"
SH

for script in assigned function said-again subshell; do
  for shell in dash 'busybox sh' 'bash --posix' bash; do
    # shellcheck disable=SC2086 # the shell and its argument
    printf '%s, %s: %s\n' "$script" "$shell" "$($shell "$script" || echo stops)"
  done
done | tee seen

cat >wanted <<'WANTED'
assigned, dash: stops
assigned, busybox sh: goes on with made
assigned, bash --posix: stops
assigned, bash: goes on with made
function, dash: stops
function, busybox sh: goes on with 0
function, bash --posix: stops
function, bash: goes on with 0
said-again, dash: stops
said-again, busybox sh: stops
said-again, bash --posix: stops
said-again, bash: stops
subshell, dash: stops
subshell, busybox sh: stops
subshell, bash --posix: stops
subshell, bash: stops
WANTED
cmp seen wanted
