# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import services
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.errors import ComposeFailed, UnknownService

MANAGE = ["/opt/netbox/venv/bin/python", "/opt/netbox/netbox/manage.py"]


@pytest.mark.parametrize(
    ("words", "role", "supervised"),
    [
        ([], "web", ["web"]),
        (["/opt/netbox/launch-netbox.sh"], "web", ["web"]),
        ([*MANAGE, "runserver", "0.0.0.0:8080"], "web", ["web"]),
        ([*MANAGE, "rqworker"], "worker", ["manage", "rqworker"]),
        ([*MANAGE, "rqworker", "high", "low"], "worker", ["manage", "rqworker", "high", "low"]),
        (["manage.py", "rqscheduler"], "scheduler", ["manage", "rqscheduler"]),
        (["/opt/netbox/housekeeping.sh"], "housekeeping", ["script", "/opt/netbox/housekeeping.sh"]),
        (["sleep", "9"], "worker", ["exec", "sleep", "9"]),
    ],
)
def test_a_command_tells_the_role_and_what_is_supervised(words: list[str], role: str, supervised: list[str]) -> None:
    assert services.role_of_command(words) == role
    assert services.supervised(words) == supervised


@pytest.mark.parametrize(
    ("service", "words"),
    [({}, []), ({"command": None}, []), ({"command": "a b"}, ["a", "b"]), ({"command": ["a", 1]}, ["a", "1"])],
)
def test_a_command_is_words_in_either_form(service: dict[str, Any], words: list[str]) -> None:
    assert services.command_words(service) == words


def test_the_checkouts_services_have_their_roles(compose_base: dict[str, Any]) -> None:
    assert services.python_services(compose_base) == {
        "netbox": "web",
        "netbox-worker": "worker",
        "netbox-housekeeping": "housekeeping",
    }
    assert services.backing_services(compose_base) == ["postgres", "redis", "redis-cache"]
    assert services.web_service(services.python_services(compose_base)) == "netbox"


def test_our_labels_tell_the_roles_when_they_are_there(compose_base: dict[str, Any]) -> None:
    compose_base["services"]["netbox"]["labels"] = {"hedgehog.netbox_dev.role": "web"}
    compose_base["services"]["extra"] = {"labels": {"hedgehog.netbox_dev.role": "scheduler"}, "image": "x"}
    assert services.python_services(compose_base) == {"netbox": "web", "extra": "scheduler"}
    assert services.backing_services(compose_base) == [
        "netbox-housekeeping", "netbox-worker", "postgres", "redis", "redis-cache"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({}, "no service 'netbox'"),
        ({"services": {"web": {"image": "x"}}}, "found: web"),
        ({"services": {"netbox": {"build": "."}}}, "no service 'netbox' with an image"),
        ({"services": {"netbox": {"image": "x"}, "other": {"image": "x"}}}, "one web service .* found: netbox, other"),
        ({"services": {"netbox": {"image": "x", "command": ["rqworker"]}}}, "found: none"),
    ],
)
def test_a_checkout_that_is_none_is_refused(config: dict[str, Any], said: str) -> None:
    with pytest.raises(ComposeFailed, match=said):
        services.python_services(config)


PYTHON = ["netbox", "netbox-housekeeping", "netbox-worker"]
BACKING = ["postgres", "redis", "redis-cache"]


@pytest.mark.parametrize(
    ("asked", "chosen"),
    [
        (["netbox"], ["netbox"]),
        (["web", "worker"], ["netbox", "netbox-worker"]),
        (["quick"], ["netbox", "netbox-worker"]),
        (["full"], PYTHON),
        (["all"], [*PYTHON, *BACKING]),
        (["database"], ["postgres"]),
        # Typed with commas and blanks; a name comes before a role.
        (["netbox redis", " quick"], ["netbox", "netbox-worker", "redis"]),
        ([], []),
    ],
)
def test_services_are_chosen_by_name_by_role_or_as_a_set(
    compose_base: dict[str, Any], asked: list[str], chosen: list[str]
) -> None:
    assert services.choose(compose_base, asked) == chosen


@pytest.mark.parametrize(
    ("asked", "meant"), [("netbox-wroker", "netbox-worker"), ("workers", "worker"), ("postgresql", "postgres")]
)
def test_a_service_that_is_not_there_is_refused_with_the_nearest(
    compose_base: dict[str, Any], asked: str, meant: str
) -> None:
    with pytest.raises(UnknownService, match=f"did you mean '{meant}'"):
        services.choose(compose_base, ["netbox", asked])
