# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""What is mended of files: only what loses nothing, and what could not be is said."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Callable

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.compose import OVERRIDE
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.doctor import mend
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.doctor.check import Finding
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.doctor.registry import CHECKS
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.errors import CommandFailed
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.events import Reporter
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.override import render
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.running import Limits
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import Stack

MakeStack = Callable[..., Stack]


def test_every_way_of_mending_is_known_and_used() -> None:
    assert {check.fix for check in CHECKS} - {""} == set(mend.WAYS)


@pytest.fixture
def overridden(make_stack: MakeStack) -> tuple[Stack, Path]:
    stack = make_stack()
    stack.checkout.mkdir(parents=True)
    return stack, stack.checkout / OVERRIDE


def test_an_edited_override_is_kept_under_a_free_name(overridden: tuple[Stack, Path]) -> None:
    stack, path = overridden
    for number in (1, 2):
        path.write_text(f"{render({'services': {}})}# edit {number}\n", encoding="utf-8")
        assert mend.keep_edited_override(stack, []) == (True, f"kept as {OVERRIDE}.edited-{number}")
        assert f"# edit {number}" in path.with_name(f"{OVERRIDE}.edited-{number}").read_text(encoding="utf-8")
        assert not path.exists()


@pytest.mark.parametrize("text", [render({"services": {}}), "services: {}\n"])
def test_an_override_that_is_ours_or_somebody_elses_stays(overridden: tuple[Stack, Path], text: str) -> None:
    stack, path = overridden
    path.write_text(text, encoding="utf-8")
    assert mend.keep_edited_override(stack, []) == (False, "")
    assert path.read_text(encoding="utf-8") == text


