# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, Callable

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import teardown
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.database import Content, Described, Look
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.errors import (
    DumpUndecided,
    ForeignOverride,
    InvalidDump,
    InvalidProject,
    LocalWork,
    SchemaFailed,
)
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.events import Reporter
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.override import render
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import Stack

MakeStack = Callable[..., Stack]
RunGit = Callable[..., str]
WriteFile = Callable[[Path, str], Path]
OVERRIDE = "docker-compose.override.yml"


@pytest.fixture
def checkout(tmp_path: Path, run_git: RunGit, write_file: WriteFile, make_stack: MakeStack) -> Path:
    """A clone at a tag, as the role netbox_docker makes it, where the stack has its own."""
    origin = tmp_path / "origin"
    write_file(origin / "docker-compose.yml", "services: {}\n")
    write_file(origin / ".gitignore", f"{OVERRIDE}\nconfiguration/own.py\n")
    run_git(origin, "init", "-q")
    run_git(origin, "add", ".")
    run_git(origin, "commit", "-qm", "release")
    run_git(origin, "tag", "3.3.0")
    clone = make_stack().checkout
    clone.parent.mkdir()
    run_git(tmp_path, "clone", "-q", str(origin), str(clone))
    run_git(clone, "checkout", "-q", "--detach", "3.3.0")
    write_file(clone / OVERRIDE, render({"name": "x"}))
    return clone


def test_a_clone_with_our_override_has_no_work_of_its_own(checkout: Path, write_file: WriteFile) -> None:
    write_file(checkout / "configuration" / "__pycache__" / "x.pyc", "")
    assert teardown.local_work(checkout) == []


def test_edits_files_commits_and_stashes_are_work(checkout: Path, run_git: RunGit, write_file: WriteFile) -> None:
    write_file(checkout / "configuration" / "own.py", "X = 1\n")
    write_file(checkout / "with a space", "")
    write_file(checkout / "docker-compose.yml", "services: {x: {}}\n")
    run_git(checkout, "stash")
    write_file(checkout / "docker-compose.yml", "services: {y: {}}\n")
    run_git(checkout, "commit", "-qam", "mine")
    write_file(checkout / "docker-compose.yml", "services: {z: {}}\n")
    found = teardown.local_work(checkout)
    assert [work[:2] for work in found] == [" M", "??", "!!", "co", "st"]
    assert found[1:3] == ["?? with a space", "!! configuration/own.py"]
    assert found[3].endswith(" mine")


def test_work_under_a_tag_that_only_the_clone_has_is_work(
    checkout: Path, run_git: RunGit, write_file: WriteFile
) -> None:
    write_file(checkout / "docker-compose.yml", "services: {y: {}}\n")
    run_git(checkout, "commit", "-qam", "mine")
    run_git(checkout, "tag", "mine")
    (found,) = teardown.local_work(checkout)
    assert found.endswith(" mine")
    run_git(checkout, "checkout", "-q", "--detach", "3.3.0")
    assert teardown.local_work(checkout) == [found]


@pytest.mark.parametrize("annotated", [[], ["-am", "a release"]])
def test_a_release_that_no_branch_of_its_origin_has_is_no_work(
    checkout: Path, run_git: RunGit, write_file: WriteFile, annotated: list[str]
) -> None:
    origin = Path(run_git(checkout, "remote", "get-url", "origin").strip())
    run_git(origin, "checkout", "-q", "--detach")
    write_file(origin / "docker-compose.yml", "services: {y: {}}\n")
    run_git(origin, "commit", "-qam", "a release of an older line")
    run_git(origin, "tag", *annotated, "3.2.1")
    run_git(checkout, "fetch", "-q", "--tags")
    run_git(checkout, "checkout", "-q", "3.2.1")
    assert teardown.local_work(checkout) == []
    origin.rename(origin.with_name("moved"))
    assert [work[-5:] for work in teardown.local_work(checkout)] == [" line"], "nobody says that it is elsewhere"


def test_only_compiled_files_are_no_work(checkout: Path, write_file: WriteFile) -> None:
    write_file(checkout / ".git" / "info" / "exclude", "__pycache__\n")
    write_file(checkout / "configuration" / "__pycache__" / "x.pyc", "")
    assert teardown.local_work(checkout) == []
    write_file(checkout / "configuration" / "__pycache__" / "notes.txt", "")
    assert teardown.local_work(checkout) == ["!! configuration/__pycache__/notes.txt"]


