# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""Commits on the sandbox's example plugin, made from a seed: each is one edit of the kind that developers make.

Every kind has a weight, so that a history looks like a plugin's: methods, views and forms are edited more often than
models are moved. A kind that nothing can be done with at the moment is drawn again.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from replay.described import PACKAGE, Field, Model, Plugin

EXAMPLE = Path(__file__).resolve().parents[1] / "sandbox/plugin"
SEED = 20260101
KINDS: dict[str, tuple[int, Callable[[Plugin, random.Random], bool]]] = {}
WORDS = ("rack", "serial", "vendor", "notes", "zone", "asn", "state", "owner", "speed", "lanes", "weight", "label")


@dataclass(frozen=True)
class Generated:
    """One commit: what was done, and ``{path: text}`` of the files as they are then."""

    kind: str
    files: dict[str, str]


def kind(weight: int = 1) -> Callable[[Callable[[Plugin, random.Random], bool]], None]:
    """Register an edit; it returns whether there was anything to edit."""

    def register(edit: Callable[[Plugin, random.Random], bool]) -> None:
        KINDS[edit.__name__.replace("_", " ")] = (weight, edit)

    return register


def start() -> Plugin:
    """The models and choices of the example plugin as it is."""
    fabric = Model("Fabric", "fabric", "A group of switches that are managed together.", made=False)
    fabric.fields = {
        "name": Field("models.CharField", {"max_length": "100", "unique": "True"}, made=False),
        "description": Field("models.CharField", {"max_length": "200", "blank": "True"}, made=False),
    }
    fabric.meta = {"ordering": '("name",)', "verbose_name": '"fabric"', "verbose_name_plural": '"fabrics"'}
    switch = Model("Switch", "switch", "A switch of a fabric, which may be a device that NetBox knows.", made=False)
    device = {"on_delete": "models.SET_NULL", "related_name": '"+"', "blank": "True", "null": "True"}
    role = {"max_length": "20", "choices": "SwitchRoleChoices.choices", "default": "SwitchRoleChoices.LEAF"}
    switch.fields = {
        "fabric": Field("models.ForeignKey", {"on_delete": "models.CASCADE", "related_name": '"switches"'}, "Fabric"),
        "device": Field("models.ForeignKey", device, '"dcim.Device"'),
        "name": Field("models.CharField", {"max_length": "64"}),
        "role": Field("models.CharField", role),
    }
    for one in switch.fields.values():
        one.made = False
    switch.meta = {"ordering": '("fabric", "name")', "verbose_name": '"switch"', "verbose_name_plural": '"switches"'}
    for model in (fabric, switch):
        model.methods["__str__"] = "def __str__(self) -> str:\n    return self.name\n"
    roles = 'class SwitchRoleChoices(models.TextChoices):\n    SPINE = "spine", "Spine"\n    LEAF = "leaf", "Leaf"\n'
    colors = 'class ColorChoices(models.TextChoices):\n    RED = "red", "Red"\n    BLUE = "blue", "Blue"\n'
    parts = {
        "choices": {"SwitchRoleChoices": roles, "ColorChoices": colors},
        "constants": {"NAME_LENGTH": "NAME_LENGTH = 64\n", "PAGE_SIZE": "PAGE_SIZE = 50\n"},
        "validators": {
            "validate_lower": "def validate_lower(value: str) -> None:\n    if value != value.lower():\n"
            '        raise ValidationError("It must be lower case.")\n'
        },
        "defaults": {"make_label": 'def make_label() -> str:\n    return "new"\n'},
        "managers": {
            "ActiveManager": "class ActiveManager(models.Manager):\n    def active(self) -> Any:\n"
            '        return self.exclude(name="")\n'
        },
        "forms": {"FabricForm": 'class FabricForm(forms.Form):\n    name = forms.CharField(label="Name")\n'},
        "tables": {"SwitchTable": 'class SwitchTable:\n    columns = ["name", "role"]\n'},
        "helpers": {"pick": "def pick(items: list[str]) -> str:\n    return random.choice(items)\n"},
    }
    return Plugin({"Fabric": fabric, "Switch": switch}, parts)


def history(count: int, seed: int = SEED) -> Iterator[Generated]:
    """The plugin as a commit of its own, then ``count`` edits of it."""
    chance = random.Random(seed)
    plugin = start()
    files = plugin.render()
    yield Generated("start", files)
    deck: list[str] = []
    made = 0
    while made < count:
        if not deck:
            deck = [name for name, (weight, _edit) in KINDS.items() for _turn in range(weight)]
            chance.shuffle(deck)
        name = deck.pop()
        if not KINDS[name][1](plugin, chance):
            continue
        rendered = plugin.render()
        if rendered != files:
            files = rendered
            made += 1
            yield Generated(name, files)


