# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a stack performs: containers, database, Redis, queues and pages over a time, compared with a baseline."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .compose import Compose
from .database import Database
from .engine import Engine
from .errors import (
    CommandFailed,
    InvalidCommand,
    InvalidProject,
    InvalidState,
    NetBoxDevError,
    PerformanceRegression,
    SchemaFailed,
    StackNotSetUp,
    TimeLimit,
)
from .events import Reporter
from .freshness import told_by
from .manage import Manager, wants_terminal, words_of
from .noise import ALPHA, percentile, slower
from .oneoff import run_task
from .sampling import Sampler
from .secret import password_file
from .services import python_services, web_service
from .stack import Stack
from .state import read_json, write_atomic, write_json
from .visiting import Visitor, path_of

# What the plugin brings for this, where it has it: by its name, and the options that are given where it takes them.
OWN_COMMANDS = {"performance_test": [], "debug_sql": [], "diagnostic_fgd_ingestion": ["--profile"]}
_WITH_BASELINE = {"performance_test": ["--baseline"]}
# Of samples, for the test to be good.
_LEAST_SAMPLES = 8
_BASELINE = "baseline.json"
_PERCENTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
_WARM_UP = 2
_TASK_S = 300.0
# So often is told how far it is.
_WORD_S = 10.0
PROFILES = ("profile.html", "profile.txt")

_DATABASE = """
SELECT json_build_object(
  'version', current_setting('server_version'),
  'size', pg_database_size(current_database()),
  'max_connections', current_setting('max_connections')::int,
  'connections', (SELECT coalesce(json_object_agg(state, n), '{}') FROM (
     SELECT coalesce(state, backend_type) AS state, count(*) AS n FROM pg_stat_activity
     WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() GROUP BY 1) AS c),
  'longest', (SELECT coalesce(json_agg(l), '[]') FROM (
     SELECT pid, state, round(extract(epoch FROM now() - query_start)::numeric, 3) AS seconds, left(query, 300) AS query
     FROM pg_stat_activity WHERE state <> 'idle' AND pid <> pg_backend_pid() AND backend_type = 'client backend'
     ORDER BY query_start LIMIT 5) AS l),
  'blocked', (SELECT coalesce(json_agg(b), '[]') FROM (
     SELECT pid, pg_blocking_pids(pid) AS by, left(query, 300) AS query FROM pg_stat_activity
     WHERE cardinality(pg_blocking_pids(pid)) > 0) AS b),
  'locks', (SELECT coalesce(json_object_agg(mode, n), '{}') FROM (
     SELECT mode, count(*) AS n FROM pg_locks WHERE pid <> pg_backend_pid() GROUP BY 1) AS k),
  'counters', (SELECT json_build_object('hit', blks_hit, 'read', blks_read, 'commits', xact_commit,
     'rollbacks', xact_rollback, 'deadlocks', deadlocks, 'temporary', temp_bytes)
     FROM pg_stat_database WHERE datname = current_database()),
  'statements', to_regclass('pg_stat_statements') IS NOT NULL)
"""
_STATEMENTS = """
SELECT coalesce(json_agg(s), '[]') FROM (
  SELECT calls, round((total_exec_time / 1000)::numeric, 4) AS seconds, round(mean_exec_time::numeric, 3) AS mean_ms,
    left(regexp_replace(query, '\\s+', ' ', 'g'), 300) AS query
  FROM pg_stat_statements WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
  ORDER BY total_exec_time DESC LIMIT 10) AS s
"""


@dataclass
class Wanted:
    """What is to be measured: paths (the plugin's page and the home page where empty), for how long, how often."""

    urls: list[str] = field(default_factory=list)
    window_s: float = 10.0
    samples: int = 30
    baseline: str | None = None
    profile: str | None = None
    commands: bool = True

    def refuse_bad(self) -> None:
        """Raise InvalidProject for samples that say nothing, InvalidCommand for what cannot be profiled."""
        if self.baseline and self.samples < _LEAST_SAMPLES:
            raise InvalidProject(
                f"samples: at least {_LEAST_SAMPLES} were expected with a baseline, found {self.samples}; fewer do not "
                "tell a slower page from the noise.",
                key="samples",
            )
        if self.profile and wants_terminal(words_of(self.profile), None):
            raise InvalidCommand(f"profile: '{self.profile}' wants a terminal, which Ansible has not.")

    def would(self, report: str) -> list[str]:
        """What check mode leaves out, in words."""
        found = [f"would write: {report}, and its data beside it"]
        found += ["would keep: this as the baseline"] if self.baseline == "save" else []
        found += ["would compare: times and statuses; queries were compared"] if self.baseline == "compare" else []
        found += ["would run: those of the plugin's own commands that it has"] if self.commands else []
        return [*found, *([f"would profile: {self.profile}"] if self.profile else [])]


