#!/bin/sh
# Stands before initdb in a test's image and makes it quick: what PostgreSQL's own made once with the same arguments is copied, as the
# tests of PostgreSQL do (INITDB_TEMPLATE, src/test/perl/PostgreSQL/Test/Cluster.pm). The password, where there is one, is the same each time.
#
# Runs     as /usr/local/bin/initdb, with the arguments of initdb
# Reads    PGDATA; POSTGRES_PASSWORD, whether it is empty; IMAGE_TEMPLATES: /templates has the copies; without, it is PostgreSQL's own
# Exit     of initdb; whatever is not plain (a directory that is not empty) is left to PostgreSQL's own
# Safe to run twice: as initdb is; also at the same time.
set -eu

for program in /usr/lib/postgresql/*/bin/initdb; do :; done
[ -n "${IMAGE_TEMPLATES:-}" ] || exec "$program" "$@"

data=${PGDATA:-}
wal=
kind=$program
group=
before=
for argument; do
  case $before in
    -D) data=$argument ;;
    --waldir) wal=$argument ;;
    *)
      case $argument in
        -D | --waldir | --pwfile=*) ;;
        *) kind="$kind $argument" ;;
      esac
      ;;
  esac
  case $argument in
    --allow-group-access) group=rX ;;
  esac
  case $before in
    -D | --waldir) before= ;;
    *) before=$argument ;;
  esac
done
[ -n "${POSTGRES_PASSWORD:-}" ] || kind="$kind without a password"
template=/templates/$(printf '%s' "$kind" | cksum | tr ' ' -)

is_empty() {
  [ -z "$(ls -A "$1" 2>/dev/null)" ]
}

if [ ! -d "$template" ]; then
  "$program" "$@"
  # Readable for every user.
  own=$(mktemp -d /templates/new.XXXXXX)
  cp -RL "$data/." "$own/"
  chmod -R a+rX "$own"
  mv -T "$own" "$template" 2>/dev/null || rm -rf "$own"
  exit 0
fi
if ! is_empty "$data" || { [ -n "$wal" ] && ! is_empty "$wal"; }; then
  exec "$program" "$@"
fi
# In initdb's order, for a start that is killed on the way: the link before there is WAL, the first segment, pg_control, the others.
mkdir -p "$data"
mode="u=rwX,g=$group,o="
if [ -n "$wal" ]; then
  mkdir -p "$wal"
  chmod "$mode" "$wal"
  ln -s "$wal" "$data/pg_wal"
else
  mkdir "$data/pg_wal"
fi
first=000000010000000000000001
[ ! -e "$template/pg_wal/$first" ] || cp "$template/pg_wal/$first" "$data/pg_wal/"
for entry in "$template"/*; do
  [ "${entry##*/}" = pg_wal ] || cp -R "$entry" "$data/"
done
for entry in "$template/pg_wal"/*; do
  [ "${entry##*/}" = "$first" ] || cp -R "$entry" "$data/pg_wal/"
done
chmod -R "$mode" "$data" ${wal:+"$wal"}
