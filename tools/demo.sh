#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
#
# demo.sh: an engine, the sandbox, and a stack that serves the example plugin. `make demo` calls it.
set -euo pipefail

sandbox=.sandbox
bundle=()
# Behind a proxy that inspects TLS, images are built with the bundle that the machine itself trusts.
if [ -n "${SSL_CERT_FILE:-}" ]; then
    bundle=(--ca-bundle "$SSL_CERT_FILE")
fi

.venv/bin/ansible-playbook playbooks/docker_host.yml
.venv/bin/python tests/sandbox/build.py --out "$sandbox" "${bundle[@]}"

# Written by a program, so that any letter in a path survives; the port that was free the first time is kept.
.venv/bin/python - "$PWD/$sandbox" "${SSL_CERT_FILE:-}" <<'END'
import json, pathlib, socket, sys

def free(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0

sandbox, bundle = sys.argv[1:]
path = pathlib.Path(sandbox, "vars.json")
values = json.loads(path.read_text()) if path.exists() else {}
values.setdefault("netbox_dev_port", next(port for port in range(8000, 8100) if free(port)))
values.update(plugin_path=f"{sandbox}/plugin", netbox_dev_netbox_docker_url=f"{sandbox}/netbox-docker.git-source")
if bundle:
    values["netbox_dev_ca_bundle"] = bundle
path.write_text(json.dumps(values))
END

exec .venv/bin/ansible-playbook dev-setup.yml -e "@$sandbox/vars.json" \
    -e '{"dev_setup_apply": ".venv/bin/ansible-playbook apply-change.yml"}'
