# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""What containers may have put where they and the node have the same files."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import beside
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.errors import SnapshotFailed
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import Stack

ENGINE: Any = None


@pytest.fixture
def stack(make_stack: Callable[..., Stack]) -> Stack:
    made = make_stack()
    (made.state / "run").mkdir(parents=True)
    return made


def test_a_link_in_the_place_of_what_was_saved_is_not_kept(
    stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "id_rsa").write_text("PRIVATE")
    shared = stack.state / "run" / "media.saved"
    monkeypatch.setattr(beside, "ask", lambda *_words: shared.symlink_to(tmp_path / "id_rsa"))
    kept = stack.state / "snapshots" / "one" / "media"
    with pytest.raises(SnapshotFailed, match="left no file"):
        beside.save(stack, ENGINE, "web", "media", kept)
    assert not kept.is_symlink()
    assert not shared.is_symlink()


def test_what_is_loaded_is_written_over_no_link(stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    victim, kept = tmp_path / "victim", tmp_path / "kept"
    victim.write_text("precious")
    kept.write_text("saved")
    shared = stack.state / "run" / "media.saved"
    shared.symlink_to(victim)
    seen = []
    monkeypatch.setattr(beside, "ask", lambda *_words: seen.append(shared.read_text()))
    beside.load(stack, ENGINE, "web", "media", kept)
    assert (seen, victim.read_text()) == (["saved"], "precious")
    # It may come back between the one call and the other.
    shared.symlink_to(victim)
    monkeypatch.setattr(Path, "unlink", lambda *_arguments, **_options: None)
    with pytest.raises(FileExistsError):
        beside.load(stack, ENGINE, "web", "media", kept)
    assert victim.read_text() == "precious"
