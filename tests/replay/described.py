# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""A plugin's Python as a description that can be edited, and the files that it renders to.

It describes the modules of the sandbox's example plugin that edits are made in. Every name that a module uses is
imported by what the text of the module says, so that whatever the description is, it can be imported.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

PACKAGE = "netbox_example"
HEADER = "# SPDX-License-Identifier: GPL-3.0-or-later\n# Copyright: (c) 2026, Hedgehog\n"
FUTURE = "from __future__ import annotations\n"
FOREIGN = {
    "models": "from django.db import models",
    "Any": "from typing import Any",
    "ValidationError": "from django.core.exceptions import ValidationError",
    "MaxLengthValidator": "from django.core.validators import MaxLengthValidator",
    "RegexValidator": "from django.core.validators import RegexValidator",
    "NetBoxModel": "from netbox.models import NetBoxModel",
    "forms": "from django import forms",
    "random": "import random",
}


@dataclass
class Field:
    kind: str
    arguments: dict[str, str] = field(default_factory=dict)
    # What it points to; else empty.
    to: str = ""
    # Whether an edit made it: the plugin's own code asks for the others.
    made: bool = True

    def render(self) -> str:
        arguments = [self.to] if self.to else []
        return f"{self.kind}({', '.join([*arguments, *(f'{key}={value}' for key, value in self.arguments.items())])})"


@dataclass
class Model:
    """``home`` is the module of the package ``models`` that it is in, once models are a package."""

    name: str
    home: str
    doc: str
    fields: dict[str, Field] = field(default_factory=dict)
    meta: dict[str, str] = field(default_factory=dict)
    bases: list[str] = field(default_factory=lambda: ["NetBoxModel"])
    managers: dict[str, str] = field(default_factory=dict)
    # Each with its decorators, at no indentation.
    methods: dict[str, str] = field(default_factory=dict)
    comments: list[str] = field(default_factory=list)
    made: bool = True

    def render(self) -> str:
        lines = [f"class {self.name}({', '.join(self.bases)}):", f'    """{self.doc}"""', ""]
        lines += [f"    # {comment}" for comment in self.comments]
        lines += [f"    {name} = {one.render()}" for name, one in self.fields.items()]
        lines += [f"    {name} = {value}" for name, value in self.managers.items()]
        if self.meta:
            lines += ["", "    class Meta:", *(f"        {key} = {value}" for key, value in self.meta.items())]
        for method in self.methods.values():
            lines += ["", *(f"    {line}" if line else "" for line in method.splitlines())]
        return "\n".join(lines) + "\n"


@dataclass
class Plugin:
    """Parts by module and name, each a text; models apart. ``files`` are others that were edited or added."""

    models: dict[str, Model]
    parts: dict[str, dict[str, str]]
    files: dict[str, str] = field(default_factory=dict)
    package: bool = False
    # How a writer would have it: the order of imports, and lines that are broken or not.
    imports_reversed: bool = False
    broken_lines: bool = False

    def where(self, name: str) -> str:
        """The module that defines a name of the plugin's own; empty when none does."""
        if name in self.models:
            return f"models.{self.models[name].home}" if self.package else "models"
        return next((module for module, parts in self.parts.items() if name in parts), "")

    def used(self, name: str) -> bool:
        """Whether a model's field or option has the name."""
        texts = [one.render() for model in self.models.values() for one in model.fields.values()]
        texts += [value for model in self.models.values() for value in [*model.meta.values(), *model.managers.values()]]
        return any(re.search(rf"\b{name}\b", text) for text in texts)

    def render(self) -> dict[str, str]:
        """``{path in the repository: text}``."""
        rendered = dict(self.files)
        for module, parts in self.parts.items():
            if parts:
                rendered[f"{PACKAGE}/{module}.py"] = self._module(module, list(parts.values()))
        if self.package:
            homes = dict.fromkeys(model.home for model in self.models.values())
            for home in homes:
                texts = [model.render() for model in self.models.values() if model.home == home]
                rendered[f"{PACKAGE}/models/{home}.py"] = self._module(f"models.{home}", texts)
            exported = [f"from {PACKAGE}.models.{model.home} import {model.name}" for model in self.models.values()]
            listed = "".join(f'    "{name}",\n' for name in self.models)
            text = "\n".join(sorted(exported)) + f"\n\n__all__ = [\n{listed}]\n"
            rendered[f"{PACKAGE}/models/__init__.py"] = f'{HEADER}"""Models."""\n\n{text}'
        else:
            rendered[f"{PACKAGE}/models.py"] = self._module(
                "models", [model.render() for model in self.models.values()]
            )
        return rendered

    def _module(self, module: str, texts: list[str]) -> str:
        body = "\n\n".join(texts)
        words = set(re.findall(r"\b[A-Za-z_]\w*\b", body))
        lines = [FOREIGN[word] for word in sorted(words) if word in FOREIGN]
        for word in sorted(words):
            home = self.where(word)
            if home and home != module:
                lines.append(f"from {PACKAGE}.{home} import {word}")
        imports = sorted(lines, reverse=self.imports_reversed)
        if self.broken_lines:
            body = "\n".join(_broken(body.splitlines())) + "\n"
        return f'{HEADER}"""The plugin\'s {module}."""\n\n{FUTURE}\n' + "\n".join(imports) + f"\n\n\n{body}"


def _broken(lines: Iterable[str]) -> Iterable[str]:
    """The same with each call of a field over several lines, as a formatter may have it."""
    for line in lines:
        found = re.fullmatch(r"(\s+)(\w+ = models\.\w+)\((.+)\)", line)
        if found:
            yield from (f"{found[1]}{found[2]}(", f"{found[1]}    {found[3]}", f"{found[1]})")
        else:
            yield line
