# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""Replays a plugin's history: every commit is classified and planned against its parent, as an edit would be.

The clone is only read. With a truth (see model_state.py), the engine's word on the schema is compared with Django's.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shlex
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from replay.decide import decide
from replay.history import Checkout, Commit, checkout, code_key, commits
from replay.report import UNKNOWN, Replayed, changed_lines, report, verdict
from replay.truth import Cache, Command, Server

Known = tuple[str | None, str]


def replay(
    clone: Path, wanted: list[Commit], package: str | None, truth: Callable[[Checkout, str, str], Known] | None
) -> Iterator[tuple[Replayed, str | None, str | None]]:
    """Each commit, with the digests of its parent's schema and its own."""
    with checkout(clone) as place:
        for commit in wanted:
            place.switch(commit.name)
            one = Replayed(commit, decide(place.root, package=package))
            before = after = None
            if truth and not one.decision.error:
                (after, why) = truth(place, commit.name, one.decision.package)
                (before, why_before) = truth(place, commit.parent or "", one.decision.package)
                one.verdict = verdict(one.decision.schema, before, after)
                if one.verdict == UNKNOWN:
                    lines = (why or why_before).splitlines()
                    one.why = lines[-1] if lines else "it failed without a word"
            yield one, before, after


def asking(clone: Path, source: Command | Server, cache: Cache) -> Callable[[Checkout, str, str], Known]:
    """A function that answers from the cache, else checks the commit out and asks."""

    def ask(place: Checkout, commit: str, package: str) -> Known:
        key = f"{package} {code_key(clone, commit)}"
        known = cache.get(key)
        if known is None:
            place.switch(commit)
            known = cache.put(key, *source.ask(package, place.root))
        return known

    return ask


def main() -> int:
    parser = argparse.ArgumentParser(prog="python tests/replay", description=__doc__)
    parser.add_argument("clone", type=Path, help="a clone of a plugin, bare or not")
    parser.add_argument("range", help="revisions as git knows them, such as main or v1.0..main")
    parser.add_argument("--package", help="the plugin's package, where the repository holds several")
    parser.add_argument("--first-parent", action="store_true", help="first parents only, not all that are no merges")
    truth = parser.add_mutually_exclusive_group()
    truth.add_argument("--truth", metavar="COMMAND", help="run with PACKAGE and DIRECTORY; prints the schema as a text")
    truth.add_argument("--truth-server", metavar="COMMAND", help="started once, as model_state.py with --each is")
    parser.add_argument("--cache", type=Path, metavar="FILE", help="where the truth's answers are kept")
    parser.add_argument("--json", type=Path, metavar="FILE", help="every commit's changes, plan and verdict")
    parser.add_argument("--most", type=int, default=25, help="files listed of a kind (25)")
    options = parser.parse_args()

    listed = commits(options.clone, options.range, options.first_parent)
    wanted = [commit for commit in listed if commit.parent]
    command = options.truth or options.truth_server
    source = Command(options.truth) if options.truth else Server(shlex.split(command)) if command else None
    # Another command may know another NetBox.
    name = hashlib.sha256(f"{options.clone.resolve()} {command}".encode()).hexdigest()[:12]
    cache = Cache(options.cache or Path(tempfile.gettempdir(), f"netbox-dev-truth-{name}.jsonl"))
    ask = asking(options.clone, source, cache) if source else None
    replayed = []
    try:
        for one, before, after in replay(options.clone, wanted, options.package, ask):
            if before and after and before != after:
                one.difference = changed_lines(cache.texts[before], cache.texts[after])
            replayed.append(one)
            if sys.stderr.isatty():
                print(f"\r{len(replayed)} of {len(wanted)}", end="", file=sys.stderr, flush=True)
    finally:
        if source:
            source.close()
    how = "first parents" if options.first_parent else "all but merges"
    print("\n".join(report(replayed, len(listed) - len(wanted), f"{how}, oldest first", options.most)))
    if options.json:
        options.json.write_text(json.dumps([one.describe() for one in replayed], indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
