# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Coverage of the plugin by its tests: measured from before its first import, reported by the plugin's own paths."""

from __future__ import annotations

import configparser
import io
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Callable

from .netbox import NETBOX_DIR

# What of the plugin's own configuration of coverage goes on counting.
_KEPT = {
    "run": ("branch", "concurrency", "disable_warnings", "omit", "plugins"),
    "report": (
        *("exclude_also", "exclude_lines", "fail_under", "ignore_errors", "omit", "partial_branches", "precision"),
        *("show_missing", "skip_covered", "skip_empty", "sort"),
    ),
    "html": ("title",),
}


def _configuration(repository: str, package_path: str, folder: str, parallel: bool) -> str:
    """A file of coverage's: what the plugin says, over files as its repository has them."""
    import coverage

    package = os.environ["NETBOX_DEV_PACKAGE"]
    known = coverage.Coverage(data_file=None, config_file=True)
    parser = configparser.RawConfigParser()
    for section, names in _KEPT.items():
        parser[section] = {}
        for name in names:
            try:
                value = known.get_option(f"{section}:{name}")
            except coverage.CoverageException:
                # Newer than this coverage.
                continue
            if isinstance(value, (list, tuple)):
                value = "".join(f"\n{one}" for one in value)
            if value not in (None, ""):
                parser[section][name] = str(value)
    parser["run"].update(source_pkgs=package, data_file=os.path.join(folder, ".coverage"), parallel="true")
    if parallel:
        parser["run"]["concurrency"] = "\nmultiprocessing\nthread"
    parser["paths"] = {"plugin": f"\n{repository}/{package_path}\n{NETBOX_DIR}/{package}"}
    path = os.path.join(folder, "coveragerc")
    with open(path, "w", encoding="utf-8") as stream:
        parser.write(stream)
    return path


@contextmanager
def measured(wanted: dict[str, Any] | None, say: Callable[[str], None]) -> Iterator[dict[str, Any]]:
    """Measure what runs inside; the dict that is yielded says at the end ``{percent, files, text}``.

    ``wanted``: ``repository`` and ``package_path`` (in the container, and relative to it), ``root`` (the repository's
    path for whoever reads the XML), ``parallel``; None measures nothing. Writes ``.coverage``, ``coverage.xml`` and
    ``htmlcov/`` into the repository.
    """
    found: dict[str, Any] = {}
    if wanted is None:
        yield found
        return
    import coverage

    repository = wanted["repository"]
    os.chdir(repository)
    # The stack's own word on where the data goes is for whoever types coverage by hand.
    os.environ.pop("COVERAGE_FILE", None)
    with tempfile.TemporaryDirectory() as folder:
        file = _configuration(repository, wanted["package_path"], folder, wanted["parallel"])
        measuring = coverage.Coverage(config_file=file)
        # Also for processes that tests are split to.
        os.environ["COVERAGE_RCFILE"] = file
        measuring.start()
        try:
            yield found
        finally:
            measuring.stop()
            measuring.save()
        os.chdir(repository)
        whole = coverage.Coverage(config_file=file, data_file=os.path.join(repository, ".coverage"), data_suffix=False)
        # Found by the name of the file that they become.
        whole.combine([folder], strict=True)
        whole.save()
        table = io.StringIO()
        found["percent"] = round(whole.report(file=table), 1)
        whole.xml_report(outfile="coverage.xml")
        whole.html_report(directory="htmlcov")
        found["files"] = [".coverage", "coverage.xml", "htmlcov/index.html"]
        _name_root(os.path.join(repository, "coverage.xml"), repository, wanted["root"])
    for line in table.getvalue().splitlines():
        say(line)


def _name_root(path: str, repository: str, root: str) -> None:
    """Whoever reads the report finds the files where the developer has them."""
    from xml.sax.saxutils import escape

    with open(path, encoding="utf-8") as stream:
        text = stream.read()
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(text.replace(f"<source>{repository}", f"<source>{escape(root)}"))
