# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a machine has and lacks of an engine, Compose v2 and the packages that our modules import. Only reads."""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import apt

LOCAL_SOCKETS = ("unix:///var/run/docker.sock", "unix:///run/docker.sock")
# Importable name: (name for pip, Debian's package).
PYTHON_PACKAGES = {
    "docker": ("docker", "python3-docker"),
    "requests": ("requests", "python3-requests"),
    "yaml": ("PyYAML", "python3-yaml"),
}
COMPOSE_PACKAGES = ("docker-compose-v2", "docker-compose-plugin", "docker-compose")
# From Debian 13 on, the command line is a package of its own.
ENGINE_PACKAGES = ("docker.io", "docker-cli")
# What a Compose borrowed from a newer Debian is linked against.
BORROWED_NEEDS_LIBC = "2.34"
ANSWER_LIMIT_S = 20.0


@dataclass(frozen=True)
class Found:
    """What is there. Paths and versions are empty strings where there is nothing."""

    client: str = ""
    daemon: str = ""
    engine_version: str = ""
    engine_error: str = ""
    endpoint: str = ""
    is_podman: bool = False
    compose_version: str = ""
    compose_v1: str = ""
    git: str = ""
    python: str = ""
    python_is_system: bool = True
    python_missing: tuple[str, ...] = ()
    system: str = "Linux"
    has_apt: bool = True
    user: str = "root"


@dataclass(frozen=True)
class Verdict:
    """``needs``: what installing or starting mends, in order, with the reason. ``problem``: what only a person can."""

    needs: dict[str, str] = field(default_factory=dict)
    problem: dict[str, str] | None = None


def version_tuple(text: str) -> tuple[int, ...]:
    """Return the numbers a version starts with: ``5:2.26.1-4`` and ``v2.26.1`` are (2, 26, 1); () for no version."""
    match = re.match(r"(?:\d+:)?v?(\d+(?:\.\d+)*)", text.strip())
    return tuple(int(part) for part in match[1].split(".")) if match else ()


def at_least(version: str, wanted: str) -> bool:
    """Return whether a version is known and not older than the wanted one."""
    return bool(version_tuple(version)) and version_tuple(version) >= version_tuple(wanted)


def judge(found: Found, min_engine: str, min_compose: str) -> Verdict:
    """Return what is to be done on a machine where this was found."""
    needs: dict[str, str] = {}
    problem = None
    if not found.engine_version:
        problem = _judge_silence(found, needs)
    elif not at_least(found.engine_version, min_engine):
        problem = _problem(
            "engine_too_old",
            f"The Docker engine is {found.engine_version}; {min_engine} or newer is needed.",
            "Upgrade it the way it was installed: an engine that is there is never replaced by this role.",
        )
    if not at_least(found.compose_version, min_compose):
        if found.compose_version:
            needs["compose"] = f"Compose is {found.compose_version}; {min_compose} or newer is needed"
        else:
            needs["compose"] = "Compose v2 (`docker compose`) is missing"
        if found.compose_v1 and not found.compose_version:
            problem = problem or _problem(
                "compose_v1",
                f"Only the old Compose v1 is here ({found.compose_v1}); Compose {min_compose} or newer is needed.",
                "Remove the old one (Debian's package: `apt-get remove docker-compose`) and run this again, which "
                "installs Compose v2; or install the plugin yourself (docker-compose-v2 or docker-compose-plugin).",
            )
    missing = list(() if found.git else ("git",))
    if found.python_missing and not found.python_is_system:
        wanted = " ".join(PYTHON_PACKAGES[name][0] for name in found.python_missing)
        problem = problem or _problem(
            "python_packages",
            f"{found.python}, which runs the modules here, lacks {', '.join(found.python_missing)}.",
            f"Install them there: {found.python} -m pip install {wanted}",
        )
    else:
        missing += found.python_missing
    if missing:
        needs["packages"] = f"missing: {', '.join(missing)}"
    if not problem and set(needs) - {"start"} and not found.has_apt:
        problem = _problem(
            "unsupported_system",
            f"This machine has no apt, so nothing can be installed for it; {'; '.join(needs.values())}.",
            f"Install Docker {min_engine} and Compose {min_compose} or newer, as the system's documentation says.",
        )
    return Verdict(needs, problem)


def _judge_silence(found: Found, needs: dict[str, str]) -> dict[str, str] | None:
    """Say why no engine answers: add to ``needs`` what mends it, or return the problem."""
    if found.is_podman:
        return _problem(
            "podman",
            f"{found.client} is Podman's imitation of Docker's command; the stack needs a Docker engine.",
            "Remove the imitation (package podman-docker) and run this again.",
        )
    if "permission denied" in found.engine_error.lower():
        return _problem(
            "permission",
            f"The Docker engine is there, but {found.user} may not use it: {found.engine_error}",
            f"Add the user to the group docker, then log in anew: sudo usermod -aG docker {found.user}",
        )
    if found.client and found.endpoint and found.endpoint not in LOCAL_SOCKETS:
        return _problem(
            "unreachable",
            f"No Docker engine answers at {found.endpoint}: {found.engine_error}",
            "Start it there, or go back to this machine's own: `unset DOCKER_HOST` or `docker context use default`.",
        )
    if found.system != "Linux":
        return _problem(
            "unsupported_system",
            f"No Docker engine answers here ({found.system}): {found.engine_error or 'there is no docker command'}",
            "Install and start Docker Desktop (or another engine) and run this again.",
        )
    if not found.client or not found.daemon:
        needs["engine"] = "no Docker engine is installed"
    needs["start"] = "the Docker engine is not running"
    return None


