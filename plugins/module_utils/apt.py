# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""What apt knows on this machine: its sources, and the versions it would install. Only reads."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

_ONE_LINE = re.compile(r"^(?P<types>deb|deb-src)\s+(?:\[(?P<options>[^\]]*)\]\s+)?(?P<uri>\S+)\s+(?P<rest>\S.*)$")


@dataclass(frozen=True)
class Source:
    """One source of packages. ``signed_by`` is apt's Signed-By: paths, fingerprints or, over several lines, a key."""

    uris: tuple[str, ...]
    suites: tuple[str, ...]
    components: tuple[str, ...]
    signed_by: str = ""
    trusted: str = ""


def _stanzas(text: str) -> Iterator[dict[str, str]]:
    """Yield the fields of each deb822 stanza, names in lower case, continuation lines kept."""
    fields: dict[str, str] = {}
    name = ""
    for line in [*text.splitlines(), ""]:
        if line.startswith("#"):
            continue
        if not line.strip():
            if fields:
                yield fields
            fields, name = {}, ""
        elif line[0] in " \t" and name:
            fields[name] += f"\n{line}"
        elif ":" in line:
            name, value = line.split(":", 1)
            name = name.strip().lower()
            fields[name] = value.strip()


def parse_deb822(text: str) -> list[Source]:
    """Return the enabled sources of binary packages in a ``.sources`` file."""
    found = []
    for fields in _stanzas(text):
        if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes").lower() in ("no", "false", "0"):
            continue
        uris, suites, components = (tuple(fields.get(key, "").split()) for key in ("uris", "suites", "components"))
        if uris and suites:
            found.append(
                Source(uris, suites, components, fields.get("signed-by", ""), fields.get("trusted", "")),
            )
    return found


def parse_one_line(text: str) -> list[Source]:
    """Return the sources of binary packages in a ``.list`` file."""
    found = []
    for line in text.splitlines():
        match = _ONE_LINE.match(line.split("#", 1)[0].strip())
        if match is None or match["types"] != "deb":
            continue
        options = dict(part.split("=", 1) for part in (match["options"] or "").split() if "=" in part)
        suite, *components = match["rest"].split()
        signed_by = options.get("signed-by", "").replace(",", " ")
        found.append(Source((match["uri"],), (suite,), tuple(components), signed_by, options.get("trusted", "")))
    return found


def read_sources(etc_apt: Path = Path("/etc/apt")) -> list[Source]:
    """Return the machine's sources in the order in which apt reads them."""
    found: list[Source] = []
    for path in [etc_apt / "sources.list", *sorted((etc_apt / "sources.list.d").glob("*"))]:
        parse = {".list": parse_one_line, ".sources": parse_deb822}.get(path.suffix)
        if parse is not None and path.is_file():
            found += parse(path.read_text(encoding="utf-8", errors="replace"))
    return found


def borrow(sources: Iterable[Source], codename: str, suite: str) -> str:
    """Return a deb822 source for ``suite`` at the mirror that gives ``codename``; empty where none gives it."""
    for source in sources:
        if codename not in source.suites or "main" not in source.components:
            continue
        lines = ["Types: deb", f"URIs: {' '.join(source.uris)}", f"Suites: {suite}", "Components: main"]
        lines += [
            f"{name}: {value}"
            for name, value in (("Signed-By", source.signed_by), ("Trusted", source.trusted))
            if value
        ]
        return "\n".join(lines) + "\n"
    return ""


def parse_policy(text: str) -> dict[str, str]:
    """Return ``{package: candidate version}`` from what ``apt-cache policy`` prints, without those that have none."""
    found = {}
    name = ""
    for line in text.splitlines():
        if line and not line[0].isspace() and line.endswith(":"):
            name = line[:-1]
        candidate = re.match(r"\s+Candidate:\s+(\S+)", line)
        if candidate and candidate[1] != "(none)":
            found[name] = candidate[1]
    return found


def candidates(packages: Iterable[str], timeout_s: float = 60) -> dict[str, str]:
    """Return ``{package: version that apt would install}``, from apt's lists as they are."""
    done = subprocess.run(
        ["apt-cache", "policy", *packages],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "LC_ALL": "C"},
        timeout=timeout_s,
        check=False,
    )
    return parse_policy(done.stdout.decode("utf-8", "replace"))
