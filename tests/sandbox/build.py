#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""Builds the sandbox: images, a stand-in netbox-docker repository and the example plugin's repository.

Needs root, Docker, git and apt (Debian). What is up to date is left alone: every image has a label with the hash of
what it was made from.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

HERE = Path(__file__).resolve().parent
LABEL = "netbox-dev-sandbox.inputs"
REGISTRY = "localhost/netbox-dev-sandbox"
BASE_IMAGE = f"{REGISTRY}/base:trixie"
SUITE = "trixie"
PACKAGES = [
    "ca-certificates",
    "curl",
    "git",
    "openssl",
    "postgresql-17",
    "procps",
    "python3",
    "python3-venv",
    "tini",
    "tzdata",
    "valkey-server",
]
# Documentation and translations are a fifth of the image and serve nobody here.
DPKG_OPTIONS = ("path-exclude=/usr/share/doc/*", "path-exclude=/usr/share/man/*", "path-exclude=/usr/share/locale/*")
RECIPE = json.dumps([SUITE, PACKAGES, DPKG_OPTIONS, 1])
DEBIAN_SUITES = {"stable", "oldstable", "testing", "bullseye", "bookworm", "trixie", "forky"}
GIT_DATE = "2025-06-05T12:00:00+0000"
NETBOX_DOCKER_TAGS = {
    "3.2.0": {
        "VERSION-v4.3-3.3.0": "VERSION-v4.2-3.2.0",
        "valkey:8.1": "valkey:8.0",
        "3.3.0": "3.2.0",
    },
    "3.3.0": {},
}


class BuildError(Exception):
    """A step failed; the message says which and why."""


@dataclass(frozen=True)
class Image:
    """One image: its tag, its Dockerfile and what goes into its context, by place there."""

    tag: str
    dockerfile: str
    files: dict[str, Path]

    def inputs(self) -> str:
        paths = [HERE / "image" / self.dockerfile, *self.files.values()]
        return digest([RECIPE.encode(), *(chunk for path in paths for chunk in contents(path))])


IMAGES = (
    Image(
        f"{REGISTRY}/netbox:v4.3-3.3.0",
        "Dockerfile.netbox",
        {
            "requirements.txt": HERE / "image/requirements.txt",
            "docker": HERE / "image/docker",
            "netbox": HERE / "image/netbox",
            "configuration": HERE / "netbox-docker/configuration",
        },
    ),
    Image(f"{REGISTRY}/postgres:17", "Dockerfile.postgres", {"docker-postgres": HERE / "image/docker-postgres"}),
    Image(f"{REGISTRY}/valkey:8.1", "Dockerfile.valkey", {"docker-valkey": HERE / "image/docker-valkey"}),
)


def tree(path: Path) -> Iterator[Path]:
    """The files under `path`, sorted, without what Python leaves behind."""
    if path.is_file():
        yield path
        return
    for child in sorted(path.rglob("*")):
        if child.is_file() and "__pycache__" not in child.parts and child.suffix != ".pyc":
            yield child


def contents(path: Path) -> Iterator[bytes]:
    for file in tree(path):
        yield file.relative_to(HERE).as_posix().encode()
        yield file.read_bytes()


def digest(chunks: Iterable[bytes]) -> str:
    result = hashlib.sha256()
    for chunk in chunks:
        result.update(b"%d:" % len(chunk))
        result.update(chunk)
    return result.hexdigest()


