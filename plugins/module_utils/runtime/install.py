# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inside the image's build: the plugin's metadata and what it depends on, installed by uv where the image has it.

Usage: ``install.py metadata SOURCE OUT DISTRIBUTION``, ``install.py packages FILE``, ``install.py editable OUT ROOT…``.
"""

from __future__ import annotations

import glob
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from email.parser import Parser
from typing import Callable

VENV = "/opt/netbox/venv"
GIVEN_CA = "/opt/netbox-dev/.build/ca.crt"
COMBINED_CA = "/opt/netbox-dev/ca.crt"


def _say(text: str) -> None:
    sys.stdout.write(f"netbox-dev: {text}\n")
    sys.stdout.flush()


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _environment() -> dict[str, str]:
    environment = {
        **os.environ,
        "VIRTUAL_ENV": VENV,
        "UV_LINK_MODE": "copy",
        "SETUPTOOLS_SCM_PRETEND_VERSION": "0.0.0+dev",
    }
    if os.path.exists(GIVEN_CA) and os.path.getsize(GIVEN_CA):
        if not os.path.exists(COMBINED_CA):
            import ssl

            parts = [
                path for path in (ssl.get_default_verify_paths().cafile, GIVEN_CA) if path and os.path.exists(path)
            ]
            with open(COMBINED_CA, "w", encoding="utf-8") as combined:
                for path in parts:
                    with open(path, encoding="utf-8") as part:
                        combined.write(part.read() + "\n")
        environment.update(
            dict.fromkeys(("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"), COMBINED_CA)
        )
    return environment


def _run(command: list[str]) -> None:
    _say(" ".join(command))
    done = subprocess.run(command, env=_environment(), check=False)
    if done.returncode:
        raise SystemExit(done.returncode)


def packages(path: str) -> None:
    """Install the requirements in ``path``, if there are any, into NetBox's environment."""
    with open(path, encoding="utf-8") as stream:
        if not [line for line in stream if line.strip() and not line.startswith("#")]:
            return
    uv = shutil.which("uv")
    if uv:
        _run([uv, "pip", "install", "--no-cache", "-r", path])
    else:
        _run([f"{VENV}/bin/python", "-m", "pip", "install", "--no-cache-dir", "-r", path])


def metadata(source: str, out: str, distribution: str) -> None:
    """Write ``requirements.txt`` and the distribution's metadata directory to ``out``."""
    os.makedirs(out)
    declared: list[str] = []
    if any(os.path.exists(os.path.join(source, name)) for name in ("pyproject.toml", "setup.py", "setup.cfg")):
        wheels = os.path.join(out, "wheel")
        uv = shutil.which("uv")
        if uv:
            _run([uv, "build", "--wheel", "--no-cache", "--python", f"{VENV}/bin/python", "--out-dir", wheels, source])
        else:
            _run([f"{VENV}/bin/python", "-m", "pip", "wheel", "--no-deps", "--no-cache-dir", "-w", wheels, source])
        wheel = glob.glob(os.path.join(wheels, "*.whl"))[0]
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                if re.fullmatch(r"[^/]+\.dist-info/(METADATA|entry_points\.txt|top_level\.txt|WHEEL)", name):
                    archive.extract(name, out)
        shutil.rmtree(wheels)
        info = glob.glob(os.path.join(out, "*.dist-info"))[0]
        with open(os.path.join(info, "METADATA"), encoding="utf-8") as stream:
            headers = Parser().parse(stream, headersonly=True)
        declared = [r for r in headers.get_all("Requires-Dist", []) if "extra ==" not in r and "extra==" not in r]
    listed = os.path.join(source, "requirements.txt")
    if not declared and os.path.exists(listed):
        _say("the metadata declares no dependency: requirements.txt is taken")
        with open(listed, encoding="utf-8") as stream:
            lines = re.sub(r"\\\r?\n", " ", stream.read()).splitlines()
        # Hashes are for pinning a deployment; pip would demand them of every package.
        declared = [re.sub(r"\s(#|--hash).*", "", line).strip() for line in lines if not line.lstrip().startswith("#")]
    kept = []
    for requirement in filter(None, declared):
        match = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", requirement)
        if not match or _normal(match.group()) in ("netbox", _normal(distribution)):
            _say(f"left out of the dependencies: {requirement}")
            continue
        kept.append(requirement)
    with open(os.path.join(out, "requirements.txt"), "w", encoding="utf-8") as stream:
        stream.writelines(f"{line}\n" for line in kept)


def editable(out: str, root: str, *paths: str) -> None:
    """Put the metadata and the path file into site-packages; the code itself is mounted at ``root``."""
    done = subprocess.run(
        [f"{VENV}/bin/python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    site = done.stdout.strip() or sysconfig.get_path("purelib")
    name = "netbox_dev_plugin"
    for info in glob.glob(os.path.join(out, "*.dist-info")):
        target = os.path.join(site, os.path.basename(info))
        shutil.copytree(info, target)
        name = f"__editable__.{os.path.basename(info)[: -len('.dist-info')]}"
        with open(os.path.join(target, "direct_url.json"), "w", encoding="utf-8") as stream:
            json.dump({"url": f"file://{root}", "dir_info": {"editable": True}}, stream)
        with open(os.path.join(target, "INSTALLER"), "w", encoding="utf-8") as stream:
            stream.write("hedgehog.netbox_dev\n")
        record = [f"{os.path.basename(info)}/{f}" for f in sorted(os.listdir(target))] + [f"{name}.pth"]
        with open(os.path.join(target, "RECORD"), "w", encoding="utf-8") as stream:
            stream.writelines(f"{line},,\n" for line in [*record, f"{os.path.basename(info)}/RECORD"])
    with open(os.path.join(site, f"{name}.pth"), "w", encoding="utf-8") as stream:
        stream.writelines(f"{path}\n" for path in paths)


COMMANDS: dict[str, Callable[..., None]] = {"metadata": metadata, "packages": packages, "editable": editable}

if __name__ == "__main__":
    COMMANDS[sys.argv[1]](*sys.argv[2:])
