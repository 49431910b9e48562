# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""Edits by which a value gets into a model in a way that is hard to follow, as ``pairs.txt`` has them.

Each edit has sections: of the models' file ``head``, ``body`` (in a model), ``length`` (of a field in that body),
``tail``, ``bases`` and ``meta``, else a path relative to the package. A section is there before and after the edit
unless it says which. Whether the schema is another one afterwards, nobody says here: Django does.
"""

from __future__ import annotations

import posixpath
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

from replay.described import PACKAGE

MODELS = """\
from django.db import models
from netbox.models import NetBoxModel
from netbox_example.choices import SwitchRoleChoices
{head}


class Fabric({bases}):
    name = models.CharField(max_length=100, unique=True)
    description = models.CharField(max_length=200, blank=True)
{body}

    class Meta:
{meta}


class Switch(NetBoxModel):
    fabric = models.ForeignKey(Fabric, on_delete=models.CASCADE, related_name="switches")
    device = models.ForeignKey("dcim.Device", on_delete=models.SET_NULL, related_name="+", null=True)
    name = models.CharField(max_length=64)
    role = models.CharField(max_length=20, choices=SwitchRoleChoices.choices, default=SwitchRoleChoices.LEAF)


{tail}
"""
_PARTS = {"head": "", "body": "", "tail": "", "bases": "NetBoxModel", "meta": "pass"}
_SECTION = re.compile(r"^--- (?:(before|after) )?([^\s:]+)(?:$|:(.*)$)", re.M)


@dataclass(frozen=True)
class Pair:
    """``before`` and ``after`` are ``{path in the repository: text}``; a path in one only comes or goes."""

    name: str
    before: dict[str, str]
    after: dict[str, str]


def read_pairs() -> list[Pair]:
    text = Path(__file__).with_name("pairs.txt").read_text(encoding="utf-8")
    found = []
    for block in re.split(r"^=== ", text, flags=re.M)[1:]:
        name, _newline, sections = block.partition("\n")
        found.append(Pair(name, _files(sections, "before"), _files(sections, "after")))
    return found


def _files(sections: str, version: str) -> dict[str, str]:
    parts = dict(_PARTS)
    files = {}
    heads = list(_SECTION.finditer(sections))
    ends = [head.start() for head in heads[1:]] + [len(sections)]
    for head, end in zip(heads, ends):
        when, name, inline = head.groups()
        text = inline.strip() if inline is not None else sections[head.end() + 1 : end].rstrip("\n")
        if when not in (None, version):
            continue
        if name == "length":
            parts["body"] = f"more = models.CharField(max_length={text}, default='')"
        elif name in parts:
            parts[name] = text
        else:
            files[posixpath.normpath(f"{PACKAGE}/{name}")] = f"{text}\n" if text else ""
    if f"{PACKAGE}/constants.py" in files and not parts["head"]:
        parts["head"] = f"from {PACKAGE}.constants import *"
    parts["body"] = textwrap.indent(parts["body"], " " * 4)
    parts["meta"] = textwrap.indent(parts["meta"], " " * 8)
    files[f"{PACKAGE}/models.py"] = MODELS.format(**parts)
    return files
