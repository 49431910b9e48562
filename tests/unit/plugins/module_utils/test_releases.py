# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import releases
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.errors import UnknownRelease


@pytest.mark.parametrize(
    ("asked", "minor", "release"),
    [
        ("4.3", "4.3", "3.3.0"),
        ("v4.3", "4.3", "3.3.0"),
        ("4.3.7", "4.3", "3.3.0"),
        (" v4.4.10 ", "4.4", "3.4.0"),
        ("4.5", "4.5", "4.0.0"),
    ],
)
def test_a_netbox_version_in_any_spelling_has_its_release(asked: str, minor: str, release: str) -> None:
    assert releases.netbox_minor(asked) == minor
    assert releases.release_for(asked) == release


@pytest.mark.parametrize("asked", ["3.7", "4.33", "latest", "", "4", "v4.3-rc1"])
def test_an_unknown_version_is_refused_with_the_known_ones(asked: str) -> None:
    with pytest.raises(UnknownRelease) as caught:
        releases.netbox_minor(asked)
    assert all(known in caught.value.message for known in releases.RELEASES)
    assert caught.value.details == {"asked": asked, "known": list(releases.RELEASES)}


def test_the_default_is_known() -> None:
    assert releases.DEFAULT_NETBOX in releases.RELEASES


def no_parent(app: str, name: str) -> str:
    return f"NodeNotFoundError: Migration pkg.0002_x dependencies reference nonexistent parent node ('{app}', '{name}')"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (no_parent("dcim", "0211_platforms_unique"), "NetBox 4.4 is the first to have the migration '0211_platforms"),
        (no_parent("extras", "0143_last"), "'netbox: \"4.7\"'"),
        (no_parent("dcim", "0900_far"), "No NetBox up to 4.7 has the migration '0900_far'"),
        (no_parent("dcim", "0100_spelt_wrong"), "No NetBox from 4.1 on is known to have"),
        (no_parent("netbox_other", "0001_initial"), "'netbox_other' is no app of NetBox's own"),
        ("ProgrammingError: relation does not exist", ""),
    ],
)
def test_a_migration_whose_parent_is_missing_is_told_which_netbox_has_it(error: str, said: str) -> None:
    hint = releases.missing_parent(error)
    assert said in hint
    assert bool(hint) == bool(said)


@pytest.mark.parametrize(
    ("name", "said"),
    [("dcim.0211_platforms_unique", "NetBox 4.4 is the first"), ("dcim.0900_far", ""), ("social_django.0001_a", "")],
)
def test_an_applied_migration_of_another_netbox_is_told_which_one_has_it(name: str, said: str) -> None:
    hint = releases.first_netbox(f"Foreign: applied, and this NetBox has no file of: {name}, dcim.0212_x. They")
    assert said in hint
    assert bool(hint) == bool(said)


def test_the_migrations_are_known_of_every_release() -> None:
    for numbers in releases._MIGRATIONS.values():
        assert len(numbers) == len(releases.RELEASES)
        assert list(numbers) == sorted(numbers)
