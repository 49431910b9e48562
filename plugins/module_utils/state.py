# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stack's state directory: versioned JSON written atomically, and the lock of one run."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import pwd
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .errors import InvalidState, StackLocked

VERSION = 1


def stack_id(root: Path) -> str:
    """Twelve hex digits that stand for the plugin's real path."""
    return hashlib.sha256(os.fsencode(os.path.realpath(root))).hexdigest()[:12]


def state_home(uid: int | None = None) -> Path:
    """``NETBOX_DEV_STATE_HOME``, or ``.local/state/hedgehog.netbox_dev`` in the user's home directory.

    Root works for the user ``uid``, if there is one: the developer finds the same state without root.
    """
    given = os.environ.get("NETBOX_DEV_STATE_HOME")
    if given:
        return Path(given)
    home = Path("~").expanduser()
    if os.geteuid() == 0 and uid:
        with contextlib.suppress(KeyError):
            home = Path(pwd.getpwuid(uid).pw_dir)
    return home / ".local/state/hedgehog.netbox_dev"


def state_dir(root: Path) -> Path:
    """Where everything about one stack is kept on the managed node."""
    return state_home(os.stat(root).st_uid) / stack_id(root)


def make_dir(path: Path, owner: tuple[int, int]) -> None:
    """Make a private directory of the developer's, and those above it that are missing."""
    if not path.parent.is_dir():
        make_dir(path.parent, owner)
    path.mkdir(mode=0o700, exist_ok=True)
    if os.geteuid() == 0 and os.lstat(path).st_uid != owner[0]:
        os.lchown(path, *owner)


def _assert_private(directory: Path) -> None:
    """Raises InvalidState for a directory in which somebody else can put what this process would follow or believe."""
    wrong = _exposed(directory)
    if wrong:
        raise InvalidState(
            f"{directory}: {wrong}, and a stack's state has to be in a folder of its owner's alone. Look at what is in "
            "it; then move it away, or mend it with chown and 'chmod 0700'.",
            path=str(directory),
        )


def _exposed(directory: Path) -> str:
    found = os.lstat(directory)
    me = os.geteuid()
    if stat.S_ISLNK(found.st_mode):
        return "is a symbolic link"
    if me not in (0, found.st_uid):
        return f"belongs to the user with the number {found.st_uid}"
    if found.st_mode & 0o022:
        return "can be written by others"
    if found.st_uid != me:
        # Root writes where another user can put links.
        for here, folders, files in os.walk(directory):
            for name in (*folders, *files):
                if os.path.islink(os.path.join(here, name)):
                    return f"'{name}' in it is a symbolic link"
    return ""


def _open_own(path: Path) -> int:
    """A handle to a file of the state, made if it is missing. Raises InvalidState for a link: it may be anybody's."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise InvalidState(f"{path}: is a symbolic link. Remove it.", path=str(path)) from error
        raise
    if os.geteuid() == 0:
        above = path.parent.stat()
        os.fchown(handle, above.st_uid, above.st_gid)
    return handle


def _like_parent(path: Path) -> None:
    """State that root writes belongs to whom its directory belongs to."""
    if os.geteuid() == 0:
        above = path.parent.stat()
        os.lchown(path, above.st_uid, above.st_gid)


def write_atomic(path: Path, content: str, mode: int = 0o600) -> bool:
    """Write ``content`` unless the file holds it already; return whether it was written."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        if path.read_text(encoding="utf-8") == content and (path.stat().st_mode & 0o777) == mode:
            return False
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=str(path.parent), prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, mode)
        _like_parent(Path(temporary))
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    return True


def write_json(path: Path, data: dict[str, Any]) -> bool:
    """Write ``data`` with this state's version; return whether the file changed."""
    return write_atomic(path, json.dumps({"version": VERSION, **data}, indent=1, sort_keys=True) + "\n")


def read_json(path: Path) -> dict[str, Any] | None:
    """Return the state file's data, or None where there is none.

    Raises InvalidState for a damaged file and for one that a newer version of this collection wrote.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidState(f"{path}: cannot be read: {error}", path=str(path)) from error
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidState(f"{path}: is damaged ({error})", path=str(path)) from error
    if not isinstance(data, dict) or data.get("version") != VERSION:
        found = data.get("version") if isinstance(data, dict) else None
        raise InvalidState(f"{path}: version {VERSION} was expected, {found!r} was found", path=str(path))
    return data


def lock_holder(directory: Path) -> str | None:
    """Who holds the stack's lock, and since when; None when nobody does."""
    try:
        handle = os.open(directory / "lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _named(handle)
    finally:
        os.close(handle)
    return None


def _named(handle: int) -> str:
    return os.pread(handle, 200, 0).decode("utf-8", "replace").strip() or "an unnamed process"


@contextlib.contextmanager
def shared(path: Path | None) -> Iterator[tuple[int, ...]]:
    """Hold a file together with others; the descriptor is for a child, which holds it until it ends."""
    if path is None:
        yield ()
        return
    handle = _open_own(path)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH)
        yield (handle,)
    finally:
        os.close(handle)


def is_held(path: Path) -> bool:
    """Whether anybody holds a file as ``shared`` does."""
    with contextlib.suppress(FileNotFoundError), path.open("rb") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


@contextlib.contextmanager
def lock(directory: Path, wait_s: float, purpose: str) -> Iterator[None]:
    """Hold the stack's kernel lock; it is freed when this process ends, however it ends.

    Raises StackLocked, with who holds it and since when, after ``wait_s`` seconds, and InvalidState where others can
    write in the directory.
    """
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    _assert_private(directory)
    handle = _open_own(directory / "lock")
    try:
        deadline = time.monotonic() + wait_s
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    holder = _named(handle)
                    raise StackLocked(
                        f"another run holds this stack's lock: {holder}. Waited {wait_s:.0f} s; "
                        "let it end, or raise lock_timeout.",
                        holder=holder,
                    ) from None
                time.sleep(0.1)
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{purpose}, pid {os.getpid()}, since {time.strftime('%H:%M:%S')}\n".encode(), 0)
        yield
    finally:
        os.close(handle)