def removal(stack: Stack) -> teardown.Teardown:
    found = teardown.Teardown.__new__(teardown.Teardown)
    found.stack, found.reporter, found.check = stack, Reporter(), False
    return found


def test_a_checkout_with_work_is_refused(checkout: Path, make_stack: MakeStack, write_file: WriteFile) -> None:
    write_file(checkout / "docker-compose.yml", "services: {mine: {}}\n")
    with pytest.raises(LocalWork, match=r"nothing was removed:  M docker-compose\.yml"):
        removal(make_stack())._require_ours(checkout)


def test_an_override_that_was_edited_is_refused(checkout: Path, make_stack: MakeStack) -> None:
    with (checkout / OVERRIDE).open("a", encoding="utf-8") as stream:
        stream.write("# mine\n")
    with pytest.raises(ForeignOverride):
        removal(make_stack())._require_ours(checkout)


@pytest.mark.parametrize("place", [".", ".."])
def test_the_plugin_itself_is_never_taken_for_the_checkout(place: str, make_stack: MakeStack) -> None:
    stack = make_stack(options={"checkout": place})
    with pytest.raises(LocalWork, match="holds the plugin itself"):
        removal(stack)._require_ours(stack.checkout)


def test_a_folder_that_is_no_clone_is_refused(make_stack: MakeStack, write_file: WriteFile) -> None:
    stack = make_stack()
    write_file(stack.checkout / "docker-compose.yml", "")
    with pytest.raises(LocalWork, match="no clone"):
        removal(stack)._require_ours(stack.checkout)


def test_the_checkout_goes_and_so_does_the_empty_folder_around_it(checkout: Path, make_stack: MakeStack) -> None:
    stack = make_stack()
    assert removal(stack)._remove("checkout", str(checkout)) == ""
    assert not checkout.parent.exists()
    assert stack.plugin.root.exists()


@pytest.mark.parametrize(
    ("name", "volumes", "why"),
    [
        ("old.dump", ["v"], "is there already, and nothing was removed"),
        ("gitignore/netbox-docker/new.dump", ["v"], "would go with the checkout"),
        ("new.dump", ["v"], ""),
        ("old.dump", [], None),
    ],
)
def test_a_dump_is_written_where_it_stays_and_no_other_is_taken_for_it(
    make_stack: MakeStack, write_file: WriteFile, name: str, volumes: list[str], why: str | None
) -> None:
    stack = make_stack()
    write_file(stack.plugin.root / "old.dump", "")
    found = removal(stack)
    found.engine = SimpleNamespace(belongings=lambda: {"volumes": volumes})  # type: ignore[assignment]
    if why:
        with pytest.raises(InvalidDump, match=why):
            found._worth_a_dump(stack.plugin.root / name, {"checkout"})
    else:
        assert found._worth_a_dump(stack.plugin.root / name, {"checkout"}) == (why == "")


def test_what_goes_what_stays_and_how_to_keep_the_database_is_told(make_stack: MakeStack) -> None:
    stack = make_stack()
    outcome = teardown.TakenDown(
        {"containers": ["a", "b"], "networks": [], "volumes": ["v"]}, {"image": ["i"], "state": ["/s"]}, {"n": "in use"}
    )
    outcome.undecided = "with the volumes goes much"
    told = outcome.for_people(stack, check=True)
    assert told[:2] == ["would remove containers: a, b", "would remove volumes: v"]
    assert told[2] == "a run stops before that: with the volumes goes much"
    assert "note: n stays: in use" in told
    assert "remains, image: i (image=true removes it)" in told
    assert "remains, state: /s" in told
    assert teardown.TakenDown({"containers": []}).for_people(stack, False)[0] == "removed: nothing, the stack is down"


