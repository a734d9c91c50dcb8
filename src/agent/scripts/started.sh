#!/bin/sh
# startupProbe of the server: is it on its way or up?
#
# Runs     in the server's container, by the kubelet:  sh /pgusher/bin/started.sh PORT
# Reads    nothing else
# Exit     0 when pg_isready says 0 (accepting) or 1 (starting, recovering: a long replay must not be killed); else 1
# Safe at any time; writes nothing.
# Not -e: the status of pg_isready is what is asked for.
set -u

pg_isready -q -h 127.0.0.1 -p "$1"
[ $? -le 1 ]
