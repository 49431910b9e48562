# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""An open page loads itself again when what it shows is served otherwise, and shows what keeps it from being served."""

from __future__ import annotations

import http.client
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from .long import long
from .stack import Stack, wait_for

PAGE = "/plugins/example/"
TEMPLATE = "netbox_example/templates/netbox_example/switch_list.html"
VIEWS = "netbox_example/views.py"
TITLE = r'^TITLE = ".*"$'


@contextmanager
def open_page(stack: Stack) -> Iterator[Iterator[str]]:
    """What the stream of an open page says, line by line."""
    found = re.search(r'EventSource\("(.*?)"\)', stack.http(PAGE).text)
    assert found
    connection = http.client.HTTPConnection("127.0.0.1", stack.port, timeout=20)
    try:
        connection.request("GET", found.group(1))
        response = connection.getresponse()
        yield (line.decode().strip() for line in response)
    finally:
        connection.close()


def title(stack: Stack) -> str:
    return str(stack.http("/plugins/example/info/").json()["title"])


def test_an_open_page_is_told_of_a_template_of_a_view_and_of_an_error(stack: Stack) -> None:
    before = title(stack)
    with stack.kept(TEMPLATE, VIEWS):
        with open_page(stack) as said:
            stack.replace(TEMPLATE, "^<h1>.*</h1>$", "<h1>Other</h1>")
            assert "event: changed" in said
        with open_page(stack) as said:
            stack.replace(VIEWS, TITLE, "TITLE = nobody")
            assert "event: broken" in said
            assert "NameError" in json.loads(next(said).partition(" ")[2])
            stack.replace(VIEWS, "^TITLE = .*$", 'TITLE = "Refreshed"')
            # The stream ends with its process, and a browser asks again.
            assert "event: changed" not in said
        assert title(stack) == "Refreshed"
        log = stack.compose("logs", "netbox").stdout
        assert "/.netbox-dev/" not in log
    wait_for(lambda: title(stack) == before, "the old title")
    stack.must_apply()


@long
def test_a_browser_shows_what_is_saved_without_a_click(stack: Stack) -> None:
    api = pytest.importorskip("playwright.sync_api", reason="pip install playwright")
    chromium = shutil.which("chromium")
    if not chromium:
        pytest.skip("apt-get install chromium")
    with stack.kept(TEMPLATE, VIEWS), api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(f"{stack.url}{PAGE}")
        stack.replace(TEMPLATE, "^<h1>.*</h1>$", "<h1>{{ title }} in a browser</h1>")
        page.wait_for_selector("h1:text('Switches in a browser')", timeout=10_000)
        stack.replace(VIEWS, TITLE, "TITLE = nobody")
        page.wait_for_selector("#netbox-dev-broken:text('NameError')", timeout=20_000)
        stack.replace(VIEWS, "^TITLE = .*$", 'TITLE = "Seen"')
        page.wait_for_selector("h1:text('Seen in a browser')", timeout=20_000)
        assert page.locator("#netbox-dev-broken").count() == 0
        browser.close()
    stack.must_apply()


@long
def test_a_project_may_leave_its_pages_alone(stack: Stack) -> None:
    with stack.kept("netbox-dev.yml"):
        text = (stack.plugin / "netbox-dev.yml").read_text(encoding="utf-8")
        stack.write("netbox-dev.yml", f"{text}browser_refresh: false\n")
        stack.must_apply()
        assert "EventSource" not in stack.http(PAGE).text
    stack.must_apply()
    assert "EventSource" in stack.http(PAGE).text
