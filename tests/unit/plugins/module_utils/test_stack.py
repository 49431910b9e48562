# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import stack
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.errors import (
    InvalidProject,
    NetBoxDevError,
    PluginNotFound,
    StackNotSetUp,
    UnknownAction,
    UnknownCategory,
    UnknownRelease,
    UnknownRole,
)
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import Stack
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.state import write_json

Make = Callable[..., Path]
MakeStack = Callable[..., Stack]


# A short file that would be ten million values, written out.
LAUGHS = "settings:\n  A0: &a0 [0]\n" + "".join(
    f"  A{i + 1}: &a{i + 1} [{', '.join([f'*a{i}'] * 10)}]\n" for i in range(7)
)


def test_an_ordinary_plugin_needs_no_file(make_stack: MakeStack) -> None:
    found = make_stack()
    assert (found.netbox, found.release, found.port) == ("4.3", "3.3.0", 8000)
    assert found.project_name == f"netbox-dev-netbox-example-{found.id[:6]}"
    assert found.checkout == found.plugin.root / "gitignore" / "netbox-docker"
    assert found.state.name == found.id
    assert found.image == f"localhost/{found.project_name}:dev"
    assert found.url == "http://127.0.0.1:8000"


def test_options_win_over_the_file_and_the_file_over_defaults(make_stack: MakeStack) -> None:
    files = {"netbox-dev.yml": "netbox: 4.4\nport: 8010\npackages: [rq-scheduler]\n"}
    found = make_stack({"port": "8020", "netbox": None}, files=files)
    assert (found.netbox, found.release, found.port, found.packages) == ("4.4", "3.4.0", 8020, ["rq-scheduler"])


def test_a_release_that_is_named_lets_an_unknown_netbox_pass(make_stack: MakeStack) -> None:
    found = make_stack({"netbox": "v5.0", "netbox_docker_version": "6.0.0"})
    assert (found.netbox, found.release) == ("5.0", "6.0.0")


def test_checkout_may_lie_elsewhere(make_stack: MakeStack, tmp_path: Path) -> None:
    assert make_stack({"checkout": str(tmp_path / "co")}).checkout == tmp_path / "co"
    assert make_stack({"checkout": "../co"}).checkout == tmp_path / "co"


def test_the_description_is_plain_data(make_stack: MakeStack) -> None:
    assert {type(value) for value in make_stack().describe().values()} <= {str, int}


