# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import plan
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.change import Change, printable
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.matrix import (
    ACTIONS,
    CATEGORIES,
    MATRIX,
    PYTHON_ROLES,
    SUBSUMED,
)
from hypothesis import given
from hypothesis import strategies as st

ROLES = {
    "netbox": "web",
    "netbox-worker": "worker",
    "netbox-rq-worker-hedgehog": "worker",
    "netbox-rq-scheduler": "scheduler",
    "netbox-housekeeping": "housekeeping",
}
LOADING = ["netbox", "netbox-rq-scheduler", "netbox-rq-worker-hedgehog", "netbox-worker"]
EVERY = sorted(ROLES)


def change(category: str, path: str | None = None) -> Change:
    return Change(path, "modified" if path else "named", category, f"{printable(path)} modified" if path else "named")


def made(*categories: str) -> list[tuple[str, list[str]]]:
    return [(a.action, list(a.services)) for a in plan.make_plan([change(c) for c in categories], ROLES)]


@pytest.mark.parametrize(
    ("category", "actions"),
    [
        ("python", [("reload", LOADING)]),
        ("views", [("reload", LOADING)]),
        ("urls", [("reload", LOADING)]),
        ("models", [("makemigrations", []), ("migrate", []), ("reload", LOADING)]),
        ("templates", []),
        ("static", [("collectstatic", [])]),
        ("settings", [("restart", EVERY)]),
        ("migrations", [("migrate", []), ("reload", EVERY)]),
        ("dependencies", [("build", []), ("recreate", EVERY)]),
        ("plugin_config", [("reload", EVERY)]),
        ("tests", []),
        ("docs", []),
        ("ignored", []),
    ],
)
def test_each_row_of_the_matrix(category: str, actions: list[tuple[str, list[str]]]) -> None:
    assert made(category) == actions


def test_the_matrix_has_a_row_for_every_category() -> None:
    assert set(MATRIX) == set(CATEGORIES)


@pytest.mark.parametrize(
    ("categories", "actions"),
    [
        (["views", "settings"], [("restart", EVERY)]),
        (["python", "dependencies"], [("build", []), ("recreate", EVERY)]),
        (["settings", "dependencies"], [("build", []), ("recreate", EVERY)]),
        (
            ["static", "dependencies", "models", "settings", "docs"],
            [("build", []), ("makemigrations", []), ("migrate", []), ("recreate", EVERY), ("collectstatic", [])],
        ),
        (["migrations", "plugin_config"], [("migrate", []), ("reload", EVERY)]),
        (["plugin_config", "settings"], [("restart", EVERY)]),
        (["models", "migrations"], [("makemigrations", []), ("migrate", []), ("reload", EVERY)]),
        ([], []),
    ],
)
def test_the_stronger_action_takes_the_weaker_ones_place(
    categories: list[str], actions: list[tuple[str, list[str]]]
) -> None:
    assert {tuple(map(str, made(*order))) for order in permutations(categories)} == {tuple(map(str, actions))}


def test_reasons_name_the_files_and_no_line_of_output_is_broken_by_them() -> None:
    (reload,) = plan.make_plan([change("views", "a/views.py"), change("urls", "a/b\nc.py"), change("python")], ROLES)
    assert reload.reasons == ("python: named", "urls: a/b\\nc.py modified", "views: a/views.py modified")
    assert reload.describe()["services"] == LOADING


def test_a_stack_without_workers_has_none_in_its_plan() -> None:
    (reload,) = plan.make_plan([change("python")], {"netbox": "web"})
    assert reload.services == ("netbox",)


CHANGES = st.lists(
    st.builds(
        change, st.sampled_from(CATEGORIES), st.one_of(st.none(), st.sampled_from(["a.py", "b.py", "c/d.html", "ü"]))
    ),
    max_size=8,
)
RULED = st.dictionaries(
    st.sampled_from([a for a, in_services in ACTIONS.items() if in_services]),
    st.lists(st.sampled_from(PYTHON_ROLES), min_size=1, unique=True).map(tuple),
)
CHANGES_WITH_MORE = st.builds(
    replace,
    st.builds(change, st.sampled_from(CATEGORIES), st.sampled_from(["a.py", "b.py", None])),
    roles=st.one_of(st.none(), st.just(("web",))),
    actions=st.one_of(st.none(), RULED),
)
SOME_ROLES = st.dictionaries(st.sampled_from(EVERY), st.sampled_from(PYTHON_ROLES))