class Lost:
    """An engine with one volume, and what is in the database."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, look: Look | None, *others: str) -> None:
        def ask(_engine: object, _compose: object) -> SimpleNamespace:
            if look is None:
                raise SchemaFailed("it does not run")
            return SimpleNamespace(look=lambda: look, names=lambda: ["postgres", "template0", *look.databases, *others])

        monkeypatch.setattr(teardown, "Database", ask)
        self.volumes = ["project_postgres"]
        self.others: dict[str, list[dict[str, Any]]] = {}

    def belongings(self) -> dict[str, list[str]]:
        return {"containers": [], "networks": [], "volumes": self.volumes}

    def image_id(self, _name: str) -> None:
        return None

    def stacks(self) -> dict[str, list[dict[str, Any]]]:
        return self.others


def look_at(*applied: str, snapshots: tuple[str, ...] = ()) -> Look:
    names = ("netbox", *(f"netbox_snapshot_{name}" for name in snapshots))
    databases = {name: Described(name, 30 << 20, {}) for name in names}
    return Look("netbox", 170000, databases, Content(list(applied), "", ""), 1 << 30)


@pytest.mark.parametrize(
    ("look", "said"),
    [
        (look_at("dcim.0001"), "the database 'netbox' (30"),
        (look_at("dcim.0001", snapshots=("a", "b")), "2 snapshots, which no dump has (a, b)"),
        (look_at(snapshots=("a",)), "1 snapshots"),
        (None, "project_postgres, of which nothing is known"),
        # Its table of migrations may be gone, and rows be in others; uploads and Redis are elsewhere.
        (look_at(), "the database 'netbox' (30 MB), which has no NetBox in it, uploaded files, what Redis has"),
        (look_at(snapshots=("a",)), "which has no NetBox in it, 1 snapshots"),
    ],
)
def test_data_goes_only_where_it_is_said_that_it_may(
    make_stack: MakeStack, monkeypatch: pytest.MonkeyPatch, look: Look | None, said: str
) -> None:
    found = removal(make_stack())
    found.engine = Lost(monkeypatch, look)  # type: ignore[assignment]
    found._remove = lambda _kind, _name: ""  # type: ignore[method-assign]
    if said:
        with pytest.raises(DumpUndecided, match=r"^nothing was removed: ") as raised:
            found.run(["volumes", "image"])
        message = raised.value.message
        assert said in message
        *_others, with_dump, _words, without = message.splitlines()
        nothing_to_dump = look is not None and not look.live.applied
        assert ("-e volumes=true -e image=true -e dump=" in with_dump) != nothing_to_dump
        assert without.endswith("-e volumes=true -e image=true -e without_dump=true")
        found.check = True
        assert said in found.run(["volumes"]).undecided
        found.check = False
    assert found.run(["volumes"], without_dump=bool(said)).removed["volumes"] == ["project_postgres"]
    with pytest.raises(InvalidDump):
        found.run(["volumes"], Path("/x"), without_dump=True)


def test_databases_that_no_dump_has_are_named(make_stack: MakeStack, monkeypatch: pytest.MonkeyPatch) -> None:
    look = look_at("dcim.0001", snapshots=("a",))
    names = ("netbox_branch_1", "netbox_pristine_2", "netbox_tests_3")
    look = Look(**{**vars(look), "databases": {**look.databases, **{name: Described(name, 1, {}) for name in names}}})
    found = removal(make_stack())
    found.engine = Lost(monkeypatch, look, "mine")  # type: ignore[assignment]
    assert "2 more databases, which no dump has (mine, netbox_branch_1)" in found._offer([])


def test_without_volumes_nobody_is_asked(make_stack: MakeStack, monkeypatch: pytest.MonkeyPatch) -> None:
    found = removal(make_stack())
    found.engine = Lost(monkeypatch, look_at("dcim.0001"))  # type: ignore[assignment]
    assert found.run([]).removed["volumes"] == []
    found.engine.volumes = []  # type: ignore[attr-defined]
    assert found.run(["volumes"]).removed["volumes"] == []


@pytest.mark.parametrize(
    ("project", "there", "refused"),
    [("netbox-of-the-team", True, True), ("netbox-of-the-team", False, False), ("another", True, False)],
)
def test_another_stack_of_the_projects_name_is_not_taken_down(
    make_stack: MakeStack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, project: str, there: bool, refused: bool
) -> None:
    found = removal(make_stack(options={"project_name": "netbox-of-the-team"}))
    engine = Lost(monkeypatch, look_at("dcim.0001"))
    clone = str(tmp_path if there else tmp_path / "gone")
    web = {
        "Config": {"Env": ["NETBOX_DEV_REPOSITORY=/x"], "Labels": {"com.docker.compose.project": project}},
        "Mounts": [{"Source": clone, "Destination": "/x"}],
        "HostConfig": {},
        "State": {},
    }
    engine.others = {"other": [web], found.stack.id: [{**web, "Mounts": []}]}
    found.engine = engine  # type: ignore[assignment]
    for found.check in (True, False):
        if refused:
            with pytest.raises(InvalidProject, match=f"'netbox-of-the-team' is the stack of '{clone}', too"):
                found.run([])
        else:
            found.run([])