# -- what edits choose from


def pick_model(plugin: Plugin, chance: random.Random, made: bool = False) -> Model | None:
    found = [model for model in plugin.models.values() if (model.made or not made) and "abstract" not in model.meta]
    return chance.choice(found) if found else None


def pick_field(plugin: Plugin, chance: random.Random, having: str = "", own: bool = False) -> Field | None:
    found = [
        one
        for model in plugin.models.values()
        for one in model.fields.values()
        if (not having or having in one.arguments) and (one.made or not own)
    ]
    return chance.choice(found) if found else None


def new_name(taken: Collection[str], chance: random.Random, words: Sequence[str] = WORDS) -> str:
    while True:
        name = f"{chance.choice(words)}_{chance.randrange(1000)}"
        if name not in taken:
            return name


def replace_part(plugin: Plugin, module: str, name: str, old: str, new: str) -> bool:
    before = plugin.parts[module].get(name, "")
    plugin.parts[module][name] = before.replace(old, new, 1)
    return old in before


# -- edits of models that the schema is made of


@kind(3)
def add_a_field(plugin: Plugin, chance: random.Random) -> bool:
    model = pick_model(plugin, chance)
    assert model
    kinds = [
        Field("models.CharField", {"max_length": "40", "blank": "True", "default": '""'}),
        Field("models.PositiveIntegerField", {"default": "0"}),
        Field("models.BooleanField", {"default": "False"}),
        Field("models.JSONField", {"default": "dict", "blank": "True"}),
        Field("models.TextField", {"blank": "True", "default": '""'}),
        Field("models.CharField", {"max_length": "NAME_LENGTH", "default": "make_label"}),
        Field(
            "models.CharField", {"max_length": "9", "choices": "ColorChoices.choices", "default": "ColorChoices.RED"}
        ),
        Field(
            "models.ForeignKey", {"on_delete": "models.CASCADE", "null": "True", "related_name": '"+"'}, '"dcim.Site"'
        ),
        Field("models.ManyToManyField", {"blank": "True", "related_name": '"+"'}, '"extras.Tag"'),
    ]
    model.fields[new_name(model.fields, chance)] = chance.choice(kinds)
    return True


@kind(2)
def remove_a_field(plugin: Plugin, chance: random.Random) -> bool:
    found = [(model, name) for model in plugin.models.values() for name, one in model.fields.items() if one.made]
    if not found:
        return False
    model, name = chance.choice(found)
    del model.fields[name]
    return True


@kind()
def rename_a_field(plugin: Plugin, chance: random.Random) -> bool:
    found = [(model, name) for model in plugin.models.values() for name, one in model.fields.items() if one.made]
    if not found:
        return False
    model, name = chance.choice(found)
    model.fields[new_name(model.fields, chance)] = model.fields.pop(name)
    return True


@kind(2)
def alter_a_length(plugin: Plugin, chance: random.Random) -> bool:
    one = pick_field(plugin, chance, "max_length")
    assert one
    one.arguments["max_length"] = str(chance.randrange(65, 250))
    return True


@kind()
def alter_null(plugin: Plugin, chance: random.Random) -> bool:
    one = pick_field(plugin, chance, own=True)
    if one is None or one.kind == "models.ManyToManyField":
        return False
    if one.arguments.pop("null", None) is None:
        one.arguments["null"] = "True"
    return True


@kind()
def alter_a_default(plugin: Plugin, chance: random.Random) -> bool:
    one = pick_field(plugin, chance, "default", own=True)
    if one is None or one.kind != "models.PositiveIntegerField":
        return False
    one.arguments["default"] = str(chance.randrange(1, 100))
    return True


@kind()
def alter_the_kind_of_a_field(plugin: Plugin, chance: random.Random) -> bool:
    one = pick_field(plugin, chance, "default", own=True)
    if one is None or one.kind not in ("models.PositiveIntegerField", "models.BigIntegerField"):
        return False
    one.kind = "models.BigIntegerField" if one.kind.endswith("PositiveIntegerField") else "models.PositiveIntegerField"
    return True


@kind()
def make_a_length_a_constant(plugin: Plugin, chance: random.Random) -> bool:
    one = pick_field(plugin, chance, "max_length")
    if one is None or not one.arguments["max_length"].isdigit():
        return False
    name = f"LENGTH_{len(plugin.parts['constants'])}"
    plugin.parts["constants"][name] = f"{name} = {one.arguments['max_length']}\n"
    one.arguments["max_length"] = name
    return True


