# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""Reads `/etc/netbox/config/*.py`: `configuration.py` first, then the others in sorted order.

Attributes are looked up in all of them, the file loaded last first: so the last one wins and lists are not merged.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

_CONF_DIR = Path("/etc/netbox/config")
_MAIN = "configuration"

_loaded_configurations: list[ModuleType] = []


def __getattr__(name: str) -> Any:
    for module in reversed(_loaded_configurations):
        try:
            return getattr(module, name)
        except AttributeError:
            pass
    raise AttributeError(name)


def __dir__() -> list[str]:
    names: set[str] = set()
    for module in _loaded_configurations:
        names.update(name for name in dir(module) if not name.startswith("__"))
    return sorted(names)


def _load(path: Path) -> None:
    spec = importlib.util.spec_from_file_location(f"{__name__}.{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path}: not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    _loaded_configurations.append(module)
    print(f"🧬 loaded config '{path}'", file=sys.stderr)


def _read_configurations() -> None:
    main = _CONF_DIR / f"{_MAIN}.py"
    if not main.is_file():
        raise FileNotFoundError(f"{main}: NetBox needs a main configuration file")
    _load(main)
    for path in sorted(_CONF_DIR.glob("*.py")):
        if path != main and not path.name.startswith("__"):
            _load(path)


_read_configurations()
