#!/bin/sh
# Everything runs as user valkey, also a shell around the server.
set -e

if [ "$(id -u)" = 0 ]; then
  chown valkey:valkey /data
  exec setpriv --reuid=valkey --regid=valkey --init-groups "$0" "$@"
fi

exec "$@"
