# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""What operations are about, as migrations have them written; Django itself is asked end to end."""

from __future__ import annotations

import re

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.runtime import drift

FIELD = "migrations.{}Field(\n    model_name='{}',\n    name='{}',\n    field=models.{},\n),"
ADD = FIELD.format("Add", "switch", "uplink", "IntegerField(null=True)")
ALTER = FIELD.format("Alter", "fabric", "id", "BigAutoField(primary_key=True)")
ALTER_NEW = ALTER.replace("BigAuto", "Auto")
UNIQUE = "migrations.AlterUniqueTogether(\n    name='switch',\n    unique_together={('fabric', 'uplink')},\n),"
CREATE = "migrations.CreateModel(\n    name='Cable',\n    fields=[],\n),"
FOREIGN = FIELD.format("Add", "switch", "cable", "ForeignKey(to='netbox_example.cable')")
CABLED = UNIQUE.replace("uplink", "cable")
OTHER = FIELD.format("Add", "fabric", "speed", "IntegerField(default=1)")
INDEX = "migrations.AddIndex(\n    model_name='a',\n    index=models.Index(fields=['b'], name='x'),\n),"


@pytest.mark.parametrize(
    ("key", "kind", "text"),
    [
        (ADD, "AddField", "switch.uplink"),
        (UNIQUE, "AlterUniqueTogether", "switch (AlterUniqueTogether)"),
        (CREATE, "CreateModel", "cable"),
        (
            "migrations.AddIndex(\n    model_name='a',\n    index=models.Index(fields=['b'], name='x'),\n),",
            "AddIndex",
            "a",
        ),
    ],
)
def test_an_operation_is_about_a_model_and_a_part_of_it(key: str, kind: str, text: str) -> None:
    assert (drift.target_of(key).kind, drift.target_of(key).text) == (kind, text)


@pytest.mark.parametrize(
    ("keys", "inherited", "own", "along"),
    [
        ([ADD, ALTER], {ADD, ALTER}, [], []),
        ([ADD, OTHER], {ADD}, [OTHER], []),
        # What the edit's own operations need of inherited ones goes with them.
        ([ADD, UNIQUE], {ADD}, [UNIQUE], [ADD]),
        ([CREATE, FOREIGN], {CREATE}, [FOREIGN], [CREATE]),
        (
            [CREATE, FOREIGN, UNIQUE.replace("uplink", "cable")],
            {CREATE, FOREIGN},
            [UNIQUE.replace("uplink", "cable")],
            None,
        ),
    ],
)
def test_inherited_operations_go_along_only_where_the_edit_needs_them(
    keys: list[str], inherited: set[str], own: list[str], along: list[str] | None
) -> None:
    found = drift.Drift([], {}, keys, keys, {}).split(inherited)
    assert found[0] == own
    assert set(found[1]) == (inherited if along is None else set(along))


def test_an_edit_of_what_had_drift_is_said_to_hold_it() -> None:
    assert drift.overlapping([ALTER_NEW, OTHER], {ALTER, ADD}) == ["fabric.id"]
    assert drift.overlapping([OTHER], {ALTER}) == []


def test_answers_are_found_in_any_case() -> None:
    answers = drift.Answers.of({"renames": {"Fabric.Old": "new"}, "defaults": {"A.b": 1}})
    assert (answers.renames, answers.defaults) == ({"fabric.old": "new"}, {"a.b": 1})


REMOVE = "migrations.RemoveField(\n    model_name='switch',\n    name='port',\n),"
PORT = FIELD.format("Alter", "switch", "port", "IntegerField()")
DELETE = "migrations.DeleteModel(\n    name='Switch',\n),"


@pytest.mark.parametrize(
    ("own", "inherited", "renames", "said"),
    [
        ([REMOVE, ADD], set(), {}, ""),
        # The edit changed more than the name.
        ([REMOVE, ADD], set(), {"switch.port": "uplink"}, "'switch.port' is said to be 'uplink' now"),
        ([REMOVE], set(), {"switch.port": "uplnk"}, "'switch.port' is said to be 'uplnk' now"),
        ([REMOVE, ADD], set(), {"switch.port": ""}, ""),
        # Drift did: Django would ask without it.
        ([REMOVE, ADD], {PORT}, {}, "was it renamed to 'uplink'?"),
        ([REMOVE, OTHER], {PORT}, {}, ""),
        ([REMOVE, ADD], {ALTER}, {}, ""),
        ([DELETE, CREATE], {PORT}, {}, "'switch' is gone: was it renamed to 'cable'?"),
        ([DELETE, CREATE], set(), {"switch": "Cable"}, "'switch' is said to be 'Cable' now"),
        ([DELETE, CREATE], {PORT}, {"switch": ""}, ""),
    ],
)
def test_a_rename_that_django_does_not_see_is_no_removal(
    own: list[str], inherited: set[str], renames: dict[str, str], said: str
) -> None:
    if said:
        with pytest.raises(drift.OpenQuestion, match=re.escape(said)):
            drift.refuse_lost_renames(own, inherited, renames)
    else:
        drift.refuse_lost_renames(own, inherited, renames)
