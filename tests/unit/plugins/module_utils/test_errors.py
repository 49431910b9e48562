# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import errors


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("modles", "; did you mean 'models'?"),
        ("VIEWS", "; did you mean 'views'?"),
        ("qqqq", "."),
        ("", "."),
    ],
)
def test_the_nearest_known_word_is_named_and_the_sentence_ends_either_way(word: str, said: str) -> None:
    assert errors.nearest(word, ["models", "views"]) == said


def test_a_failure_carries_code_message_and_details() -> None:
    error = errors.StackLocked("held", holder="pid 1")
    assert error.failure() == {"code": "stack_locked", "message": "held", "details": {"holder": "pid 1"}}
    assert str(error) == "held"


def test_every_failure_has_a_code_of_its_own() -> None:
    kinds = errors.NetBoxDevError.__subclasses__()
    assert len({kind.code for kind in kinds} | {errors.NetBoxDevError.code}) == len(kinds) + 1