@given(CHANGES, SOME_ROLES, st.randoms())
def test_the_order_of_changes_and_their_repetition_make_no_difference(changes, roles, random) -> None:  # type: ignore[no-untyped-def]
    shuffled = [*changes, *changes[:2]]
    random.shuffle(shuffled)
    assert plan.make_plan(changes, roles) == plan.make_plan(shuffled, roles)


@given(CHANGES, SOME_ROLES)
def test_a_plan_is_in_order_names_only_known_services_and_none_twice(changes, roles) -> None:  # type: ignore[no-untyped-def]
    actions = plan.make_plan(changes, roles)
    names = [a.action for a in actions]
    assert names == [name for name in ACTIONS if name in names]
    touched = [s for a in actions for s in a.services]
    assert len(touched) == len(set(touched))
    assert set(touched) <= set(roles)


@given(CHANGES, CHANGES, SOME_ROLES)
def test_more_changes_never_need_less(first, more, roles) -> None:  # type: ignore[no-untyped-def]
    strength = {"reload": 1, "restart": 2, "recreate": 3}

    def needs(changes: list[Change]) -> tuple[set[str], dict[str, int]]:
        actions = plan.make_plan(changes, roles)
        return (
            {a.action for a in actions if a.action not in strength},
            {service: strength[a.action] for a in actions if a.action in strength for service in a.services},
        )

    (less, few), (all_of_it, many) = needs(first), needs([*first, *more])
    assert less <= all_of_it
    assert all(many.get(service, 0) >= rank for service, rank in few.items())


PARTITIONS = st.lists(st.lists(CHANGES_WITH_MORE, max_size=4), max_size=4)


@given(PARTITIONS, SOME_ROLES)
def test_the_plans_of_any_partition_merged_are_the_plan_of_the_whole(parts, roles) -> None:  # type: ignore[no-untyped-def]
    merged = plan.merge(*(plan.needs_of(part, roles) for part in parts))
    whole = [change for part in parts for change in part]
    assert plan.ordered(merged) == plan.make_plan(whole, roles)


@given(PARTITIONS, SOME_ROLES)
def test_an_action_gives_way_only_to_one_that_does_all_it_does(parts, roles) -> None:  # type: ignore[no-untyped-def]
    together = plan.merge(*(plan.needs_of(part, roles) for part in parts))
    for part in parts:
        for action, service in plan.needs_of(part, roles):
            stronger = {action, *SUBSUMED.get(action, ())}
            assert any((name, service) in together for name in stronger)


@pytest.mark.parametrize(
    ("actions", "expected"),
    [
        ({"reload": ("worker",)}, [("reload", ["netbox-rq-worker-hedgehog", "netbox-worker"])]),
        (
            {"restart": ("scheduler", "web"), "collectstatic": ()},
            [("restart", ["netbox", "netbox-rq-scheduler"]), ("collectstatic", [])],
        ),
        ({"build": (), "recreate": ("housekeeping",)}, [("build", []), ("recreate", ["netbox-housekeeping"])]),
        ({}, []),
    ],
)
def test_a_rules_own_actions_stand_in_the_place_of_the_matrix(actions, expected) -> None:  # type: ignore[no-untyped-def]
    ruled = replace(change("models", "a.yml"), actions=actions)
    assert [(a.action, list(a.services)) for a in plan.make_plan([ruled], ROLES)] == expected


def test_code_that_only_the_web_service_loads_reloads_it_alone() -> None:
    web_only = replace(change("views", "a/views.py"), roles=("web",))
    assert plan.make_plan([web_only], ROLES)[0].services == ("netbox",)
    assert list(plan.make_plan([web_only, change("python")], ROLES)[0].services) == LOADING
    assert plan.make_plan([replace(web_only, category="settings")], ROLES)[0].services == tuple(EVERY)


def test_a_reason_names_the_file_once() -> None:
    (reload,) = plan.make_plan([replace(change("models", "a/models.py"), reason="M.a added")], ROLES)[2:]
    assert reload.reasons == ("models: a/models.py: M.a added",)
