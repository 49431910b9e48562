# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether changed files compile, also those that no process has imported yet: commands, lazy imports, templates.

Paths are relative to the repository. As a program: takes a JSON list of paths of Python files, prints a JSON list of
what is wrong; templates need Django, and are left to the tasks.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Iterable, Mapping


class Broken(Exception):
    """Files on disk do not compile; the message has a line for each."""


def repository() -> str:
    return os.environ["NETBOX_DEV_REPOSITORY"]


def broken_python(root: str, paths: Iterable[str]) -> list[str]:
    """``file, line: what: text`` of each file below ``root`` that this interpreter cannot compile."""
    found = []
    for path in paths:
        try:
            with open(os.path.join(root, path), "rb") as stream:
                content = stream.read()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                compile(content, path, "exec", dont_inherit=True)
        except OSError:
            # Gone since it was found; the next run knows.
            continue
        except SyntaxError as error:
            text = (error.text or "").strip()
            found.append(f"{path}, line {error.lineno}: {error.msg}{f': {text}' if text else ''}")
        except (ValueError, RecursionError, MemoryError) as error:
            found.append(f"{path}: {error}")
    return found


def broken_templates(root: str, paths: Iterable[str]) -> list[str]:
    """The same of templates, as NetBox's own engine compiles them."""
    from django.template import Origin, Template, TemplateSyntaxError, engines
    from django.template.backends.django import DjangoTemplates

    engine = next(one.engine for one in engines.all() if isinstance(one, DjangoTemplates))
    found = []
    for path in paths:
        try:
            with open(os.path.join(root, path), encoding="utf-8") as stream:
                text = stream.read()
            Template(text, origin=Origin(path), name=path, engine=engine)
        except OSError:
            continue
        except TemplateSyntaxError as error:
            token = getattr(error, "token", None)
            found.append(f"{path}, line {token.lineno}: {error}" if token else f"{path}: {error}")
        except ValueError as error:
            found.append(f"{path}: {error}")
    return found


def refuse_broken(files: Mapping[str, list[str]]) -> None:
    """Raise Broken where one of the files does not compile."""
    found = broken_python(repository(), files.get("python", []))
    if files.get("templates"):
        found += broken_templates(repository(), files["templates"])
    if found:
        raise Broken("\n".join(found))


def main() -> None:
    json.dump(broken_python(repository(), json.loads(sys.argv[1])), sys.stdout)


if __name__ == "__main__":
    main()
