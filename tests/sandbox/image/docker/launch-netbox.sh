#!/bin/bash
# The place of NGINX Unit: a production server that caches templates and never reloads by itself.
set -e
cd /opt/netbox/netbox
exec /opt/netbox/venv/bin/gunicorn --chdir /opt/netbox --bind 0.0.0.0:8080 --workers "${GUNICORN_WORKERS:-2}" \
  --pythonpath /opt/netbox/netbox,/opt/netbox --worker-tmp-dir /dev/shm --access-logfile - static_server:application
