#!/usr/bin/python
# Copyright: (c) 2026, Hedgehog
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure how a stack performs."""

from __future__ import annotations

DOCUMENTATION = r"""
module: stack_monitor
short_description: Measure how a stack performs, and compare it with a baseline
version_added: 0.2.0
description:
  - Asks for pages again and again, logged in as the stack's superuser, and meanwhile samples what the containers use;
    looks at the database, at Redis and at the queues; counts the queries of each page in a transaction that is rolled
    back.
  - Writes a report as JSON and as one HTML page that needs nothing else. It fails after that, with the reasons, where a
    command of the plugin's failed, the profile could not be made, or a page is worse than the baseline.
  - A page is worse than the baseline where it answers with another status or needs more queries, or where it is slower
    beyond the noise. That is when the Mann-Whitney U test (one-sided; 0.01 over all pages, by Bonferroni) says so, the
    median is more than 20 % and 2 ms higher, and a second measurement agrees.
extends_documentation_fragment:
  - hedgehog.netbox_dev.plugin
  - hedgehog.netbox_dev.plugin.run
options:
  urls:
    description:
      - Pages, as paths or as URLs of the stack. Without any, those of the baseline with O(baseline=compare); else the
        plugin's page, or the one that it leads to, V(/) and V(/login/).
    type: list
    elements: str
    default: []
  window:
    description: Seconds for which the containers are sampled at least.
    type: float
    default: 10.0
  samples:
    description: How often each page is asked for; eight times or more with O(baseline).
    type: int
    default: 30
  baseline:
    description:
      - V(save) keeps this measurement to compare with, unless a page answered 5xx or not at all. V(compare) fails where
        a page is worse than what was kept.
    type: str
    choices:
      - save
      - compare
  profile:
    description:
      - A management command to run under a profiler. By pyinstrument where that is installed in the image (C(packages)
        of the project file), else by cProfile.
    type: str
  commands:
    description:
      - Whether the commands that the plugin may have for this are run, C(performance_test) (with C(--baseline) where
        O(baseline) is given), C(debug_sql) and C(diagnostic_fgd_ingestion --profile), with options that they take.
    type: bool
    default: true
  report:
    description:
      - File for the HTML page, whose name ends in C(.html); the JSON is beside it, with C(.json) added to the name.
      - Without it, C(reports/monitor.html) in the stack's state directory.
    type: path
attributes:
  check_mode:
    description: Can run in check mode and return what would change without changing it.
    details:
      - It measures with nobody logged in, for that writes a session; of a baseline it compares the queries alone.
      - It keeps neither report nor baseline, and runs no commands; what it would keep and run is told.
    support: full
  diff_mode:
    description: Returns the differences in diff mode.
    support: none
  idempotent:
    description: A second run changes nothing.
    details:
      - O(baseline=save) and O(profile) are changed each time, for they keep other figures. The report alone is no
        change. What the plugin's commands do is theirs.
    support: partial
"""

EXAMPLES = r"""
- name: Keep what is now
  hedgehog.netbox_dev.stack_monitor:
    plugin_path: ~/src/netbox-example-plugin
    baseline: save

- name: Fail where a page is slower than it was, or needs more queries
  hedgehog.netbox_dev.stack_monitor:
    plugin_path: ~/src/netbox-example-plugin
    baseline: compare

- name: Profile a command
  hedgehog.netbox_dev.stack_monitor:
    plugin_path: ~/src/netbox-example-plugin
    profile: example_info
"""

RETURN = r"""
measured:
  description: Everything that was measured; the JSON file holds the same.
  returned: success
  type: dict
  contains:
    pages:
      description: By path, the samples in seconds, their percentiles (V(p50), V(p95), V(p99)) and the statuses.
      type: dict
    requests:
      description: For each path the number of queries, their time, those that repeat and the slowest.
      type: list
      elements: dict
    containers:
      description: For each service CPU (per cent of one core), memory, network and disk in bytes, with their series.
      type: dict
    database:
      description: Connections, locks, who blocks whom, what is under way, counters meanwhile, statements.
      type: dict
    queues:
      description: For each queue its length, failed jobs with their errors, and workers.
      type: list
      elements: dict
    redis:
      description: For each Redis memory, keys and clients.
      type: list
      elements: dict
    regressions:
      description: What is worse than the baseline.
      type: list
      elements: dict
report:
  description: Where the HTML page is.
  returned: success
  type: str
  sample: /home/me/.local/state/hedgehog.netbox_dev/1a2b3c4d5e6f/reports/monitor.html
summary:
  description: The measurement in lines for a person.
  returned: success
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import report as reporting
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.boundary import RUN_SPEC, Module, run_module
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.events import Reporter
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.monitoring import (
    Monitor,
    Wanted,
    raise_found,
    report_file,
    said,
    write_report,
)
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import load

MONITOR_SPEC: dict[str, Any] = {
    "urls": {"type": "list", "elements": "str", "default": []},
    "window": {"type": "float", "default": 10.0},
    "samples": {"type": "int", "default": 30},
    "baseline": {"type": "str", "choices": ["save", "compare"]},
    "profile": {"type": "str"},
    "commands": {"type": "bool", "default": True},
}


def work(module: AnsibleModule, reporter: Reporter) -> dict[str, Any]:
    given = {key: module.params[key] for key in MONITOR_SPEC}
    stack = load(module.params["plugin_path"])
    where = report_file(stack, module.params["report"])
    wanted = Wanted(window_s=given.pop("window"), **given)
    check = module.check_mode
    monitor = Monitor(stack, reporter, wanted, module.params["time_limit"], module.params["lock_timeout"], check)
    measured = monitor.run()
    worse = [said(regression) for regression in measured["regressions"]]
    if not check:
        write_report(where, measured, reporting.page(measured, worse))
    raise_found(measured, f"The report {'would be' if check else 'is'} '{where}'.")
    return {
        "changed": wanted.baseline == "save" or bool(wanted.profile),
        "measured": measured,
        "report": str(where),
        "summary": reporting.for_people(measured, worse, str(where), wanted.would(str(where)) if check else ()),
    }


def main() -> None:
    spec = {**RUN_SPEC, **MONITOR_SPEC, "report": {"type": "path"}}
    run_module(Module(argument_spec=spec, supports_check_mode=True), work)


if __name__ == "__main__":
    main()
