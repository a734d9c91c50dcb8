#!/usr/bin/env bash
# Stand-in for the official image's script of that name: only the initialisation, then exit 0.
#
# Runs     in a test's root directory, as root or as any uid, with the server's arguments
# Reads    what docker-entrypoint.sh beside it reads
# Exit     0 there is a database; else of what failed
set -Eeo pipefail
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/docker-entrypoint.sh"

if [ "${1:-}" != postgres ]; then
  set -- postgres "$@"
fi
docker_setup_env
docker_create_db_directories
if [ "$(id -u)" = 0 ]; then
  exec gosu postgres "${BASH_SOURCE[0]}" "$@"
fi
if [ -z "$DATABASE_ALREADY_EXISTS" ]; then
  _initialise "$@"
fi
