# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.errors import InvalidPath
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.visiting import Visitor, path_of


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("/plugins/example/", "/plugins/example/"),
        ("plugins/example/?page=2&x=%20", "/plugins/example/?page=2&x=%20"),
        ("http://127.0.0.1:8000/dcim/sites/?q=a#part", "/dcim/sites/?q=a"),
        (" / ", "/"),
    ],
)
def test_a_page_is_a_path(url: str, path: str) -> None:
    assert path_of(url) == path


@pytest.mark.parametrize("url", ["", "/a b/", "/ünï/", "/a\r\nHost: x", "?a=b"])
def test_what_is_no_path_is_refused(url: str) -> None:
    with pytest.raises(InvalidPath, match="urls: "):
        path_of(url)


def test_a_page_that_does_not_answer_has_no_status() -> None:
    visitor = Visitor(1)
    assert visitor.visit("/").status == 0
    assert not visitor.log_in("admin", "x")