class Monitor:
    """One measurement of a stack; in check mode nothing is kept and no command runs."""

    def __init__(
        self, stack: Stack, reporter: Reporter, wanted: Wanted, limit_s: float, lock_s: float, check: bool = False
    ) -> None:
        wanted.refuse_bad()
        self.stack = stack
        self.reporter = reporter
        self.wanted = wanted
        self.check = check
        self.compose = Compose(stack.checkout)
        self.engine = Engine(stack.project_name)
        self.manager = Manager(stack, reporter, limit_s, lock_s, check)
        self.web = web_service(python_services(self.compose.config()))
        self.paths = [path_of(url) for url in wanted.urls]
        self.limit_s = limit_s
        self.deadline = time.monotonic() + limit_s

    def _usual(self, visitor: Visitor) -> list[str]:
        """The plugin's page, or where that leads, the home page, and the one to log in."""
        report = told_by(self.stack, self.web).get("report") or {}
        plugin = [visitor.leads_to(f"/plugins/{report['base_url']}/")] if report.get("base_url") else []
        return list(dict.fromkeys([*plugin, "/", "/login/"]))

    def _pages(self, known: Mapping[str, Any], visitor: Visitor) -> list[str]:
        """What was named, else what the baseline that is compared with has, else the usual."""
        return self.paths or list(known.get("pages", ())) or self._usual(visitor)

    def run(self) -> dict[str, Any]:
        """Everything that was measured, as plain data.

        Raises StackNotSetUp where the web service does not run, and what reading a baseline raises.
        """
        container = self.engine.containers().get(self.web)
        if not container or not container["State"]["Running"]:
            raise StackNotSetUp(
                f"the service '{self.web}' does not run: there is nothing to measure. Run "
                "hedgehog.netbox_dev.apply_change."
            )
        report: dict[str, Any] = {"at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "url": self.stack.url}
        visitor = Visitor(self.stack.port)
        report["logged_in"] = self._log_in(visitor)
        known = self._baseline()
        self.paths = self._pages(known, visitor)
        before = self._database()
        with self.reporter.step("measure") as step, Sampler(self.engine) as sampler:
            started = time.monotonic()
            report["pages"] = self._visit(visitor, self.wanted.samples)
            while time.monotonic() - started < self.wanted.window_s:
                time.sleep(0.1)
            report["seconds"] = round(time.monotonic() - started, 1)
            step.detail = f"{len(self.paths)} pages, {self.wanted.samples} times each"
        report["containers"] = {name: usage.describe() for name, usage in sampler.usage().items()}
        report["database"] = self._since(before, self._database())
        report.update(self._inside())
        report["failures"] = []
        report["regressions"] = self._compare(visitor, report, known)
        report["commands"] = self._own_commands(report.pop("commands"), report.pop("options", {}))
        report["failures"] += [f"{one['command']}: {one['output']}" for one in report["commands"] if not one["ok"]]
        report["profile"] = []
        if self.wanted.profile:
            try:
                report["profile"] = self._profile(self.wanted.profile)
            except NetBoxDevError as error:
                # Told when all else was written down.
                report["failures"].append(f"profile: {error.message}")
        return report

    # -- what is asked -----------------------------------------------------------------------------------------

    def _log_in(self, visitor: Visitor) -> bool:
        if self.check:
            # It writes a session, and when the superuser was last there.
            return False
        path = password_file(self.stack)
        return path.is_file() and visitor.log_in(self.stack.superuser_name, path.read_text(encoding="utf-8").strip())

    def _visit(self, visitor: Visitor, samples: int) -> dict[str, dict[str, Any]]:
        """Ask for the pages in turn, so that what else goes on meets all of them alike; raises TimeLimit."""
        found: dict[str, dict[str, Any]] = {path: {"samples": [], "statuses": {}} for path in self.paths}
        started = word = time.monotonic()
        for number in range(_WARM_UP + samples):
            now = time.monotonic()
            if number >= _WARM_UP and (number == _WARM_UP or now > word + _WORD_S):
                word = now
                left = (now - started) / number * (_WARM_UP + samples - number)
                self._tell(number - _WARM_UP, samples, left)
            for path, page in found.items():
                self._refuse_late(found, samples)
                visit = visitor.visit(path)
                if number >= _WARM_UP:
                    page["samples"].append(round(visit.seconds, 6))
                    page["statuses"][str(visit.status)] = page["statuses"].get(str(visit.status), 0) + 1
                    page["size"] = visit.size
        for page in found.values():
            page.update({name: percentile(page["samples"], share) for name, share in _PERCENTILES.items()})
        return found

    def _tell(self, number: int, samples: int, left: float) -> None:
        limit = max(0.0, self.deadline - time.monotonic())
        asked = f"asked for {len(self.paths)} pages {number} of {samples} times"
        self.reporter.say(f"{asked}; about {left:.0f} s more, {limit:.0f} s at most")

    def _refuse_late(self, found: Mapping[str, dict[str, Any]], samples: int) -> None:
        if time.monotonic() < self.deadline:
            return
        number = min(len(page["samples"]) for page in found.values())
        slowest = max(found, key=lambda path: sum(found[path]["samples"], 0.0))
        raise TimeLimit(
            f"the pages were asked for {number} of {samples} times within {self.limit_s:.0f} s; {slowest} takes "
            "longest. Ask less often with -e samples=…, for other pages with -e urls=…, or allow more with "
            "-e time_limit=….",
            samples=number,
        )

    def _ask_database(self, statement: str) -> Any:
        database = Database(self.engine, self.compose)
        return json.loads(database.ask(statement, database.name))

    def _database(self) -> dict[str, Any]:
        found: dict[str, Any] = self._ask_database(_DATABASE)
        return found

    def _statements(self, there: bool) -> dict[str, Any]:
        """The slowest ``statements`` of all, or None and ``no_statements``, why the database does not tell them."""
        if not there:
            return {"statements": None, "no_statements": "the extension pg_stat_statements is not there"}
        try:
            return {"statements": self._ask_database(_STATEMENTS), "no_statements": ""}
        except SchemaFailed as error:
            # It is not preloaded, or of an old version; or the user may not read it.
            said = error.message.rpartition("ERROR:")[2].strip().splitlines()
            return {"statements": None, "no_statements": (said or [error.message])[0]}

    def _since(self, before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
        """What is so now, and what the counters counted meanwhile."""
        counters = {key: value - before["counters"][key] for key, value in after["counters"].items()}
        blocks = counters["hit"] + counters["read"]
        whole = after["counters"]["hit"] + after["counters"]["read"]
        return {
            **after,
            "counters": counters,
            "cache_hit_ratio": round(counters["hit"] / blocks, 4) if blocks else None,
            "cache_hit_ratio_ever": round(after["counters"]["hit"] / whole, 4) if whole else None,
            **self._statements(after["statements"]),
        }

    def _inside(self) -> dict[str, Any]:
        request: dict[str, Any] = {"paths": self.paths, "commands": list(OWN_COMMANDS), "database_s": 30}
        with self.reporter.step("count queries"):
            return run_task(self.compose, self.web, "measure", timeout_s=_TASK_S, inside=True, **request)

    # -- the baseline ------------------------------------------------------------------------------------------

    def _baseline(self) -> dict[str, Any]:
        """The baseline to compare with; empty where none is asked for."""
        if self.wanted.baseline != "compare":
            return {}
        found = read_json(self.stack.state / _BASELINE)
        if not found:
            raise InvalidState("baseline: none was saved for this stack. Save one with -e baseline=save.")
        missing = [path for path in self.paths if path not in found["pages"]]
        if missing:
            raise InvalidState(
                f"baseline: it has no {', '.join(missing)}; it has {', '.join(found['pages'])}. Save it again with "
                "these urls, or compare those.",
                missing=missing,
            )
        return found

    def _compare(self, visitor: Visitor, report: dict[str, Any], known: dict[str, Any]) -> list[dict[str, Any]]:
        """What is slower than the baseline beyond the noise, twice in a row, or otherwise worse."""
        queries = {request["path"]: request["queries"] for request in report["requests"]}
        if self.wanted.baseline == "save":
            pages = {
                path: {"samples": page["samples"], "statuses": sorted(page["statuses"]), "queries": queries[path]}
                for path, page in report["pages"].items()
            }
            failing = [f"{path} answers {', '.join(fails(page))}" for path, page in pages.items() if fails(page)]
            if failing:
                report["failures"].append(
                    f"baseline: {'; '.join(failing)}, and nothing was kept: what is compared with must be well. Mend "
                    "it, or leave it out of urls."
                )
            elif not self.check:
                write_json(self.stack.state / _BASELINE, {"at": report["at"], "pages": pages})
        if not known:
            return []
        report["baseline"] = {"at": known["at"], "pages": {path: known["pages"][path] for path in self.paths}}
        worse = otherwise(report["pages"], queries, known["pages"])
        if self.check:
            # Nobody is logged in, as somebody was when the pages of the baseline were asked for.
            return [one for one in worse if one["what"] == "queries"]
        found = self._slower(report["pages"], known["pages"])
        if found:
            self.reporter.say(f"slower than the baseline: {', '.join(found)}; measured again, to be sure")
            again = self._slower(self._visit(visitor, self.wanted.samples), known["pages"])
            found = {path: said for path, said in found.items() if path in again}
        return [*found.values(), *worse]

    def _slower(self, pages: dict[str, Any], known: dict[str, Any]) -> dict[str, dict[str, Any]]:
        found = {}
        for path in self.paths:
            is_slower, ratio, p = slower(known[path]["samples"], pages[path]["samples"], len(self.paths))
            if is_slower:
                before = percentile(known[path]["samples"], 0.5)
                said = {"path": path, "what": "seconds", "before": before, "after": pages[path]["p50"]}
                found[path] = {**said, "ratio": round(ratio, 2), "p": p}
        return found

    # -- commands ----------------------------------------------------------------------------------------------

    def _own_commands(self, there: Iterable[str], options: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
        """What became of the plugin's own commands; ``options`` are those that each takes, where that is known."""
        found = []
        for name in there if self.wanted.commands and not self.check else ():
            wanted = [*OWN_COMMANDS[name], *(_WITH_BASELINE.get(name, []) if self.wanted.baseline else [])]
            words = [name, *(word for word in wanted if word in options.get(name, wanted))]
            said: dict[str, Any] = {"command": " ".join(words), "ok": True}
            try:
                done = self.manager.run(words)
                said.update(seconds=round(done.seconds, 2), output=done.stdout)
            except NetBoxDevError as error:
                said.update(ok=False, output=error.message)
            found.append(said)
        return found

    def _profile(self, command: str) -> list[str]:
        """Names of the files with the profile that was asked for; in check mode, whether there is such a command."""
        folder = self.stack.state / "reports"
        if self.check:
            self.manager.run(command)
            return []
        for name in PROFILES:
            (self.stack.state / "run" / name).unlink(missing_ok=True)
        self.manager.run(command, profile=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        for name in PROFILES:
            shutil.move(str(self.stack.state / "run" / name), str(folder / name))
        return [str(folder / name) for name in PROFILES]


def fails(page: Mapping[str, Any]) -> list[str]:
    """Of the statuses of a page those that no page that is well has."""
    return [status for status in page["statuses"] if status == "0" or status.startswith("5")]


def otherwise(
    pages: Mapping[str, Any], queries: Mapping[str, int], known: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """Pages that answer with another status than in the baseline, or need more queries."""
    for path, page in pages.items():
        before = known[path]["statuses"]
        statuses = sorted(page["statuses"])
        if not set(statuses) <= set(before):
            yield {"path": path, "what": "status", "before": ", ".join(before), "after": ", ".join(statuses)}
        if queries[path] > known[path]["queries"]:
            yield {"path": path, "what": "queries", "before": known[path]["queries"], "after": queries[path]}


def report_file(stack: Stack, given: str | None) -> Path:
    """Where the page goes; raises InvalidProject for what is no name of one, lest it or its data replace another's."""
    where = Path(given or stack.state / "reports" / "monitor.html")
    if where.suffix.lower() not in (".html", ".htm"):
        raise InvalidProject(f"report: a file that ends in .html was expected, found '{where}'.", key="report")
    return where


def write_report(where: Path, report: dict[str, Any], page: str) -> None:
    """Write the page, and the data beside it."""
    write_atomic(where, page)
    write_atomic(where.with_name(f"{where.name}.json"), json.dumps(report, indent=1) + "\n")


def raise_found(report: dict[str, Any], where: str) -> None:
    """Raise CommandFailed where a command failed or nothing could be kept, else PerformanceRegression where a page is
    worse; ``where`` says where the report is."""
    worse = [said(one) for one in report["regressions"]]
    told = [f"worse than the baseline of {report['baseline']['at']}: {'; '.join(worse)}."] if worse else []
    if report["failures"]:
        raise CommandFailed(
            "\n".join([*report["failures"], *told, where]),
            failures=report["failures"],
            regressions=report["regressions"],
        )
    if worse:
        raise PerformanceRegression(
            f"{told[0]} {where} If this is meant, -e baseline=save makes it the new baseline.",
            regressions=report["regressions"],
        )


def said(regression: dict[str, Any]) -> str:
    """One regression in words."""
    path = regression["path"]
    if regression["what"] == "queries":
        return f"{path} needs {regression['after']} queries, not {regression['before']}"
    if regression["what"] == "status":
        return f"{path} answers {regression['after']}, not {regression['before']}"
    before, after = regression["before"] * 1000, regression["after"] * 1000
    chance = f"p = {regression['p']:.1g}, Mann-Whitney U, below {ALPHA} over all pages"
    return f"{path} takes {after:.0f} ms, not {before:.0f} ms ({chance})"