@kind(2)
def change_a_constant_that_a_field_uses(plugin: Plugin, chance: random.Random) -> bool:
    return _change_constant(plugin, chance, used=True)


@kind(2)
def change_a_constant_that_no_field_uses(plugin: Plugin, chance: random.Random) -> bool:
    return _change_constant(plugin, chance, used=False)


def _change_constant(plugin: Plugin, chance: random.Random, used: bool) -> bool:
    found = [name for name in plugin.parts["constants"] if plugin.used(name) == used]
    if not found:
        return False
    name = chance.choice(found)
    plugin.parts["constants"][name] = f"{name} = {chance.randrange(65, 250)}\n"
    return True


@kind()
def add_a_choice_that_a_field_uses(plugin: Plugin, chance: random.Random) -> bool:
    return _add_choice(plugin, chance, used=True)


@kind()
def add_a_choice_that_no_field_uses(plugin: Plugin, chance: random.Random) -> bool:
    return _add_choice(plugin, chance, used=False)


def _add_choice(plugin: Plugin, chance: random.Random, used: bool) -> bool:
    found = [name for name in plugin.parts["choices"] if plugin.used(name) == used]
    if not found:
        return False
    member = new_name((), chance)
    plugin.parts["choices"][chance.choice(found)] += f'    {member.upper()} = "{member}", "{member.title()}"\n'
    return True


@kind()
def add_a_validator(plugin: Plugin, chance: random.Random) -> bool:
    one = pick_field(plugin, chance, "max_length")
    assert one
    validators = ["validate_lower", 'RegexValidator(r"^[a-z]*$")', f"MaxLengthValidator({chance.randrange(10, 60)})"]
    one.arguments["validators"] = f"[{chance.choice(validators)}]"
    return True


@kind()
def change_what_a_validator_does(plugin: Plugin, chance: random.Random) -> bool:
    name, number = "validate_lower", chance.randrange(1000)
    plugin.parts["validators"][name] += f'    if value == "{number}":\n        raise ValidationError("Not {number}.")\n'
    return True


@kind()
def change_what_a_default_does(plugin: Plugin, chance: random.Random) -> bool:
    plugin.parts["defaults"]["make_label"] = f'def make_label() -> str:\n    return "new-{chance.randrange(1000)}"\n'
    return True


@kind()
def alter_the_ordering(plugin: Plugin, chance: random.Random) -> bool:
    model = pick_model(plugin, chance)
    assert model
    model.meta["ordering"] = chance.choice(['("name", "pk")', '("-name",)', '["name"]', '("pk",)'])
    return True


@kind()
def alter_a_models_verbose_name(plugin: Plugin, chance: random.Random) -> bool:
    model = pick_model(plugin, chance)
    assert model
    model.meta["verbose_name"] = f'"{model.name.lower()} {chance.choice(WORDS)}"'
    return True


@kind()
def add_a_constraint(plugin: Plugin, chance: random.Random) -> bool:
    model = pick_model(plugin, chance)
    assert model
    name = f"{model.name.lower()}_unique_{chance.randrange(1000)}"
    model.meta["constraints"] = f'[models.UniqueConstraint(fields=["name"], name="{name}")]'
    return True


@kind()
def add_an_index(plugin: Plugin, chance: random.Random) -> bool:
    model = pick_model(plugin, chance)
    assert model
    model.meta["indexes"] = f'[models.Index(fields=["name"], name="{model.name.lower()}_{chance.randrange(1000)}")]'
    return True


@kind()
def remove_an_option(plugin: Plugin, chance: random.Random) -> bool:
    found = [(m, key) for m in plugin.models.values() for key in m.meta if key in ("constraints", "indexes")]
    if not found:
        return False
    model, key = chance.choice(found)
    del model.meta[key]
    return True


@kind(2)
def add_a_model(plugin: Plugin, chance: random.Random) -> bool:
    name = new_name(plugin.models, chance, ("Cable", "Plan", "Port", "Zone")).replace("_", "")
    model = Model(name, name.lower(), f"A {name.lower()}.")
    model.fields["name"] = Field("models.CharField", {"max_length": "50"}, made=False)
    model.fields["fabric"] = Field(
        "models.ForeignKey", {"on_delete": "models.CASCADE", "related_name": '"+"'}, "Fabric"
    )
    model.methods["__str__"] = "def __str__(self) -> str:\n    return self.name\n"
    plugin.models[name] = model
    return True