@pytest.mark.parametrize(
    ("wanted", "given", "taken"),
    [
        (int, "8001", 8001),
        (int, "port", "port"),
        (int, 8001, 8001),
        (bool, "false", False),
        (bool, "No", False),
        (bool, "0", False),
        (bool, "Yes", True),
        (bool, "maybe", "maybe"),
        (list, "a, b,,c", ["a", "b", "c"]),
        (list, "", []),
        (str, "0", "0"),
        (dict, "a", "a"),
    ],
)
def test_words_from_a_command_line_become_what_the_key_holds(wanted: type, given: Any, taken: Any) -> None:
    assert stack._cast(wanted, given) == taken


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ("prot: 1\n", InvalidProject, "unknown key 'prot'; did you mean 'port'? Known keys: netbox,"),
        ("zzzzzzz: 1\n", InvalidProject, "unknown key 'zzzzzzz'. Known keys:"),
        ("1: 1\n", InvalidProject, "unknown key '1'. Known"),
        ("port: '8000'\n", InvalidProject, "'port' must be of type int, found str: '8000'"),
        ("port: true\n", InvalidProject, "'port' must be of type int, found bool"),
        ("debug_toolbar: 1\n", InvalidProject, "'debug_toolbar' must be of type bool"),
        ("browser_refresh: sometimes\n", InvalidProject, "'browser_refresh' must be of type bool"),
        ("packages: rq\n", InvalidProject, "'packages' must be of type list"),
        ("netbox: [4]\n", InvalidProject, "'netbox' must be of type str"),
        ("port: 0\n", InvalidProject, "port: 0 is not between 1 and 65535"),
        ("port: 65536\n", InvalidProject, "65536 is not between"),
        ("services: {Bad Name: {command: x}}\n", InvalidProject, "'Bad Name' is not a service name"),
        ("services: {w: rqworker}\n", InvalidProject, "'w' needs 'command' alone"),
        ("services: {w: {command: ''}}\n", InvalidProject, "'w' needs 'command' alone"),
        ("services: {w: {command: a, image: b}}\n", InvalidProject, "'w' needs 'command' alone"),
        ("rules: [{path: x}]\n", InvalidProject, "each rule has 'path'"),
        ("rules: [x]\n", InvalidProject, "each rule has 'path'"),
        ("rules: [{path: x, category: statics}]\n", UnknownCategory, "did you mean 'static'?"),
        ("rules: [{path: x, categories: [a]}]\n", InvalidProject, "each rule has 'path'"),
        ("rules: [{path: x, category: [a]}]\n", InvalidProject, "a category was expected, found ['a']"),
        ("rules: [{path: x, actions: [reload]}]\n", InvalidProject, "actions with their roles were expected"),
        ("rules: [{path: x, actions: {}}]\n", InvalidProject, "actions with their roles were expected"),
        (
            "rules: [{path: x, actions: {relaod: [web]}}]\n",
            UnknownAction,
            "did you mean 'reload'? Known actions: build",
        ),
        ("rules: [{path: x, actions: {reload: [wroker]}}]\n", UnknownRole, "did you mean 'worker'? Known roles: web"),
        ("rules: [{path: x, actions: {reload: [[web]]}}]\n", UnknownRole, "unknown role '['web']'"),
        ("rules: [{path: x, actions: {reload: }}]\n", InvalidProject, "'reload' wants a list of roles (web, worker,"),
        ("rules: [{path: x, actions: {migrate: [web]}}]\n", InvalidProject, "'migrate' wants no role"),
        ("rules: [{path: x, category: docs, actions: {}}]\n", InvalidProject, "each rule has 'path'"),
        ("rules: [{path: 3, category: docs}]\n", InvalidProject, "each rule has 'path'"),
        ("project_name: Up\n", InvalidProject, "project_name: 'Up'"),
        ("netbox: 3.1\n", UnknownRelease, "Known: 4.1, 4.2, 4.3"),
        ("- a\n", InvalidProject, "a mapping was expected at the top, found list"),
        ("a: [\n", InvalidProject, "not valid YAML"),
        ("a: \udcff\n", InvalidProject, "not valid YAML"),
        ("port: !!python/object/apply:os.system [touch pwned]\n", InvalidProject, "not valid YAML"),
        ("settings: &a {X: *a}\n", InvalidProject, "not valid YAML"),
        ("settings: {X: 2020-01-01}\n", InvalidProject, "2020-01-01 is a date; if it is meant as text"),
        (LAUGHS, InvalidProject, "more than 10000 values"),
        ("netbox_docker_url: '--upload-pack=touch pwned'\n", InvalidProject, "a URL or a path was expected"),
        ("netbox_docker_url: 'ext::sh -c touch% pwned'\n", InvalidProject, "a URL or a path was expected"),
        ('netbox_docker_url: "https://a\\nb"\n', InvalidProject, "a URL or a path was expected"),
        ("netbox_docker_version: '--force'\n", InvalidProject, "a tag was expected, such as '3.3.0'"),
        ("netbox_docker_version: 'a/../b'\n", InvalidProject, "a tag was expected"),
        ("netbox_docker_version: 'a b'\n", InvalidProject, "a tag was expected"),
        ("checkout: ../co\n", InvalidProject, "checkout: '../co' is not below the plugin's directory"),
        ("checkout: /etc\n", InvalidProject, "is not below the plugin's directory"),
        ("checkout: .\n", InvalidProject, "is not below the plugin's directory"),
    ],
)
def test_a_wrong_project_file_says_what_is_wrong(
    make_plugin: Make, text: str, kind: type[NetBoxDevError], said: str
) -> None:
    root = make_plugin()
    (root / "netbox-dev.yml").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(kind) as caught:
        stack.resolve(str(root))
    assert said in caught.value.message


