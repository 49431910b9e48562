#!/bin/bash
# Makes the cluster on first start, then becomes the server, as user postgres.
set -euo pipefail

if [ "$(id -u)" = 0 ]; then
  install -d -o postgres -g postgres -m 0700 "$PGDATA"
  chown -R postgres:postgres "$PGDATA"
  exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
fi

if [ "$1" = postgres ] && [ ! -s "$PGDATA/PG_VERSION" ]; then
  : "${POSTGRES_PASSWORD:?POSTGRES_PASSWORD must be set to make a new database}"
  user="${POSTGRES_USER:-postgres}"
  name="${POSTGRES_DB:-$user}"
  initdb --pgdata "$PGDATA" --username "$user" --pwfile <(printf '%s' "$POSTGRES_PASSWORD") \
    --encoding UTF8 --locale C.UTF-8 --auth-local trust --auth-host scram-sha-256 >/dev/null
  {
    echo "host all all all scram-sha-256"
  } >>"$PGDATA/pg_hba.conf"
  echo "listen_addresses = '*'" >>"$PGDATA/postgresql.conf"
  # Only over the socket while the database is made: nobody can connect too early.
  pg_ctl --pgdata "$PGDATA" --wait --silent --options "-c listen_addresses=''" start
  if [ "$name" != postgres ]; then
    createdb --username "$user" --maintenance-db postgres "$name"
  fi
  pg_ctl --pgdata "$PGDATA" --wait --silent --mode fast stop
  echo "PostgreSQL init process complete; ready for start up."
fi

exec "$@"
