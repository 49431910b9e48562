# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""What a schema step records and when: that it does what it says is seen end to end."""

from __future__ import annotations

import contextlib
from types import SimpleNamespace
from typing import Any, Callable

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import migrating
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.errors import SchemaFailed
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.events import Reporter
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.follow import TEXTS, Way, remember_texts
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import Stack
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.state import read_json, write_json

MakeStack = Callable[..., Stack]
FOLDER = "netbox_example/migrations"
MIGRATIONS = {f"{FOLDER}/{name}.py": "this branch's\n" for name in ("0001_first", "0002_same", "0003_new")}
STATES = {
    "applied": ["netbox_example.0001_first", "netbox_example.0002_same", "netbox_example.0003_gone"],
    "disk": ["netbox_example.0001_first", "netbox_example.0002_same", "netbox_example.0003_new"],
    "folders": {"netbox_example": f"/opt/netbox/netbox/{FOLDER}"},
}


class Killed(BaseException):
    """No code sees a kill, and none of the files that say what was is put back by it."""


def made(stack: Stack) -> migrating.Migrating:
    one = migrating.Migrating.__new__(migrating.Migrating)
    one.stack, one.reporter, one.check = stack, Reporter(), False
    return one


@pytest.mark.parametrize(
    ("way", "ours"),
    [
        (Way([], copy="kept"), {"0001_first", "0002_same", "0003_new"}),
        (
            Way([], files={"netbox_example.0002_same": "the other's", "netbox_example.0003_gone": ""}),
            {"0002_same", "0003_new"},
        ),
    ],
)
def test_the_texts_of_a_branch_are_kept_before_its_migrations_are_applied(
    make_stack: MakeStack, monkeypatch: pytest.MonkeyPatch, way: Way, ours: set[str]
) -> None:
    stack = make_stack(files=MIGRATIONS)
    before = dict.fromkeys((*STATES["applied"], "netbox_example.0003_new"), "the other's\n")
    write_json(stack.state / TEXTS, {"texts": before})

    def kill(*_: Any, **_more: Any) -> None:
        raise Killed

    def guarded(*_files: str, copies: int) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()

    monkeypatch.setattr(migrating.Migrating, "safety", SimpleNamespace(guarded=guarded))
    monkeypatch.setattr(migrating.Migrating, "run_task", lambda *_, **_more: {})
    monkeypatch.setattr(migrating.Migrating, "ask_schema", kill)
    monkeypatch.setattr(migrating, "keep", lambda *_: ("kept", []))
    monkeypatch.setattr(migrating, "restore", lambda *_: None)
    with pytest.raises(Killed):
        made(stack)._follow(way, {"states": STATES}, make=False)
    texts = (read_json(stack.state / TEXTS) or {})["texts"]
    assert {name.partition(".")[2] for name, text in texts.items() if text == "this branch's\n"} == ours


def test_a_text_that_was_edited_while_it_was_applied_is_kept_as_it_was(make_stack: MakeStack) -> None:
    stack = make_stack(files=MIGRATIONS)
    names = ["netbox_example.0002_same", "netbox_example.0003_new"]
    remember_texts(stack, STATES, names, {"netbox_example.0003_new": "before\n"})
    texts = (read_json(stack.state / TEXTS) or {})["texts"]
    assert texts == {
        "netbox_example.0001_first": "this branch's\n",
        "netbox_example.0002_same": "this branch's\n",
        "netbox_example.0003_new": "before\n",
    }


@pytest.mark.parametrize("found", [{"losing": ["x.0003_a: Remove field y"]}, {"losing": [], "gone": ["x.0002"]}])
def test_what_may_lose_rows_is_left_to_who_asks_for_it(
    make_stack: MakeStack, monkeypatch: pytest.MonkeyPatch, found: dict[str, Any]
) -> None:
    """The migration that this run wrote goes, and the next run begins as this one did."""
    stack = make_stack(files=MIGRATIONS)
    stack.state.mkdir(parents=True, exist_ok=True)
    written = f"/opt/netbox/netbox/{FOLDER}/0003_new.py"
    result = {"written": [written], "applied": [], "risks": ["x"], "states": STATES, **found}
    monkeypatch.setattr(migrating.Migrating, "ask_schema", lambda *_, **_more: result)
    monkeypatch.setattr(migrating.Migrating, "_way", lambda *_: Way(["x.0002"], files={"x.0002": ""}))
    monkeypatch.setattr(migrating, "on_node", lambda _stack, path: path[len("/opt/netbox/netbox/") :])
    one = made(stack)
    one.spares = True
    with pytest.raises(SchemaFailed, match=r"nobody asked for it: .*run apply-change\.yml -e changed=migrations"):
        one.schema_step(make=True)
    assert not (stack.state / migrating.PENDING).exists()
    assert (stack.plugin.root / FOLDER / "0003_new.py").exists() == ("gone" in found)


def test_another_image_than_the_models_were_looked_at_in_is_seen(make_stack: MakeStack) -> None:
    one = made(make_stack())
    images = ["sha256:a"]
    one.engine = SimpleNamespace(image_id=lambda _name: images[-1])  # type: ignore[assignment]
    one.applied = lambda: "digest"  # type: ignore[method-assign]
    # Nothing was recorded, or not the image: by an older version.
    assert not one.other_image()
    one.remember_applied()
    assert not one.other_image()
    images.append("sha256:b")
    assert one.other_image()


def test_what_a_step_wrote_is_told_by_its_paths_in_the_repository(make_stack: MakeStack) -> None:
    one = made(make_stack(package_path="src/netbox_example"))
    folder = "/opt/netbox/netbox/netbox_example"
    contents = {f"{folder}/migrations/0001.py": "1", f"{folder}/app/migrations/0001.py": "2", "/elsewhere/0001.py": "3"}
    assert one.contents_on_node({"contents": contents}) == {
        "src/netbox_example/migrations/0001.py": "1",
        "src/netbox_example/app/migrations/0001.py": "2",
    }
    assert one.contents_on_node({}) == {}