@kind()
def rename_a_model(plugin: Plugin, chance: random.Random) -> bool:
    model = pick_model(plugin, chance, made=True)
    if model is None:
        return False
    del plugin.models[model.name]
    model.name = new_name(plugin.models, chance, ("Cable", "Plan", "Port", "Zone")).replace("_", "")
    plugin.models[model.name] = model
    return True


@kind()
def delete_a_model(plugin: Plugin, chance: random.Random) -> bool:
    model = pick_model(plugin, chance, made=True)
    if model is None:
        return False
    del plugin.models[model.name]
    return True


@kind()
def alter_what_happens_on_delete(plugin: Plugin, chance: random.Random) -> bool:
    one = pick_field(plugin, chance, "on_delete", own=True)
    if one is None:
        return False
    kept = one.arguments["on_delete"]
    one.arguments["on_delete"] = "models.PROTECT" if kept == "models.CASCADE" else "models.CASCADE"
    return True


@kind()
def use_a_manager_in_migrations(plugin: Plugin, chance: random.Random) -> bool:
    name = "ActiveManager"
    text = plugin.parts["managers"][name]
    if not plugin.used(name):
        return False
    line = "    use_in_migrations = True\n\n"
    head = "class ActiveManager(models.Manager):\n"
    plugin.parts["managers"][name] = text.replace(line, "") if line in text else text.replace(head, head + line)
    return True


# -- edits that move what the schema is made of


@kind()
def move_fields_to_an_abstract_base(plugin: Plugin, chance: random.Random) -> bool:
    found = [(m, name) for m in plugin.models.values() for name, one in m.fields.items() if one.made]
    model, name = chance.choice(found) if found else (None, "")
    base = f"{model.name}Base" if model else ""
    if model is None or "abstract" in model.meta or base in plugin.models:
        return False
    added = Model(base, model.home, "What was taken out.", meta={"abstract": "True"})
    added.fields[name] = model.fields.pop(name)
    added.bases, model.bases = model.bases, [base]
    models = list(plugin.models.values())
    models.insert(models.index(model), added)
    plugin.models = {one.name: one for one in models}
    return True


@kind()
def make_models_a_package(plugin: Plugin, chance: random.Random) -> bool:
    plugin.package = not plugin.package
    return True


@kind()
def move_a_model_to_another_module(plugin: Plugin, chance: random.Random) -> bool:
    model = pick_model(plugin, chance)
    # One with a base of its own would have to import in a circle.
    if model is None or not plugin.package or any(base in plugin.models for base in model.bases):
        return False
    model.home = f"{model.name.lower()}_{chance.randrange(100)}"
    return True


@kind()
def change_the_order_of_fields(plugin: Plugin, chance: random.Random) -> bool:
    model = pick_model(plugin, chance)
    assert model
    names = list(model.fields)
    chance.shuffle(names)
    model.fields = {name: model.fields[name] for name in names}
    return True


# -- edits of models that the schema is not made of


@kind(4)
def add_a_method(plugin: Plugin, chance: random.Random) -> bool:
    model = pick_model(plugin, chance)
    assert model
    name = new_name(model.methods, chance)
    body = chance.choice(["return None", "return self.save()", f"return self.name + str({chance.randrange(99)})"])
    model.methods[name] = f"def {name}(self) -> Any:\n    {body}\n"
    return True


@kind(4)
def edit_a_method(plugin: Plugin, chance: random.Random) -> bool:
    model = pick_model(plugin, chance)
    assert model
    name = chance.choice(list(model.methods))
    lines = model.methods[name].splitlines()
    head = next(number for number, line in enumerate(lines) if line.startswith("def "))
    lines.insert(head + 1, f"    print({chance.randrange(1000)})")
    model.methods[name] = "\n".join(lines) + "\n"
    return True


@kind(2)
def add_a_property(plugin: Plugin, chance: random.Random) -> bool:
    model = pick_model(plugin, chance)
    assert model
    name = new_name(model.methods, chance)
    model.methods[name] = f"@property\ndef {name}(self) -> str:\n    return self.name\n"
    return True


@kind(2)
def validate_a_model_before_it_is_saved(plugin: Plugin, chance: random.Random) -> bool:
    model = pick_model(plugin, chance)
    assert model
    check = f'    if self.name == "{chance.randrange(1000)}":\n        raise ValidationError("No.")\n'
    model.methods["clean"] = "def clean(self) -> None:\n    super().clean()\n" + check
    return True


@kind(2)
def write_a_comment(plugin: Plugin, chance: random.Random) -> bool:
    model = pick_model(plugin, chance)
    assert model
    model.comments.append(f"Remember {chance.randrange(1000)}.")
    return True


