# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inside the stack: by what the plugin's models differ from its migrations, and what only the developer can answer."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

# Where the plugin's repository is mounted.
REPOSITORIES = "/opt/netbox-dev/"
# The value of an answer that stands for Django's own function.
NOW = "timezone.now"
_WAYS = (
    'or answer with -e \'{{"defaults": {{"{name}": VALUE}}}}\', the value that rows which are there already get'
    "{more}, or write the migration by hand with 'docker compose exec netbox python manage.py makemigrations'"
)
_ADDED = "'{name}' is a new field that may not be null, and has no default: give it one or null=True, " + _WAYS
_ALTERED = "'{name}' may no longer be null, and has no default for rows where it is: give it one, " + _WAYS
_NULL = " (null: no row has it null)"
_MOMENT = f" ('{NOW}': the moment of the migration)"
_RENAMED = (
    "'{name}' is gone: was it renamed to '{new}'? Taken for a new one, the old one's rows would be lost. Answer with "
    '-e \'{{"renames": ["{name}={new}"]}}\', or with "{name}=" if it is another one, or remove it in an edit of its own'
)
_UNLIKE = (
    "'{name}' is said to be '{new}' now, but Django takes it for removed, and its rows would be lost: no '{new}' "
    "differs from it in nothing but the name. Rename it alone, apply that, and edit the rest then; where inherited "
    "drift makes the difference, apply with inherited_drift=include before the rename. Answer with "
    '-e \'{{"renames": ["{name}="]}}\' to lose them'
)


class Undecided(Exception):
    """Nothing was done: the developer decides first."""


class OpenQuestion(Undecided):
    """Django would ask; nobody is there to answer."""


class Refused(Undecided):
    """The models differ from the migrations, and no migration may be written."""


@dataclass(frozen=True)
class Answers:
    """What the developer answers beforehand. Names are ``model.field``, or ``model``, in any case.

    ``renames``: the new name by the old one, empty for none; ``defaults``: the value of a field for existing rows.
    """

    renames: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, request: Mapping[str, Any]) -> Answers:
        lowered = ({name.lower(): value for name, value in request.get(key, {}).items()} for key in _ANSWERED)
        return cls(*lowered)


_ANSWERED = ("renames", "defaults")


def plugin_labels(package: str) -> list[str]:
    """The plugin's app, and those that it brings along: inside its package, or beside it in its repository."""
    from django.apps import apps

    configs = {config.name: config for config in apps.get_app_configs()}
    if package not in configs:
        raise LookupError(f"NetBox has not registered the plugin '{package}'")
    own = [str(configs.pop(package).label)]
    for name, config in sorted(configs.items()):
        if name.startswith(f"{package}.") or str(config.path).startswith(REPOSITORIES):
            own.append(str(config.label))
    return own


def _questioner(labels: list[str], answers: Answers, questions: dict[str, str]) -> Any:
    """Answers what Django asks by what was given; what was not is remembered in ``questions``, by name."""
    from django.db.migrations.questioner import MigrationQuestioner
    from django.db.models import NOT_PROVIDED
    from django.utils import timezone

    def value_of(name: str, otherwise: str) -> Any:
        if answers.defaults.get(name) is None:
            questions[name] = otherwise
            return NOT_PROVIDED
        return timezone.now if answers.defaults[name] == NOW else answers.defaults[name]

    def added(field_name: str, model_name: str) -> Any:
        name = f"{model_name}.{field_name}".lower()
        return value_of(name, _ADDED.format(name=name, more=""))

    def added_time(field_name: str, model_name: str) -> Any:
        name = f"{model_name}.{field_name}".lower()
        return value_of(name, _ADDED.format(name=name, more=_MOMENT))

    def altered(field_name: str, model_name: str) -> Any:
        name = f"{model_name}.{field_name}".lower()
        if name in answers.defaults and answers.defaults[name] is None:
            return NOT_PROVIDED
        return value_of(name, _ALTERED.format(name=name, more=_NULL))

    def renamed(name: str, new: str) -> bool:
        answer = answers.renames.get(name)
        if answer is None:
            questions[name] = _RENAMED.format(name=name, new=new)
            return False
        return answer.lower() == new.lower()

    def field_renamed(model_name: str, old_name: str, new_name: str, _field: Any) -> bool:
        return renamed(f"{model_name}.{old_name}".lower(), new_name)

    def model_renamed(old_model: Any, new_model: Any) -> bool:
        return renamed(str(old_model.name).lower(), str(new_model.name))

    questioner = MigrationQuestioner(specified_apps=set(labels), dry_run=True)
    questioner.ask_not_null_addition = added
    questioner.ask_auto_now_add_addition = added_time
    questioner.ask_not_null_alteration = altered
    questioner.ask_rename = field_renamed
    questioner.ask_rename_model = model_renamed
    return questioner