class Owners:
    """Owners of files as a test wants them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, owners: dict[str, int], allowed: bool = True) -> None:
        self.given: list[str] = []
        lstat = os.lstat

        def look(path: Any) -> Any:
            real = lstat(path)
            uid = owners.get(os.path.basename(path), real.st_uid)
            return os.stat_result([*real[:4], uid, *real[5:]])

        def give(path: Any, uid: int, gid: int) -> None:
            if not allowed:
                raise PermissionError(1, "no", str(path))
            self.given.append(os.path.basename(path))

        monkeypatch.setattr(mend.os, "lstat", look)
        monkeypatch.setattr(mend.os, "lchown", give)


def owned(make_stack: MakeStack) -> Stack:
    stack = make_stack(files={f"netbox_example/{name}.py": "" for name in ("of_root", "of_image", "of_person", "own")})
    return Stack(**{**vars(stack), "plugin": type(stack.plugin)(**{**vars(stack.plugin), "uid": 1000, "gid": 1000})})


PATHS = [f"netbox_example/{name}.py" for name in ("of_root", "of_image", "of_person", "own", "gone")]
OWNERS = {"of_root.py": 0, "of_image.py": 999, "of_person.py": 1001, "own.py": 1000}


def test_only_files_of_root_and_the_system_are_given_back(
    make_stack: MakeStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    owners = Owners(monkeypatch, OWNERS)
    done, told = mend.give_back(owned(make_stack), PATHS)
    assert done
    assert owners.given == ["of_root.py", "of_image.py"]
    assert told == "given back: netbox_example/of_root.py, netbox_example/of_image.py"


def test_without_the_right_to_give_files_away_that_is_said(
    make_stack: MakeStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    Owners(monkeypatch, OWNERS, allowed=False)
    done, told = mend.give_back(owned(make_stack), PATHS)
    assert not done
    assert "only root can give away: run doctor.yml with -b" in told


def test_files_of_a_repository_of_roots_own_are_not_foreign() -> None:
    assert not mend.is_foreign(0, 0)
    assert mend.is_foreign(0, 1000)
    assert not mend.is_foreign(1001, 1000)


def test_an_own_file_is_made_readable_and_a_persons_gets_an_acl(
    make_stack: MakeStack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    called: list[Sequence[str]] = []
    monkeypatch.setattr(mend.shutil, "which", lambda name: "/bin/setfacl")
    monkeypatch.setattr(mend.subprocess, "run", lambda command, **_: called.append(command))
    file = tmp_path / "file.py"
    file.write_text("", encoding="utf-8")
    file.chmod(0o000)
    mend._let_in(file, os.geteuid(), os.getegid())
    assert file.stat().st_mode & 0o777 == 0o600
    assert called == []
    mend._let_in(file, os.geteuid() + 4321, os.getegid())
    assert called == [["/bin/setfacl", "-m", f"u:{os.geteuid() + 4321}:rw", "--", str(file)]]


def test_without_acls_the_group_is_let_in(
    make_stack: MakeStack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(mend.shutil, "which", lambda name: None)
    folder = tmp_path / "migrations"
    folder.mkdir(mode=0o700)
    mend._let_in(folder, os.geteuid() + 4321, os.getegid())
    assert folder.stat().st_mode & 0o777 == 0o770
    assert folder.stat().st_uid == os.geteuid()


def test_what_is_in_a_closed_folder_is_let_in_with_it(make_stack: MakeStack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mend.shutil, "which", lambda name: None)
    stack = make_stack(files={"netbox_example/closed/inner/a.py": "", "netbox_example/closed/open.py": ""})
    plugin = type(stack.plugin)(**{**vars(stack.plugin), "uid": os.geteuid() + 4321, "gid": os.getegid()})
    stack = Stack(**{**vars(stack), "plugin": plugin})
    folder = plugin.package_dir / "closed"
    modes = {folder / "open.py": 0o644, folder / "inner/a.py": 0o600, folder / "inner": 0o700, folder: 0o700}
    for path, mode in modes.items():
        path.chmod(mode)
    assert mend.let_in(stack, ["closed"]) == (True, "let in: closed, closed/inner, closed/inner/a.py")
    assert [path.stat().st_mode & 0o777 for path in modes] == [0o644, 0o660, 0o770, 0o770]


def test_nothing_outside_is_let_in_by_a_link(make_stack: MakeStack, tmp_path: Path) -> None:
    stack = make_stack()
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.py").touch(mode=0o000)
    (stack.plugin.package_dir / "link").symlink_to(outside)
    assert mend.let_in(stack, ["link"]) == (False, "")
    assert (outside / "a.py").stat().st_mode & 0o777 == 0


@pytest.mark.parametrize("status", [0, 1])
def test_a_volume_that_cannot_be_opened_is_not_said_to_be(status: int) -> None:
    reporter = Reporter()
    engine = SimpleNamespace(containers=lambda: {"netbox": {"Id": "c"}}, execute=lambda *_, **_more: (status, b""))
    converger: Any = SimpleNamespace(engine=engine, reporter=reporter)
    if status:
        with pytest.raises(CommandFailed, match="chgrp -R 0 /opt/netbox/netbox/static"):
            mend.open_static(converger, ["netbox"])
    else:
        mend.open_static(converger, ["netbox"])
    assert reporter.changed == (status == 0)


@pytest.mark.parametrize(
    ("ways", "changed"),
    [
        (["apply"], ("python",)),
        (["recreate", "static_access"], ("python",)),
        (["apply", "migrate"], ("migrations",)),
        (["static"], ("static",)),
    ],
)
def test_an_edit_of_the_models_is_left_to_who_asks_for_it(
    make_stack: MakeStack, monkeypatch: pytest.MonkeyPatch, ways: list[str], changed: tuple[str, ...]
) -> None:
    ran: list[Any] = []
    converger: Any = SimpleNamespace(run=ran.append)
    monkeypatch.setattr(mend, "Converger", lambda *_: converger)
    monkeypatch.setattr(mend, "_RUNNING", {"recreate": lambda *_: None, "static_access": lambda *_: None})
    mend.mend(make_stack(), [Finding("x", "x", "x", "x", way) for way in ways], Reporter(), Limits())
    (wanted,) = ran
    assert (wanted.changed, wanted.auto) == (changed, False)
    assert (converger.wishes.write, converger.spares) == (False, True)


def test_what_may_not_be_let_in_is_said(make_stack: MakeStack, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise subprocess.CalledProcessError(1, "setfacl")

    monkeypatch.setattr(mend, "_let_in", refuse)
    done, told = mend.let_in(make_stack(), ["__init__.py"])
    assert not done
    assert "only the owner or root can" in told
    found = Finding("access", "x", "x", "x", "access", ("__init__.py",))
    reporter = Reporter()
    mend.mend(make_stack(), [found], reporter, Limits())
    (step,) = reporter.steps
    assert (step.changed, step.detail) == (False, told)