class Builder:
    """Runs the steps, each with one line of output and its seconds."""

    def __init__(self, out: Path, ca_bundle: Path | None, mirror: str | None) -> None:
        self.out = out
        self.ca_bundle = ca_bundle
        self.mirror = mirror
        self.log = out / "build.log"

    def step(self, name: str, action: Callable[[], str]) -> None:
        start = time.monotonic()
        outcome = action()
        print(f"{name}: {outcome} ({time.monotonic() - start:.1f} s)", flush=True)

    def run(self, *command: str | Path, env: dict[str, str] | None = None, cwd: Path | None = None) -> None:
        """Run a command with its output in the log, raising BuildError with the end of it."""
        line = " ".join(str(word) for word in command)
        with self.log.open("a+", encoding="utf-8", errors="replace") as log:
            log.write(f"$ {line}\n")
            log.flush()
            begin = log.tell()
            done = subprocess.run(
                [str(word) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(env or {})},
                cwd=cwd,
                check=False,
            )
            if done.returncode != 0:
                log.seek(begin)
                tail = "".join(log.readlines()[-25:])
                raise BuildError(f"{line}\nended with {done.returncode}; its last lines:\n{tail}")

    # Images

    def present(self) -> dict[str, tuple[str, str]]:
        """Id and input hash of the images that exist, by tag."""
        tags = [BASE_IMAGE, *(image.tag for image in IMAGES)]
        done = subprocess.run(["docker", "image", "inspect", *tags], capture_output=True, text=True, check=False)
        try:
            found = json.loads(done.stdout)
        except json.JSONDecodeError:
            found = []
        if not found and "No such image" not in done.stderr:
            raise BuildError(f"docker does not answer: {done.stderr.strip()}")
        return {
            tag: (image["Id"], (image["Config"].get("Labels") or {}).get(LABEL, ""))
            for image in found
            for tag in image["RepoTags"] or []
        }

    def images(self) -> None:
        present = self.present()
        base = digest([RECIPE.encode()])
        if present.get(BASE_IMAGE, ("", ""))[1] != base:
            self.step(BASE_IMAGE, lambda: self.make_base(base))
            present.pop(BASE_IMAGE, None)
        else:
            self.step(BASE_IMAGE, lambda: "up to date")
        for image in IMAGES:
            old, label = present.get(image.tag, ("", ""))
            if label == image.inputs():
                self.step(image.tag, lambda: "up to date")
            else:
                self.step(image.tag, partial(self.make_image, image, old))

    def make_base(self, inputs: str) -> str:
        mirror = self.mirror or apt_mirror()
        tool = shutil.which("mmdebstrap") or shutil.which("debootstrap")
        if tool is None:
            env = {"DEBIAN_FRONTEND": "noninteractive"}
            self.run("apt-get", "update", "-q", env=env)
            self.run("apt-get", "install", "-q", "-y", "--no-install-recommends", "mmdebstrap", env=env)
            tool = shutil.which("mmdebstrap") or ""
        with tempfile.TemporaryDirectory(prefix="netbox-dev-sandbox-") as scratch:
            archive = Path(scratch, "base.tar")
            packages = ",".join(PACKAGES)
            if tool.endswith("mmdebstrap"):
                options = [f"--dpkgopt={option}" for option in DPKG_OPTIONS]
                self.run(tool, "--variant=minbase", "--components=main", f"--include={packages}", *options,
                         SUITE, archive, mirror)  # fmt: skip
            else:
                root = Path(scratch, "root")
                self.run(tool, "--variant=minbase", f"--include={packages}", SUITE, root, mirror)
                self.run("tar", "--numeric-owner", "-C", root, "-cf", archive, ".")
            self.run("docker", "import", "--change", f"LABEL {LABEL}={inputs}", archive, BASE_IMAGE)
        return f"made by {Path(tool).name}"

    def make_image(self, image: Image, old: str) -> str:
        with tempfile.TemporaryDirectory(prefix="netbox-dev-sandbox-") as scratch:
            context = Path(scratch)
            for name, source in image.files.items():
                for file in tree(source):
                    target = context / name / file.relative_to(source) if source.is_dir() else context / name
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(file, target)
                    target.chmod(0o755 if os.access(file, os.X_OK) else 0o644)
            for directory in (context, *context.rglob("*")):
                if directory.is_dir():
                    directory.chmod(0o755)
            bundle = context / "ca-bundle.pem"
            if self.ca_bundle:
                shutil.copyfile(self.ca_bundle, bundle)
            else:
                bundle.touch()
            passed = ("PIP_INDEX_URL", "UV_INDEX_URL", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY",
                      "http_proxy", "https_proxy", "no_proxy")  # fmt: skip
            arguments = [f"--build-arg={name}" for name in passed if name in os.environ]
            self.run("docker", "build", "--build-arg", f"BASE={BASE_IMAGE}", *arguments,
                     "--label", f"{LABEL}={image.inputs()}", "--tag", image.tag,
                     "--file", HERE / "image" / image.dockerfile, context)  # fmt: skip
        if old:  # now without a name; containers may still use it
            subprocess.run(["docker", "image", "rm", old], capture_output=True, check=False)
        return "built"

    # Repositories

    def git(self, *words: str | Path, cwd: Path) -> None:
        env = {
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "Sandbox",
            "GIT_AUTHOR_EMAIL": "sandbox@example.com",
            "GIT_AUTHOR_DATE": GIT_DATE,
            "GIT_COMMITTER_NAME": "Sandbox",
            "GIT_COMMITTER_EMAIL": "sandbox@example.com",
            "GIT_COMMITTER_DATE": GIT_DATE,
        }
        self.run("git", *words, env=env, cwd=cwd)

    def netbox_docker(self) -> str:
        """A bare repository with a tag for each release, made anew when its inputs changed."""
        target = self.out / "netbox-docker.git-source"
        source = HERE / "netbox-docker"
        inputs = digest([json.dumps([NETBOX_DOCKER_TAGS, GIT_DATE]).encode(), *contents(source)])
        marker = target / "sandbox-inputs"
        if marker.is_file() and marker.read_text(encoding="utf-8") == inputs:
            return "up to date"
        with tempfile.TemporaryDirectory(prefix=".netbox-docker-", dir=self.out) as scratch:
            work = Path(scratch, "work")
            work.mkdir()
            self.git("init", "--quiet", "--initial-branch=release", cwd=work)
            for tag, changes in NETBOX_DOCKER_TAGS.items():
                copy_tree(source, work, changes)
                self.git("add", "--all", "--force", ".", cwd=work)
                self.git("commit", "--quiet", "--message", f"Release {tag}", cwd=work)
                self.git("tag", tag, cwd=work)
            bare = Path(scratch, "bare")
            self.git("clone", "--quiet", "--bare", work, bare, cwd=work)
            self.git("remote", "remove", "origin", cwd=bare)
            (bare / "sandbox-inputs").write_text(inputs, encoding="utf-8")
            shutil.rmtree(target, ignore_errors=True)
            bare.rename(target)
        give_to_owner(target)
        return "made"

    def plugin(self, *, fresh: bool) -> str:
        """The example plugin as a repository, never overwriting edits unless told to."""
        target = self.out / "plugin"
        if target.exists() and not fresh:
            return "kept as it is"
        with tempfile.TemporaryDirectory(prefix=".plugin-", dir=self.out) as scratch:
            work = Path(scratch, "plugin")
            copy_tree(HERE / "plugin", work, {})
            self.git("init", "--quiet", "--initial-branch=main", cwd=work)
            self.git("add", "--all", ".", cwd=work)
            self.git("commit", "--quiet", "--message", "Example plugin", cwd=work)
            shutil.rmtree(target, ignore_errors=True)
            work.rename(target)
        give_to_owner(target)
        return "made"


