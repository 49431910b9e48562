#!/usr/bin/python
# Copyright: (c) 2026, Hedgehog
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a plugin's tests in its stack."""

from __future__ import annotations

DOCUMENTATION = r"""
module: test_run
short_description: Run a plugin's tests in its stack
version_added: 0.1.0
description:
  - Runs the tests of the plugin as it is on disk, in a container of the stack's image, with a database, a cache, queues
    and a folder for uploaded files of their own. The services go on undisturbed.
  - The test database is a copy of one that is kept for each state of the migrations. It is what Django's own would be,
    and takes as long as the copy. Where migrations were added since, these alone are applied.
  - Several runs at once do not meet. When a run ends, its container and its databases are gone; those of a run that was
    killed go with the next.
  - Fails when a test does not pass.
  - In check mode it says which tests would run.
extends_documentation_fragment:
  - hedgehog.netbox_dev.plugin
  - hedgehog.netbox_dev.plugin.run
attributes:
  check_mode:
    description: Can run in check mode and return what would change without changing it.
    support: full
  diff_mode:
    description: Returns the differences in diff mode.
    support: none
  idempotent:
    description: A second run changes nothing.
    details: Only what writes files changes anything - O(coverage) and O(junit).
    support: partial
options:
  labels:
    description:
      - Which tests - files or folders of the plugin, dotted paths of modules, classes or methods, or
        V(FILE::Class::method).
      - Without it all tests of the package, and of a package V(tests) beside it.
    type: list
    elements: str
    default: []
  affected:
    description:
      - Only tests that import, directly or not, what differs from O(since); all of them where that cannot be told.
      - With O(labels), those of them.
    type: bool
    default: false
  since:
    description: What O(affected) compares with, as M(hedgehog.netbox_dev.change_info) has it.
    type: str
    default: HEAD
  runner:
    description:
      - V(django) is Django's own, V(pytest) is pytest with pytest-django.
      - V(auto) is pytest where the repository has a configuration for it.
    type: str
    choices: [auto, django, pytest]
    default: auto
  failfast:
    description: Whether to stop at the first test that does not pass.
    type: bool
    default: false
  parallel:
    description: Processes to split the tests to, each with a copy of the test database.
    type: int
    default: 1
  coverage:
    description:
      - Whether to measure which lines of the package the tests run.
      - Prints the table, and writes C(.coverage), C(coverage.xml) and C(htmlcov/) into the plugin's repository.
    type: bool
    default: false
  junit:
    description: A file for the outcomes as JUnit XML, relative to the plugin's repository or absolute.
    type: str
  command:
    description:
      - One of the plugin's own management commands, with its arguments, to run as a test in place of tests.
      - It runs over the stack's own database, as it would when typed.
    type: str
"""

EXAMPLES = r"""
- name: Run all tests
  hedgehog.netbox_dev.test_run:
    plugin_path: ~/src/netbox-example-plugin

- name: Run one method's test
  hedgehog.netbox_dev.test_run:
    plugin_path: ~/src/netbox-example-plugin
    labels:
      - netbox_example.tests.test_models.SwitchTest.test_a_new_switch_is_a_leaf

- name: Run what the edits touch, with coverage and a report for CI
  hedgehog.netbox_dev.test_run:
    plugin_path: ~/src/netbox-example-plugin
    affected: true
    coverage: true
    junit: test-results.xml

- name: Run an integration suite that is a management command
  hedgehog.netbox_dev.test_run:
    plugin_path: ~/src/netbox-example-plugin
    command: example_info
"""

RETURN = r"""
runner:
  description: Which runner ran the tests.
  returned: when there were tests to run
  type: str
  sample: django
failures:
  description: Every test that did not pass.
  returned: when there were tests to run
  type: list
  elements: dict
  contains:
    test:
      description: Its name.
      type: str
    outcome:
      description: V(failed), V(error) or V(unexpected success).
      type: str
    seconds:
      description: How long it took.
      type: float
    message:
      description: Why it did not pass, in a line.
      type: str
    path:
      description: The file where it failed, relative to the repository.
      type: str
    line:
      description: The line there.
      type: int
  sample:
    - test: netbox_example.tests.test_models.SwitchTest.test_a_new_switch_is_a_leaf
      outcome: failed
      seconds: 0.02
      message: "AssertionError: 'leaf' != 'spine'"
      path: netbox_example/tests/test_models.py
      line: 20
counts:
  description: How many tests had each outcome.
  returned: when there were tests to run
  type: dict
  sample:
    passed: 41
    failed: 1
    skipped: 2
listed:
  description: In check mode, names of the tests that would run.
  returned: when there were tests to run
  type: list
  elements: str
database:
  description: How the test database came about, and in how many seconds. Empty where no test needs one.
  returned: when there were tests to run
  type: dict
  sample:
    how: copied
    seconds: 0.21
coverage:
  description: Per cent of the package's lines (and branches, if the plugin's configuration says so).
  returned: with O(coverage)
  type: float
written:
  description: Files that were written.
  returned: success
  type: list
  elements: str
summary:
  description: The run in lines for a person, with failures first. Printed, and not returned, where tests failed.
  returned: success
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.boundary import RUN_SPEC, Module, run_module
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.events import Reporter
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import load
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.testrun import PluginTests, Wish

SPEC: dict[str, Any] = {
    "labels": {"type": "list", "elements": "str", "default": []},
    "affected": {"type": "bool", "default": False},
    "since": {"type": "str", "default": "HEAD"},
    "runner": {"type": "str", "choices": ["auto", "django", "pytest"], "default": "auto"},
    "failfast": {"type": "bool", "default": False},
    "parallel": {"type": "int", "default": 1},
    "coverage": {"type": "bool", "default": False},
    "junit": {"type": "str"},
    "command": {"type": "str"},
}


def work(module: AnsibleModule, reporter: Reporter) -> dict[str, Any]:
    wish = Wish(time_limit_s=module.params["time_limit"], **{key: module.params[key] for key in SPEC})
    stack = load(module.params["plugin_path"])
    return PluginTests(stack, reporter, module.check_mode, module.params["lock_timeout"]).run(wish)


def main() -> None:
    run_module(Module(argument_spec={**RUN_SPEC, **SPEC}, supports_check_mode=True), work)


if __name__ == "__main__":
    main()
