# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of where the stack comes from: its set-up, the netbox-docker checkout, the override, the image."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..compose import OVERRIDE
from ..docker_host import version_tuple
from ..override import EDITED, FOREIGN
from .check import Found, check, some
from .code import PLUGIN
from .facts import Facts

_SET_UP = "run dev-setup.yml with this plugin_path"
# Where one of these found something, it says why NetBox could not be asked, too.
_EXPLAINS = {
    *("engine", "tools", "disk", "memory", "set_up", "checkout", "override", "image", "port"),
    *("stopped", "crash_loop", "unhealthy", "mounts", "shadowed", "editable", *PLUGIN),
    *("connections", "encoding", "database_version", "database_empty", "interrupted"),
    *("migration_parent", "migration_conflict", "ownership", "access", "redis"),
}
_TAG = re.compile(r"v\d+\.\d+(?:\.\d+)?-(\d+\.\d+\.\d+)")


@check(
    "set_up",
    "No stack is set up",
    looks_at="the plugin, its netbox-dev.yml, and the stack's state on the node",
    remedy=f"{_SET_UP}; netbox-dev.yml is described in project-file.md",
)
def set_up(facts: Facts) -> Iterator[Found]:
    if facts.no_stack:
        first, _dot, rest = facts.no_stack.message.partition(". ")
        yield Found(first, f"{facts.no_stack.code}", rest if "dev-setup" in rest or "Give" in rest else "")


@check(
    "checkout",
    "The netbox-docker checkout is another one than was set up",
    looks_at="the tag that is checked out, and edits of files that netbox-docker tracks",
    remedy="run dev-setup.yml: it moves the checkout to its release; keep your own settings in netbox-dev.yml or in "
    "a new file in configuration/, and undo edits with `git checkout -- FILE` there",
)
def checkout(facts: Facts) -> Iterator[Found]:
    found = facts.checkout
    if not found or not facts.stack:
        return
    if not found.exists:
        yield Found(
            f"there is no checkout of netbox-docker at '{facts.stack.checkout}'", "its .git is missing", _SET_UP
        )
    elif found.edits:
        yield Found(f"{len(found.edits)} of netbox-docker's own files were edited", some(found.edits))
    elif found.release != facts.stack.release:
        yield Found(
            f"the checkout is at '{found.release}', and the stack is of '{facts.stack.release}'",
            f"`git describe --tags` in {facts.stack.checkout}",
        )


@check(
    "override",
    "The override was edited by hand, or is not ours",
    looks_at="docker-compose.override.yml in the checkout, and the digest of its content that stands in it",
    remedy="move what you need of it into netbox-dev.yml (services, settings, port); doctor.yml -e fix=true keeps an "
    "edited one beside it and writes it anew",
    fix="override",
    unless=("checkout",),
)
def override(facts: Facts) -> Iterator[Found]:
    if not facts.checkout or not facts.checkout.exists:
        return
    whose = facts.checkout.override
    if whose == EDITED:
        yield Found(f"{OVERRIDE} was edited by hand", "its content is not what its first line has a digest of")
    elif whose == FOREIGN:
        yield Found(
            f"{OVERRIDE} is none of this collection's",
            "its first line has no mark of ours",
            "move what you need of it into netbox-dev.yml, the file out of the way, and run dev-setup.yml",
            fixable=False,
        )
    elif not whose:
        yield Found(f"{OVERRIDE} is missing", "netbox-docker alone would start, without the plugin")


@check(
    "image",
    "The stack's image is not the checkout's",
    looks_at="the release in the base image's tag against the checkout's, and whether the development image is there",
    remedy="unset VERSION in the shell and in the checkout's .env, then run dev-setup.yml: images and checkouts of "
    "different releases disagree about users and paths",
    unless=("checkout", "override"),
)
def image(facts: Facts) -> Iterator[Found]:
    if not facts.stack or not facts.roles:
        return
    tag = _TAG.search(facts.base_image)
    numbered = version_tuple(facts.stack.release)
    if tag and numbered and tag.group(1) != facts.stack.release:
        yield Found(
            f"the base image is of netbox-docker {tag.group(1)}, not {facts.stack.release}", f"image {facts.base_image}"
        )
    elif facts.image is None:
        yield Found("the development image is gone", f"no image is named {facts.stack.image}", _SET_UP)


@check(
    "release",
    "netbox-docker has a newer release of this line",
    looks_at="the tags of the repository that the checkout came from; silent where it does not answer",
    remedy='try it with `netbox_docker_version: "RELEASE"` in netbox-dev.yml and run dev-setup.yml',
)
def release(facts: Facts) -> Iterator[Found]:
    if facts.stack and facts.checkout and facts.checkout.newer:
        newest = facts.checkout.newer[-1]
        yield Found(
            f"netbox-docker {newest} is out",
            f"the stack is of {facts.stack.release}",
            f'set `netbox_docker_version: "{newest}"` in netbox-dev.yml and run dev-setup.yml',
        )


@check(
    "unexplained",
    "The stack cannot be looked at",
    looks_at="whatever kept the other checks from asking, where none of them says why",
    remedy="the message has what is to be done",
)
def unexplained(facts: Facts) -> Iterator[Found]:
    if facts.found & _EXPLAINS:
        return
    errors: dict[str, str] = facts.asked.get("errors") or {}
    if facts.no_status:
        yield Found("the stack cannot be looked at", facts.no_status.message)
    elif facts.asked.get("error") or (facts.asked.get("look") or {}).get("error"):
        error = facts.asked.get("error") or facts.asked["look"]["error"]
        yield Found("NetBox does not say how database and static files are", str(error))
    elif errors:
        yield Found(f"NetBox does not say all of {' and '.join(errors)}", "; ".join(errors.values()))
    elif not facts.found - {"release"} and facts.status and facts.status.outcome.refused:
        yield Found("a run would fail", facts.status.outcome.refused.message)


CHECKS = (set_up, checkout, override, image)
LAST = (release, unexplained)
