# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Options that modules share."""

    DOCUMENTATION = r"""
options:
  plugin_path:
    description:
      - Path of the plugin's repository on the managed node.
      - Without it, the plugin in the current directory, or the only stack that is set up on the node.
    type: path
author:
  - Hedgehog (@hedgehog)
requirements:
  - Python 3.9 or later
  - PyYAML
"""

    TOLD = r"""
options:
  events:
    description:
      - File to which progress is appended while the module runs, one JSON object a line.
      - The action plugin of the same name sets it and prints the lines as they come.
    type: path
  output:
    description:
      - How the action plugin of the same name prints the result.
      - V(text) is for a person. V(json) is one line for each host, the only one that begins with a brace.
    type: str
    choices:
      - text
      - json
    default: text
"""

    # The same and more; a fragment cannot take in another, and ansible-test wants its text in one piece.
    RUN = r"""
options:
  events:
    description:
      - File to which progress is appended while the module runs, one JSON object a line.
      - The action plugin of the same name sets it and prints the lines as they come.
    type: path
  output:
    description:
      - How the action plugin of the same name prints the result.
      - V(text) is for a person. V(json) is one line for each host, the only one that begins with a brace.
    type: str
    choices:
      - text
      - json
    default: text
  lock_timeout:
    description: Seconds to wait for another run over the same stack to end.
    type: float
    default: 5.0
  time_limit:
    description: Seconds that the longest step may take.
    type: float
    default: 1800.0
requirements:
  - docker (Python package)
  - Docker Compose 2.18 or later
"""

    CHANGED = r"""
options:
  changed:
    description:
      - Categories to take as changed, or V(all). The rows of the workflow's matrix.
      - With neither this nor O(since) nor O(paths), the files that differ from the last successful apply are the
        changes. What several options name is taken together.
    type: list
    elements: str
    default: []
  since:
    description:
      - Take as changed what differs from this commit, with the files on disk that are not committed.
      - A branch, a tag, a commit; V(A..HEAD) is the same as V(A), V(A...HEAD) is where both began to differ.
    type: str
  paths:
    description:
      - Files, or folders with all that is in them, to take as changed.
      - Relative to the plugin's repository, or absolute.
    type: list
    elements: str
    default: []
"""

    SCHEMA = r"""
options:
  makemigrations:
    description:
      - Whether migrations may be written. Without it, what the project file says, else they may.
      - Where not, models that differ from their migrations are an error.
    type: bool
  inherited_drift:
    description:
      - What becomes of the differences between models and migrations that were there when the stack was set up.
      - V(leave) writes the edit's own operations alone, and those that they cannot do without.
      - V(include) writes them all.
    type: str
    choices:
      - leave
      - include
    default: leave
  merge:
    description: Whether to write the migration that merges several that come last. Otherwise they are an error.
    type: bool
    default: false
  put_back:
    description:
      - What becomes of the database where a run was killed while it migrated, and services were started or stopped
        since.
      - V(true) lets the copy from before that run take its place, V(false) goes on with what is there. Without it that
        is an error.
    type: bool
  renames:
    description:
      - Answers to whether something was renamed, each V(model.old=new) for a field, V(Old=New) for a model.
      - V(model.old=) says that nothing has taken its place, and that its rows may go.
    type: list
    elements: str
    default: []
  defaults:
    description:
      - Values that existing rows get in fields that may not be null and have no default, by V(model.field).
      - V(timezone.now) stands for the moment of the migration. Null, for a field that was nullable before, says that
        no row has it null.
    type: dict
    default: {}
"""