@dataclass
class Drift:
    """The operations by which the models of the plugin's apps differ from their migrations."""

    labels: list[str]
    changes: dict[str, list[Any]]
    # Each operation as a migration has it written, in the same order.
    operations: list[Any]
    keys: list[str]
    questions: dict[str, str]

    @classmethod
    def of(cls, package: str, loader: Any, answers: Answers | None = None) -> Drift:
        """Ask Django's autodetector."""
        from django.apps import apps
        from django.core.management import get_commands, load_command_class
        from django.db.migrations.autodetector import MigrationAutodetector
        from django.db.migrations.state import ProjectState
        from django.db.migrations.writer import OperationWriter

        # NetBox's own command decides, as it is imported, which attributes of a field never enter a migration.
        load_command_class(get_commands()["makemigrations"], "makemigrations")
        labels = plugin_labels(package)
        questions: dict[str, str] = {}
        questioner = _questioner(labels, answers or Answers(), questions)
        detector = MigrationAutodetector(loader.project_state(), ProjectState.from_apps(apps), questioner)
        changes = detector.changes(loader.graph, trim_to_apps=set(labels), convert_apps=set(labels))
        operations = [
            operation for label in labels for migration in changes.get(label, []) for operation in migration.operations
        ]
        keys = [OperationWriter(operation, indentation=0).serialize()[0] for operation in operations]
        return cls(labels, changes, operations, keys, questions)

    def key(self, operation: Any) -> str:
        return next(key for known, key in zip(self.operations, self.keys) if known is operation)

    def refuse_questions(self, own: list[Any]) -> None:
        """Raise OpenQuestion for what the operations leave open."""
        names = [_question_of(operation) for operation in own]
        texts = dict.fromkeys(self.questions[name] for name in names if name in self.questions)
        if texts:
            raise OpenQuestion(". ".join(texts))

    def split(self, inherited: set[str]) -> tuple[list[str], list[str]]:
        """Keys of the edit's own operations, and of inherited ones that they cannot do without: those go along."""
        own = [key for key in self.keys if key not in inherited]
        left = [key for key in self.keys if key in inherited]
        along: list[str] = []
        while True:
            needed = [key for key in left if any(_refers(one, key) for one in [*own, *along])]
            if not needed:
                return own, along
            along += needed
            left = [key for key in left if key not in needed]


def refuse_lost_renames(own: list[str], inherited: Iterable[str], renames: Mapping[str, str]) -> None:
    """Raise OpenQuestion for removals that are renames, or may be, and of which Django does not ask.

    It asks where old and new differ in nothing but the name: an edit of both, or inherited drift, hides the rename.
    """
    targets = [target_of(key) for key in own]
    drifted = {(target.model, target.part) for target in map(target_of, inherited)}
    texts = []
    for target in targets:
        if target.kind == "RemoveField":
            name = f"{target.model}.{target.part}"
            new = [one.part for one in targets if (one.kind, one.model) == ("AddField", target.model)]
            differs = (target.model, target.part) in drifted
        elif target.kind == "DeleteModel":
            name, new = target.model, [one.model for one in targets if one.kind == "CreateModel"]
            differs = any(model == target.model for model, _part in drifted)
        else:
            continue
        answer = renames.get(name)
        if answer:
            texts.append(_UNLIKE.format(name=name, new=answer))
        elif answer is None and differs and new:
            texts.append(_RENAMED.format(name=name, new=new[0]))
    if texts:
        raise OpenQuestion(". ".join(texts))


def _question_of(operation: Any) -> str:
    model = getattr(operation, "model_name", "")
    return f"{model}.{operation.name}".lower() if model else str(getattr(operation, "name", "")).lower()


@dataclass(frozen=True)
class Target:
    """What an operation is about: ``model`` and, where it is about a part of it, its ``part`` (lower case)."""

    kind: str
    model: str
    part: str

    @property
    def text(self) -> str:
        if self.part == self.kind:
            return f"{self.model} ({self.kind})"
        return f"{self.model}.{self.part}" if self.part else self.model


_OPTIONS = re.compile(r"Alter(UniqueTogether|IndexTogether|OrderWithRespectTo|Model\w+)")


def target_of(key: str) -> Target:
    """What an operation, as it is written in a migration, is about."""
    call = ast.parse(key.strip().rstrip(","), mode="eval").body
    if not isinstance(call, ast.Call):
        return Target("", "", "")
    kind = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    words = {word.arg: word.value.value for word in call.keywords if word.arg and isinstance(word.value, ast.Constant)}
    name, model = str(words.get("name", "")).lower(), str(words.get("model_name", "")).lower()
    if model:
        return Target(kind, model, name)
    return Target(kind, name, kind if _OPTIONS.fullmatch(kind) else "")


def _refers(key: str, inherited: str) -> bool:
    """Whether an operation needs what an inherited one would make: a model, or a field."""
    about = target_of(inherited)
    target = target_of(key)
    if about.kind == "CreateModel":
        named = re.search(rf"""['"][a-z0-9_]+\.{re.escape(about.model)}['"]""", key.lower())
        return about.model == target.model or named is not None
    if about.kind == "AddField":
        return about.model == target.model and re.search(rf"['\"]{re.escape(about.part)}['\"]", key.lower()) is not None
    return False


def overlapping(own: list[str], inherited: set[str]) -> list[str]:
    """Names of what the edit's own operations are about and an inherited one was, too: they hold its drift."""
    before = {(target.model, target.part): target.text for target in map(target_of, inherited)}
    found = [before.get((target.model, target.part)) for target in map(target_of, own)]
    return list(dict.fromkeys(name for name in found if name))
