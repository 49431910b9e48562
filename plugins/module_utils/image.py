# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""The development image's build context: the Dockerfile and the packaging files that it depends on, nothing else."""

from __future__ import annotations

import ast
import contextlib
import json
import re
import shutil
from pathlib import Path

from .contents import meaning, packaging_files
from .errors import InvalidProject
from .stack import Stack

# The document's tools; the project file adds its own.
TOOLS = ("django-debug-toolbar", "pytest-django", "coverage")
_PROSE = re.compile(r"(README|LICEN[CS]E|AUTHORS)[^/]*", re.IGNORECASE)
_READ_BY_BACKENDS = re.compile(r"(README|LICEN[CS]E|VERSION|CHANGELOG|AUTHORS)[^/]*", re.IGNORECASE)
_CERTIFICATE = re.compile(rb"BEGIN (TRUSTED )?CERTIFICATE")
# A build backend may read the version from one of these.
_VERSION_FILES = ("__init__.py", "version.py", "_version.py", "__version__.py", "__about__.py")

DOCKERFILE = """\
# Written by hedgehog.netbox_dev; edits are lost. What it is built from lies beside it.
ARG BASE_IMAGE
FROM ${BASE_IMAGE} AS metadata
USER root
COPY ca.crt install.py /opt/netbox-dev/.build/
COPY source /opt/netbox-dev/.build/source
RUN /opt/netbox/venv/bin/python /opt/netbox-dev/.build/install.py metadata \\
    /opt/netbox-dev/.build/source /opt/netbox-dev/.build/out @distribution@

FROM ${BASE_IMAGE} AS dependencies
USER root
COPY ca.crt install.py packages.txt /opt/netbox-dev/.build/
RUN /opt/netbox/venv/bin/python /opt/netbox-dev/.build/install.py packages /opt/netbox-dev/.build/packages.txt
COPY --from=metadata /opt/netbox-dev/.build/out/requirements.txt /opt/netbox-dev/.build/
RUN /opt/netbox/venv/bin/python /opt/netbox-dev/.build/install.py packages /opt/netbox-dev/.build/requirements.txt

FROM dependencies AS development
COPY --from=metadata /opt/netbox-dev/.build/out /opt/netbox-dev/.build/out
RUN @editable@
RUN mkdir -p /opt/netbox/netbox/static /opt/netbox-dev/.run \\
 && for folder in static media reports scripts; do \\
      mkdir -p /opt/netbox/netbox/$folder && chgrp -R 0 /opt/netbox/netbox/$folder \\
      && chmod -R g=u /opt/netbox/netbox/$folder && chmod g+w /opt/netbox/netbox/$folder; done
"""


def build_context(stack: Stack, install_script: bytes) -> dict[str, bytes]:
    """Return the context's files, by path relative to it.

    Raises InvalidProject when the CA bundle that was asked for cannot be read or is none, and for a packaging file that
    is a link out of the repository.
    """
    root, plugin = stack.plugin.root, stack.plugin
    ca = b""
    if stack.ca_bundle:
        try:
            ca = stack.ca_bundle.read_bytes()
        except OSError as error:
            raise InvalidProject(f"ca_bundle: '{stack.ca_bundle}' cannot be read: {error}.") from error
        if b"PRIVATE KEY" in ca or not _CERTIFICATE.search(ca):
            # The plugin's own code runs in the build, and sees it.
            raise InvalidProject(
                f"ca_bundle: '{stack.ca_bundle}' is no bundle of certificates alone (PEM, 'BEGIN CERTIFICATE')."
            )
    inner = plugin.package_path.rpartition("/")[0]
    repository = f"/opt/netbox-dev/{plugin.distribution}"
    # A folder's name never reaches a shell: this form of RUN has none.
    editable = [
        *("/opt/netbox/venv/bin/python", "/opt/netbox-dev/.build/install.py", "editable", "/opt/netbox-dev/.build/out"),
        *(repository, "/opt/netbox/netbox", f"{repository}/{inner}" if inner else repository),
    ]
    files = {
        "Dockerfile": DOCKERFILE.replace("@distribution@", plugin.distribution)
        .replace("@editable@", json.dumps(editable))
        .encode(),
        "ca.crt": ca,
        "install.py": install_script,
        "packages.txt": "".join(f"{name}\n" for name in [*TOOLS, *stack.packages]).encode(),
        "source/.keep": b"",
    }
    about = [path.name for path in root.iterdir() if path.is_file() and _READ_BY_BACKENDS.fullmatch(path.name)]
    for name in sorted([*packaging_files(root), *about]):
        files[f"source/{name}"] = _read(root, name)
    # With the version declared, nothing of the package itself is asked: its edits build nothing.
    if _version_is_declared(root):
        files[f"source/{plugin.package_path}/__init__.py"] = b""
        return files
    for name in _VERSION_FILES:
        if (plugin.package_dir / name).is_file():
            files[f"source/{plugin.package_path}/{name}"] = _read(root, f"{plugin.package_path}/{name}")
    return files


def _read(root: Path, name: str) -> bytes:
    """A file of the repository. The plugin's own code runs in the build: nothing else of the node's is shown to it."""
    path = (root / name).resolve()
    if root.resolve() not in path.parents:
        raise InvalidProject(
            f"'{name}' is a link to '{path}', out of the repository. The image is built from it: put the file itself "
            "there, or remove the link.",
            path=name,
        )
    return path.read_bytes()


def _version_is_declared(root: Path) -> bool:
    try:
        text = (root / "pyproject.toml").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    project = re.search(r"^\[project\]\s*$(.*?)(?=^\[|\Z)", text, re.M | re.S)
    declared = project is not None and re.search(r"^version\s*=", project.group(1), re.M) is not None
    # flit asks the module for its description too.
    return declared and "flit" not in text and not (root / "setup.py").exists()


def _same(name: str, present: Path, content: bytes, versioned: bool) -> bool:
    """Whether a build would read the same: what only other tools read builds nothing anew."""
    before = present.read_bytes()
    if name.startswith("source/") and _PROSE.fullmatch(name.rsplit("/", 1)[-1]):
        # A backend wants it to be there; what it says is for readers.
        return True
    if name.startswith("source/") and name.endswith(".py") and name != "source/setup.py":
        with contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError):
            return ast.dump(ast.parse(before)) == ast.dump(ast.parse(content))
    inner = name[len("source/") :] if name.startswith("source/") else None
    return before == content or (
        inner is not None and meaning(inner, before, versioned) == meaning(inner, content, versioned)
    )


def write_context(directory: Path, files: dict[str, bytes], check: bool, versioned: bool = True) -> list[str]:
    """Make ``directory`` hold exactly ``files``; return the relative paths that differ.

    A packaging file that says the same to a build stays as it is; without ``versioned``, whatever its version is.
    """
    present = (
        {p.relative_to(directory).as_posix(): p for p in directory.rglob("*") if p.is_file()}
        if directory.is_dir()
        else {}
    )
    differing = [
        name
        for name, content in files.items()
        if name not in present or not _same(name, present[name], content, versioned)
    ]
    superfluous = sorted(present.keys() - files.keys())
    if check:
        return differing + superfluous
    for name in superfluous:
        present[name].unlink()
    for name in differing:
        path = directory / name
        if path.is_dir():
            shutil.rmtree(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(files[name])
    return differing + superfluous