@pytest.mark.parametrize("text", ["", "# only a comment\n", "port: null\n"])
def test_a_file_that_says_nothing_changes_nothing(make_plugin: Make, text: str) -> None:
    root = make_plugin(files={"netbox-dev.yml": text})
    assert stack.resolve(str(root)).port == 8000


@pytest.mark.parametrize(("name", "said"), [("modle", "did you mean 'models'?"), ("zzz", "'zzz'. Known categories:")])
def test_an_unknown_category_names_the_nearest(name: str, said: str) -> None:
    with pytest.raises(UnknownCategory) as caught:
        stack.check_category(name)
    assert said in caught.value.message


def test_every_known_category_is_taken() -> None:
    assert [stack.check_category(name) for name in stack.CATEGORIES] == list(stack.CATEGORIES)


class TestChoosePath:
    def test_what_was_given_is_taken(self) -> None:
        assert stack.choose_path("somewhere") == "somewhere"

    def test_else_the_current_directory_when_it_is_a_plugin(
        self, make_plugin: Make, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        root = make_plugin()
        monkeypatch.chdir(root)
        assert stack.choose_path(None) == str(root)

    def test_else_the_only_stack_that_is_set_up(
        self, make_stack: MakeStack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, state_home: Path
    ) -> None:
        (tmp_path / "nowhere").mkdir()
        monkeypatch.chdir(tmp_path / "nowhere")
        with pytest.raises(PluginNotFound, match="no stack is set up"):
            stack.choose_path(None)
        one = make_stack(repository="one")
        stack.remember_options(one, {})
        # Another stack's damaged state is no concern of this one.
        (state_home / "0123456789ab").mkdir()
        (state_home / "0123456789ab" / "options.json").write_text("{")
        assert stack.choose_path("") == str(one.plugin.root)
        two = make_stack(repository="two")
        stack.remember_options(two, {})
        with pytest.raises(PluginNotFound) as caught:
            stack.choose_path(None)
        assert sorted(caught.value.details["known"]) == sorted([str(one.plugin.root), str(two.plugin.root)])


class TestLoad:
    def test_a_stack_that_was_never_set_up_is_named(self, make_plugin: Make) -> None:
        with pytest.raises(StackNotSetUp, match=r"Run dev-setup\.yml"):
            stack.load(str(make_plugin()))

    def test_remembered_options_are_those_of_later_runs(self, make_stack: MakeStack) -> None:
        made = make_stack({"port": 8123})
        assert stack.remember_options(made, {"port": "8123", "netbox": None}) is True
        assert stack.remember_options(made, {"port": 8123}) is False
        assert stack.load(str(made.plugin.root)).port == 8123

    def test_a_path_with_no_plugin_is_told_as_such(self, tmp_path: Path) -> None:
        with pytest.raises(PluginNotFound):
            stack.load(str(tmp_path / "absent"))


def test_two_plugins_and_one_plugin_by_two_paths(make_stack: MakeStack, tmp_path: Path) -> None:
    one, two = make_stack(repository="one"), make_stack(repository="two")
    (tmp_path / "link").symlink_to(one.plugin.root)
    again = stack.resolve(str(tmp_path / "link"))
    assert one.id == again.id != two.id
    assert one.project_name == again.project_name != two.project_name
    assert one.state != two.state


def test_a_stack_of_another_release_is_loaded_only_where_that_is_all_the_same(make_stack: MakeStack) -> None:
    made = make_stack(options={"netbox": "4.3"})
    write_json(made.state / "options.json", {"options": {"netbox": "4.4"}, "root": "", "release": made.release})
    with pytest.raises(StackNotSetUp, match=r"was set up with netbox-docker 3\.3\.0"):
        stack.load(str(made.plugin.root))
    assert stack.load(str(made.plugin.root), any_release=True).netbox == "4.4"