def _problem(code: str, message: str, remedy: str) -> dict[str, str]:
    return {"code": code, "message": message, "remedy": remedy}


def _say(command: Sequence[str], environment: Mapping[str, str] | None = None) -> tuple[int, str, str]:
    """Run a command that only reads; return (status, stdout, stderr). A missing command is 127, silence is 124."""
    try:
        done = subprocess.run(
            list(command),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=None if environment is None else dict(environment),
            timeout=ANSWER_LIMIT_S,
            check=False,
        )
    except OSError as error:
        return 127, "", str(error)
    except subprocess.TimeoutExpired:
        return 124, "", f"`{' '.join(command)}` did not answer within {ANSWER_LIMIT_S:.0f} s"
    return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace").strip()


def _which(name: str) -> str:
    """Find a command, also where a user without administrator's rights does not look."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin"])
    return shutil.which(name, path=path) or ""


def _engine(client: str) -> dict[str, Any]:
    """Ask the engine for its version; where it does not answer, find out which engine was asked."""
    status, out, err = _say([client, "version", "--format", "{{json .}}"])
    try:
        answer = json.loads(out)
    except ValueError:
        answer = {}
    server = (answer.get("Server") or {}) if isinstance(answer, dict) else {}
    said = f"{out}\n{err}".lower()
    found: dict[str, Any] = {"is_podman": "podman" in said, "engine_version": str(server.get("Version") or "")}
    if found["is_podman"]:
        found["engine_version"] = ""
    if not found["engine_version"]:
        found["engine_error"] = " ".join((err or f"`{client} version` ended with {status}").split())
        endpoint = os.environ.get("DOCKER_HOST", "")
        if not endpoint:
            endpoint = _say([client, "context", "inspect", "--format", "{{.Endpoints.docker.Host}}"])[1].strip()
        found["endpoint"] = endpoint
    return found


def _compose(client: str) -> dict[str, Any]:
    """Return the version of ``docker compose``, or else of an old ``docker-compose``."""
    if client:
        status, out, _err = _say([client, "compose", "version", "--short"])
        if status == 0 and version_tuple(out):
            return {"compose_version": out.strip()}
    legacy = _which("docker-compose")
    if legacy:
        out = _say([legacy, "version", "--short"])[1]
        if version_tuple(out)[:1] == (1,):
            return {"compose_v1": f"{out.strip()}, {legacy}"}
    return {}


def _importable(name: str) -> bool:
    spec = importlib.util.find_spec(name)
    # A folder of that name somewhere on the path is no package.
    return spec is not None and spec.origin is not None


def look(user: str) -> Found:
    """Look at this machine as the user that modules run as."""
    client = _which("docker")
    return Found(
        client=client,
        daemon=_which("dockerd"),
        git=_which("git"),
        python=sys.executable,
        python_is_system=sys.prefix == "/usr",
        python_missing=tuple(name for name in sorted(PYTHON_PACKAGES) if not _importable(name)),
        system=platform.system(),
        has_apt=bool(_which("apt-get")),
        user=user,
        **(_engine(client) if client else {}),
        **_compose(client),
    )


def init_system(root: Path = Path("/")) -> str:
    """Return what starts services here: ``systemd``, ``sysvinit`` (the package's script) or ``none``."""
    if (root / "run/systemd/system").is_dir():
        return "systemd"
    return "sysvinit" if os.access(root / "etc/init.d/docker", os.X_OK) else "none"


def _os_release(path: Path = Path("/etc/os-release")) -> dict[str, str]:
    if not path.is_file():
        return {}
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return {key: value.strip("\"'") for key, _sep, value in (line.partition("=") for line in lines) if value}


def installable(min_compose: str, borrow_suite: str) -> dict[str, Any]:
    """Return what apt can give: ``engine`` (packages), ``compose`` (``name=version``), ``borrowed_source`` (deb822).

    Each is empty where apt has none. A source is borrowed when this Debian has no Compose that is new enough, and a
    newer release's can run on it.
    """
    known = apt.candidates([*ENGINE_PACKAGES, *COMPOSE_PACKAGES])
    compose = next(
        (f"{name}={known[name]}" for name in COMPOSE_PACKAGES if at_least(known.get(name, ""), min_compose)), ""
    )
    borrowed = ""
    if not compose and borrow_suite:
        release = _os_release()
        libc = platform.libc_ver()[1]
        if release.get("ID") == "debian" and at_least(libc, BORROWED_NEEDS_LIBC):
            borrowed = apt.borrow(apt.read_sources(), release.get("VERSION_CODENAME", ""), borrow_suite)
    engine = [name for name in ENGINE_PACKAGES if name in known]
    return {
        "engine": [*engine, *_companions()] if engine else [],
        "compose": compose,
        "borrowed_source": borrowed,
    }


def _companions() -> list[str]:
    """Return what the engine's package only recommends, and containers here cannot do without."""
    enabled = Path("/sys/module/apparmor/parameters/enabled")
    confined = enabled.is_file() and enabled.read_text(encoding="ascii", errors="replace").startswith("Y")
    return ["ca-certificates", *(["apparmor"] if confined else [])]


def node_packages(found: Found) -> list[str]:
    """Return Debian's packages for what is missing beside the engine."""
    missing: Iterable[str] = found.python_missing if found.python_is_system else ()
    return [*([] if found.git else ["git"]), *(PYTHON_PACKAGES[name][1] for name in missing)]
