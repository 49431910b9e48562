# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of a plugin's code that decides about something: its schema, or its plugin configuration.

A slice starts at roots (the models, or the ``PluginConfig``) and follows the names that these use, through imports,
base classes and called functions. Two versions of a plugin have the same schema when their schema slices are equal;
when a name cannot be followed for sure, more is taken in, never less.
"""

from __future__ import annotations

import re

from .comparison import LOADED, Slice
from .kinds import Kinds, in_models
from .modules import Modules
from .source import IMPORT, Part
from .syntax import IF, NOW
from .walk import Walk

# They keep what they are given for later.
_HARMLESS = re.compile(
    r"(^|\.)(print|connect|register|unregister|getLogger|debug|info|warning|error|filterwarnings|simplefilter)\(\)$"
)
# Of an app's configuration, these decide which models there are, and what their keys are.
_IN_SCHEMA = ("default_auto_field", "django_apps", "label", "name")


def schema_slice(modules: Modules) -> Slice:
    """What decides about the schema: models, their fields and options, and all that these are made of."""
    walk = Walk(modules, patched=True)
    kinds = walk.kinds
    surely, at_start, anywhere = modules.loaded(NOW), walk.at_start, walk.loaded
    bearing = set()
    makers = kinds.makers()
    for module, source in modules.sources.items():
        if not modules.is_entry(module) and module not in anywhere:
            # A script beside the package.
            continue
        for name, part in source.parts.items():
            if part.kind == "class" and name.rpartition(".")[2] != "Meta":
                if kinds.may_be_model((module, name)):
                    walk.add_class(module, name, as_model=True)
                    bearing.add(module)
                elif "." not in name and kinds.is_config((module, name)) and module != f"{modules.package}.apps":
                    # NetBox takes the plugin's PluginConfig, and never an AppConfig beside it.
                    walk.add_settings(module, name, _IN_SCHEMA)
            elif (module, name) in makers or (
                in_models(module) and (_builds(modules, module, name, part) or _names_model(kinds, module, name, part))
            ):
                walk.add(module, name)
                bearing.add(module)
    for module in at_start | modules.closure(filter(in_models, modules.sources)):
        if modules.sources[module].unsure:
            walk.add_module(module)
            bearing.add(module)
    for module in modules.closure(bearing, IF) - bearing:
        besides = modules.part(module, "")
        if besides and _builds(modules, module, "", besides):
            walk.add(module, "")
    for module in at_start:
        for name, part in modules.sources[module].parts.items():
            imported = modules.absolute(module, name[: -len(IMPORT) - 1])
            if part.kind == "import" and imported in modules.sources:
                # On some condition, models are loaded, or what they need; a module that is not there is one.
                walk.add(module, name)
                walk.mark(imported, IMPORT, " ".join(modules.missing(imported)))
    for module in bearing:
        # A model that no process imports is none.
        walk.mark(module, LOADED, f"{module in surely} {module in at_start} {module in anywhere}")
    return walk.run()


def _names_model(kinds: Kinds, module: str, name: str, part: Part) -> bool:
    """Whether module-level code has a model's fields and options in hand: who knows what it does to them."""
    if part.kind != "variable" or name == "__all__":
        return False
    for use in part.uses:
        if "._meta" in use:
            for target in kinds.modules.resolve(module, use.strip("&()")):
                if not target.foreign and target.part and kinds.is_model((target.module, target.part)):
                    return True
    return False


def _builds(modules: Modules, module: str, name: str, part: Part) -> bool:
    """Whether module-level code may make or change models: it calls ``type``, or something of ours, or who knows."""
    if part.kind not in ("variable", "touch") or name == "__all__":
        return False
    for use in part.uses:
        if not use.endswith("()"):
            continue
        ours = any(not target.foreign for target in modules.resolve(module, use[:-2]))
        if ours or use == "type()" or (name == "" and not _HARMLESS.search(use)):
            return True
    return False


def config_slice(modules: Modules) -> Slice:
    """What decides about the plugin's configuration: attributes of ``PluginConfig`` and ``AppConfig`` classes."""
    walk = Walk(modules)
    for module, source in modules.sources.items():
        for name, part in source.parts.items():
            if part.kind == "class" and "." not in name and walk.kinds.is_config((module, name)):
                walk.add_class(module, name)
                walk.add(module, "config")
                walk.add(module, "default_app_config")
    return walk.run()