def copy_tree(source: Path, target: Path, changes: dict[str, str]) -> None:
    """Copy the files under `source`, replacing texts in them."""
    for file in tree(source):
        copy = target / file.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        data = file.read_text(encoding="utf-8")
        for old, new in changes.items():
            data = data.replace(old, new)
        copy.write_text(data, encoding="utf-8")
        copy.chmod(0o755 if os.access(file, os.X_OK) else 0o644)


def give_to_owner(path: Path) -> None:
    """Give a tree to whoever owns the directory that it is in: git refuses other people's repositories."""
    owner = path.parent.stat()
    if (owner.st_uid, owner.st_gid) == (path.stat().st_uid, path.stat().st_gid):
        return
    for item in (path, *path.rglob("*")):
        os.chown(item, owner.st_uid, owner.st_gid, follow_symlinks=False)


def apt_mirror() -> str:
    """The Debian mirror that this machine's apt uses."""
    root = Path("/etc/apt")
    files = sorted(root.glob("sources.list.d/*.sources")) + [
        file for file in (root / "sources.list", *sorted(root.glob("sources.list.d/*.list"))) if file.is_file()
    ]
    candidates = [entry for file in files for entry in apt_entries(file)]
    candidates.sort(key=lambda entry: SUITE not in entry[1])  # one that is known to have the suite comes first
    for uri, suites, components in candidates:
        if DEBIAN_SUITES & suites and "main" in components:
            if uri.startswith("mirror+file:"):
                uri = Path(uri.removeprefix("mirror+file:")).read_text(encoding="utf-8").split()[0]
            return uri.rstrip("/")
    raise BuildError("apt's sources name no Debian mirror with the component main: give one with --mirror URL")


def apt_entries(file: Path) -> Iterator[tuple[str, set[str], set[str]]]:
    """URI, suites and components of each binary source in one of apt's files, in either format."""
    text = "\n".join(
        line for line in file.read_text(encoding="utf-8").splitlines() if not line.lstrip().startswith("#")
    )
    if file.suffix == ".sources":
        for stanza in re.split(r"\n\s*\n", text):
            joined = re.sub(r"\n[ \t]+", " ", stanza)
            fields = {
                key.strip().lower(): value.split()
                for key, _, value in (line.partition(":") for line in joined.splitlines())
            }
            if "deb" in fields.get("types", []) and fields.get("enabled", ["yes"]) != ["no"]:
                for uri in fields.get("uris", []):
                    yield uri, set(fields.get("suites", [])), set(fields.get("components", []))
        return
    for line in text.splitlines():
        match = re.match(r"deb\s+(?:\[[^]]*\]\s+)?(\S+)\s+(\S+)\s+(.*)", line.strip())
        if match:
            yield match[1], {match[2]}, set(match[3].split())


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """One build at a time in a directory; the kernel frees the lock of a process that dies."""
    with path.open("w", encoding="utf-8") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="directory for the repositories and the log")
    parser.add_argument("--ca-bundle", type=Path, help="certificates for HTTPS in the build (default: $SSL_CERT_FILE)")
    parser.add_argument("--mirror", help="Debian mirror (default: the one in apt's sources)")
    parser.add_argument("--fresh", action="store_true", help="make the plugin's repository anew, dropping edits")
    options = parser.parse_args()
    start = time.monotonic()
    bundle = options.ca_bundle or (Path(os.environ["SSL_CERT_FILE"]) if os.environ.get("SSL_CERT_FILE") else None)
    out: Path = options.out.resolve()
    try:
        if bundle and not bundle.is_file():
            raise BuildError(f"CA bundle {bundle} is not a file")
        for directory in (*reversed(out.parents), out):
            if not directory.exists():
                directory.mkdir()
                give_to_owner(directory)
        builder = Builder(out, bundle, options.mirror)
        with lock(out / ".build.lock"):
            builder.log.write_text("", encoding="utf-8")
            builder.step("netbox-docker", builder.netbox_docker)
            builder.step("plugin", lambda: builder.plugin(fresh=options.fresh))
            builder.images()
    except (BuildError, OSError) as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return 1
    print(f"sandbox ready in {out} ({time.monotonic() - start:.1f} s)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
