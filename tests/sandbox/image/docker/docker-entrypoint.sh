#!/bin/bash
# Waits for the database, migrates, makes the superuser, then starts what it is told to.
set -e
umask 002

cd /opt/netbox/netbox

wait_seconds="${DB_WAIT_TIMEOUT:-3}"
max_waits="${MAX_DB_WAIT_TIME:-30}"
waited=0
while ! ./manage.py showmigrations >/dev/null 2>&1; do
  echo "⏳ Waiting on DB... (${waited}s / ${max_waits}s)"
  sleep "$wait_seconds"
  waited=$((waited + wait_seconds))
  if [ "$waited" -ge "$max_waits" ]; then
    echo "❌ Waited ${max_waits}s or more for the DB to become ready."
    exit 1
  fi
done

if [ "$waited" -gt 0 ]; then
  echo "✅ DB is ready after ${waited}s"
fi

if ! ./manage.py migrate --check >/dev/null 2>&1; then
  echo "⚙️ Applying database migrations"
  ./manage.py migrate --no-input
  echo "⚙️ Removing stale content types"
  ./manage.py remove_stale_contenttypes --no-input
  echo "⚙️ Removing expired user sessions"
  ./manage.py clearsessions
fi

if [ "$SKIP_SUPERUSER" == "true" ]; then
  echo "↩️ Skip creating the superuser"
else
  SUPERUSER_NAME="${SUPERUSER_NAME:-admin}"
  SUPERUSER_EMAIL="${SUPERUSER_EMAIL:-admin@example.com}"
  if [ -z ${SUPERUSER_PASSWORD+x} ]; then
    if [ -f /run/secrets/superuser_password ]; then
      SUPERUSER_PASSWORD="$(</run/secrets/superuser_password)"
    else
      SUPERUSER_PASSWORD=admin
    fi
  fi
  if [ -z ${SUPERUSER_API_TOKEN+x} ]; then
    if [ -f /run/secrets/superuser_api_token ]; then
      SUPERUSER_API_TOKEN="$(</run/secrets/superuser_api_token)"
    else
      SUPERUSER_API_TOKEN=0123456789abcdef0123456789abcdef01234567
    fi
  fi
  export SUPERUSER_NAME SUPERUSER_EMAIL SUPERUSER_PASSWORD SUPERUSER_API_TOKEN
  ./manage.py shell --interface python <<'END'
import os
from django.contrib.auth import get_user_model
from users.models import Token
User = get_user_model()
name = os.environ["SUPERUSER_NAME"]
if not User.objects.filter(username=name):
    user = User.objects.create_superuser(name, os.environ["SUPERUSER_EMAIL"], os.environ["SUPERUSER_PASSWORD"])
    Token.objects.create(user=user, key=os.environ["SUPERUSER_API_TOKEN"])
END
  echo "💡 Superuser Username: ${SUPERUSER_NAME}, E-Mail: ${SUPERUSER_EMAIL}"
fi

echo "✅ Initialisation is done."

exec "$@"
