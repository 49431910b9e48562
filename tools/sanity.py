# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""Run `ansible-test sanity` on what is in the work tree; arguments are handed on (`--test pylint`, paths).

ansible-test wants a real folder …/ansible_collections/<namespace>/<name> that is a git repository, and no link: the
files are copied into one. It also wants to download a script that installs pip; ours takes pip from the package index.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
VENV = CHECKOUT / ".venv"
# The pip that ansible-test 2.19 asks for.
PIP = "24.2"
# Not shipped, and none of Ansible's business: the stand-in for NetBox is an ordinary Django project.
EXCLUDED = ("tests/sandbox/",)

GET_PIP = """\
import os
import sys
sys.path.insert(0, os.path.join(os.path.dirname(__file__), {wheel!r}))
from pip._internal.cli.main import main
if __name__ == "__main__":
    wanted = [argument for argument in sys.argv[1:] if argument not in ("--no-setuptools", "--no-wheel")]
    sys.exit(main(["install", "--upgrade", "--force-reinstall", *wanted]))
"""


def copy_checkout(target: Path) -> None:
    """Copy what git tracks or would track, edits included, and make a repository of it."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT,
        check=True,
        stdout=subprocess.PIPE,
    )
    for name in sorted(set(filter(None, os.fsdecode(listing.stdout).split("\0")))):
        source = CHECKOUT / name
        if name.startswith(EXCLUDED) or not (source.is_file() or source.is_symlink()):
            continue
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target / name, follow_symlinks=False)
    subprocess.run(["git", "init", "-q"], cwd=target, check=True)
    subprocess.run(["git", "add", "--all"], cwd=target, check=True)


def prepare_home(home: Path) -> None:
    """Give ansible-test a home of its own, with a way to pip that works wherever a package index does."""
    cache = home / ".ansible" / "test" / "cache"
    script = cache / f"get_pip_{PIP.replace('.', '_')}.py"
    if not script.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        pip = [sys.executable, "-m", "pip", "download", "-qq", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*pip, "--dest", str(cache), f"pip=={PIP}"], check=True)
        script.write_text(GET_PIP.format(wheel=f"pip-{PIP}-py3-none-any.whl"), encoding="utf-8")
    # ansible-test drops PIP_* from the environment; in a file they reach the pip it runs.
    settings = {key[4:].lower().replace("_", "-"): value for key, value in os.environ.items() if key.startswith("PIP_")}
    settings.pop("require-virtualenv", None)
    settings.setdefault("quiet", "1")
    lines = "".join(f"{key} = {value}\n" for key, value in sorted(settings.items()))
    pip_conf = home / ".config" / "pip" / "pip.conf"
    pip_conf.parent.mkdir(parents=True, exist_ok=True)
    pip_conf.write_text(f"[global]\n{lines}", encoding="utf-8")


def main() -> int:
    """Return ansible-test's status."""
    home = VENV / "sanity-home"
    home.mkdir(exist_ok=True)
    # Two runs at once would install into the same environments. The lock goes with the process.
    lock = (home / ".lock").open("w", encoding="utf-8")
    fcntl.flock(lock, fcntl.LOCK_EX)
    prepare_home(home)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    environment = {key: value for key, value in os.environ.items() if not key.startswith("ANSIBLE_")}
    environment.update(HOME=str(home), XDG_CACHE_HOME=str(home / ".cache"), XDG_CONFIG_HOME=str(home / ".config"))
    environment["PATH"] = f"{VENV / 'bin'}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    environment.setdefault("LC_ALL", "C.UTF-8")
    with tempfile.TemporaryDirectory(prefix="netbox-dev-sanity-") as scratch:
        target = Path(scratch).resolve() / "ansible_collections" / "hedgehog" / "netbox_dev"
        target.mkdir(parents=True)
        copy_checkout(target)
        command = [str(VENV / "bin" / "ansible-test"), "sanity", "--local", "--python", version, "--color", "no"]
        return subprocess.run([*command, *sys.argv[1:]], cwd=target, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
