# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""Lay out a collections tree: this checkout (as a link) and the collections it depends on.

The dependencies are taken out of the `ansible` wheel, because a package index is reachable where Galaxy is not.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

WHEEL = "ansible==13.8.0"
WHEEL_SHA256 = "daf9c9a2850bbc6c098ba3368aeba99d4ae37c90bca47f974dc19342c0571361"
# The wheel asks for a newer Python than its collections do; only files are taken from it.
WHEEL_PYTHON = "3.12"
COLLECTIONS = ("community/docker", "community/library_inventory_filtering_v1")


def link_checkout(tree: Path, checkout: Path) -> None:
    """Make the checkout importable as hedgehog.netbox_dev without a second copy of it."""
    link = tree / "hedgehog" / "netbox_dev"
    link.parent.mkdir(parents=True, exist_ok=True)
    if link.is_symlink() and link.resolve() == checkout.resolve():
        return
    link.unlink(missing_ok=True)
    link.symlink_to(os.path.relpath(checkout.resolve(), link.parent.resolve()), target_is_directory=True)


def download_wheel(folder: Path) -> Path:
    """Return the path of the wheel, whose hash pip has compared with ours."""
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{WHEEL} --hash=sha256:{WHEEL_SHA256}\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "-qq", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary=:all:", "--python-version", WHEEL_PYTHON, "--require-hashes"]
    subprocess.run([*command, "--dest", str(folder), "-r", str(wanted)], check=True)
    return next(folder.glob("*.whl"))


def unpack(wheel: Path, tree: Path) -> None:
    """Put the collections into the tree; what was there before is replaced as a whole."""
    with tempfile.TemporaryDirectory(dir=tree) as scratch, zipfile.ZipFile(wheel) as archive:
        prefixes = tuple(f"ansible_collections/{name}/" for name in COLLECTIONS)
        archive.extractall(scratch, [name for name in archive.namelist() if name.startswith(prefixes)])
        for name in COLLECTIONS:
            target = tree / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(target, ignore_errors=True)
            (Path(scratch) / "ansible_collections" / name).rename(target)
    (tree / ".wheel").write_text(WHEEL_SHA256, encoding="utf-8")


def main() -> int:
    """Fetch what is missing into the collections folder named on the command line."""
    tree = Path(sys.argv[1]) / "ansible_collections"
    tree.mkdir(parents=True, exist_ok=True)
    link_checkout(tree, Path(__file__).resolve().parent.parent)
    recorded = tree / ".wheel"
    complete = all((tree / name / "MANIFEST.json").is_file() for name in COLLECTIONS)
    if complete and recorded.is_file() and recorded.read_text(encoding="utf-8") == WHEEL_SHA256:
        return 0
    with tempfile.TemporaryDirectory() as folder:
        unpack(download_wheel(Path(folder)), tree)
    return 0


if __name__ == "__main__":
    sys.exit(main())