@kind(2)
def write_another_docstring(plugin: Plugin, chance: random.Random) -> bool:
    model = pick_model(plugin, chance)
    assert model
    model.doc = f"A {model.name.lower()} of {chance.randrange(1000)}."
    return True


@kind(2)
def write_other_annotations(plugin: Plugin, chance: random.Random) -> bool:
    model = pick_model(plugin, chance)
    assert model
    before = model.methods["__str__"]
    other = "def __str__(self):" if "-> str" in before else "def __str__(self) -> str:"
    model.methods["__str__"] = other + before[before.index("\n") :]
    return True


@kind(2)
def format_otherwise(plugin: Plugin, chance: random.Random) -> bool:
    plugin.broken_lines = not plugin.broken_lines
    return True


@kind()
def import_in_another_order(plugin: Plugin, chance: random.Random) -> bool:
    plugin.imports_reversed = not plugin.imports_reversed
    return True


@kind(2)
def write_a_help_text(plugin: Plugin, chance: random.Random) -> bool:
    one = pick_field(plugin, chance)
    assert one
    one.arguments[chance.choice(["help_text", "verbose_name"])] = f'"It is {chance.choice(WORDS)}"'
    return True


@kind(2)
def edit_a_manager(plugin: Plugin, chance: random.Random) -> bool:
    plugin.parts["managers"]["ActiveManager"] += (
        f'\n    def {new_name((), chance)}(self) -> Any:\n        return self.filter(name="{chance.randrange(1000)}")\n'
    )
    return True


@kind()
def add_a_manager(plugin: Plugin, chance: random.Random) -> bool:
    model = pick_model(plugin, chance)
    assert model
    if "use_in_migrations" in plugin.parts["managers"]["ActiveManager"] or model.managers:
        return False
    model.managers = {"objects": "ActiveManager()"}
    return True


# -- edits of other modules


@kind(3)
def edit_a_form(plugin: Plugin, chance: random.Random) -> bool:
    name = new_name((), chance)
    plugin.parts["forms"]["FabricForm"] += f'    {name} = forms.CharField(label="{name}", max_length=NAME_LENGTH)\n'
    return True


@kind(3)
def edit_a_table(plugin: Plugin, chance: random.Random) -> bool:
    return replace_part(plugin, "tables", "SwitchTable", '"name"', f'"name", "{new_name((), chance)}"')


@kind(2)
def edit_a_helper(plugin: Plugin, chance: random.Random) -> bool:
    return replace_part(plugin, "helpers", "pick", "return ", f"print({chance.randrange(1000)})\n    return ")


@kind(3)
def edit_a_view(plugin: Plugin, chance: random.Random) -> bool:
    return _edit_file(plugin, "views.py", r'^TITLE = ".*"$', f'TITLE = "Switches {chance.randrange(1000)}"')


@kind()
def add_a_module(plugin: Plugin, chance: random.Random) -> bool:
    name = new_name(plugin.parts, chance)
    plugin.parts[name] = {f"VALUE_{name}": f"VALUE_{name} = 1\n"}
    return True


@kind()
def delete_a_module(plugin: Plugin, chance: random.Random) -> bool:
    found = [name for name in plugin.parts if f"VALUE_{name}" in plugin.parts[name]]
    if not found:
        return False
    del plugin.parts[chance.choice(found)]
    return True


@kind(2)
def edit_a_job(plugin: Plugin, chance: random.Random) -> bool:
    return _edit_file(plugin, "jobs.py", r'^RESULT = ".*"$', f'RESULT = "synced {chance.randrange(1000)}"')


@kind()
def edit_the_plugins_configuration(plugin: Plugin, chance: random.Random) -> bool:
    return _edit_file(plugin, "__init__.py", r'"greeting": ".*"', f'"greeting": "hello {chance.randrange(1000)}"')


def _edit_file(plugin: Plugin, name: str, pattern: str, text: str) -> bool:
    """Edit a file that is as the example has it."""
    path = f"{PACKAGE}/{name}"
    before = plugin.files.get(path) or (EXAMPLE / path).read_text(encoding="utf-8")
    plugin.files[path], count = re.subn(pattern, text, before, flags=re.M)
    return count == 1


@kind()
def edit_a_test(plugin: Plugin, chance: random.Random) -> bool:
    plugin.files[f"{PACKAGE}/tests/test_more.py"] = f"NUMBER = {chance.randrange(1000)}\n"
    return True


@kind(2)
def edit_a_template(plugin: Plugin, chance: random.Random) -> bool:
    path = f"{PACKAGE}/templates/netbox_example/more.html"
    plugin.files[path] = f"<p>{chance.randrange(1000)}</p>\n"
    return True
