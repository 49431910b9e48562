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
import traceback
import warnings
from collections.abc import Iterable, Mapping

OTHER_ENGINE = "A file that is none of Django's templates needs a rule with 'category: docs' in netbox-dev.yml."


class Broken(Exception):
    """The code on disk does not compile or cannot be used; the message says where."""


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
    wrong = broken_templates(repository(), files["templates"]) if files.get("templates") else []
    if wrong:
        found += [*wrong, OTHER_ENGINE]
    if found:
        raise Broken("\n".join(found))


def refuse_unusable(labels: Iterable[str]) -> None:
    """Raise Broken where NetBox would not serve with the code on disk, or Django's checks of these apps fail.

    Those of NetBox's own apps are left out: no change of a plugin can make them fail.
    """
    from django.core.management import call_command
    from django.urls import get_resolver

    try:
        _loaded = get_resolver().url_patterns
        call_command("check", *labels)
    except Exception as error:
        raise Broken(_told(error)) from error


def _told(error: Exception) -> str:
    """An error with the last place in the plugin that led to it."""
    package = os.path.join("/opt/netbox/netbox", os.environ["NETBOX_DEV_PACKAGE"])
    text = "".join(traceback.format_exception_only(error)).strip()
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        for top in (package, repository()):
            if frame.filename.startswith(f"{top}/"):
                path = os.path.relpath(frame.filename, os.path.dirname(top) if top == package else top)
                return f"{path}, line {frame.lineno}: {text}"
    return text


def main() -> None:
    json.dump(broken_python(repository(), json.loads(sys.argv[1])), sys.stdout)


if __name__ == "__main__":
    main()
