# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""Edits of a plugin of several files, and what each is. What concerns the schema was decided by Django itself."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

INIT = """\
from netbox.plugins import PluginConfig

from .version import __version__

HELPER = 1


class ExampleConfig(PluginConfig):
    name = "netbox_example"
    verbose_name = "Example"
    version = __version__
    base_url = "example"
    min_version = "4.3.0"
    default_auto_field = "django.db.models.BigAutoField"
    default_settings = {"greeting": "hello"}
    queues = ["low"]
    middleware = ["netbox_example.middleware.Middleware"]

    def ready(self):
        super().ready()
        from . import signals


config = ExampleConfig
"""
FABRIC = """\
from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.core.validators import MinValueValidator
from django.db import models
from django.urls import reverse

from netbox.models import NetBoxModel

from .. import constants as const
from ..choices import FabricStatus, KIND_CHOICES
from ..defaults import make_label, make_owner
from ..fields import PortField
from ..managers import FabricManager, QuietManager
from ..validators import validate_lower, EvenValidator
from .base import Owned, Described, LabelMixin

if TYPE_CHECKING:
    from collections.abc import Iterable

logger = logging.getLogger(__name__)
LIMIT = 40
UNUSED = 1


class Fabric(LabelMixin, Owned, NetBoxModel):
    \"\"\"A group of switches.\"\"\"

    # A comment.
    name = models.CharField(max_length=const.NAME_LENGTH, unique=True, help_text="The name", validators=[validate_lower])
    status = models.CharField(max_length=FabricStatus.longest(), choices=FabricStatus.choices, default=FabricStatus.ACTIVE)
    kind = models.CharField(max_length=LIMIT, choices=KIND_CHOICES, default=KIND_CHOICES[0][0])
    label: str = models.CharField(max_length=10, default=make_label, verbose_name="Label")
    owner_name = models.CharField(max_length=20, default=make_owner())
    speed = models.PositiveIntegerField(default=10, validators=[MinValueValidator(1), EvenValidator(2)])
    port = PortField(default=1)
    objects = FabricManager()
    quiet = QuietManager()
    clone_fields = ("name", "status")

    class Meta:
        ordering = ("name",)
        verbose_name = "fabric"
        constraints = [models.UniqueConstraint(fields=["name", "kind"], name="example_fabric_name")]
        indexes = [models.Index(fields=["kind"], name="example_fabric_kind")]
        permissions = [("sync_fabric", "Sync")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("plugins:netbox_example:fabric", args=[self.pk])

    def clean(self) -> None:
        \"\"\"Check.\"\"\"
        super().clean()
        if self.speed > const.MAX_SPEED:
            raise ValueError("too fast")

    @property
    def title(self) -> str:
        return self.name.title()

    def names(self, items: Iterable[str]) -> list[str]:
        return list(items)

    def save(self, *args, **kwargs):
        logger.info("saved")
        super().save(*args, **kwargs)
"""
PLUGIN = {
    "__init__.py": INIT,
    "version.py": '__version__ = "1.0.0"\n',
    "models/__init__.py": "from .fabric import *\nfrom .switch import Switch, SwitchGroup\n",
    "models/fabric.py": FABRIC,
    "models/base.py": """\
        from django.db import models

        from ..constants import OWNER_LENGTH, BATCH


        class Described(models.Model):
            description = models.CharField(max_length=100, blank=True)

            class Meta:
                abstract = True
                ordering = ("description",)


        class Owned(models.Model):
            owner = models.CharField(max_length=OWNER_LENGTH, default="")

            class Meta:
                abstract = True

            def owned_by(self, who):
                return self.owner == who


        class LabelMixin:
            badge = "blue"

            def as_label(self):
                return BATCH
        """,
    "models/switch.py": """\
        from django.db import models
        from netbox.models import NetBoxModel

        from ..constants import *
        from .base import Described
        from .fabric import Fabric


        class Switch(Described, NetBoxModel):
            class Role(models.TextChoices):
                LEAF = "leaf", "Leaf"
                SPINE = "spine", "Spine"

            fabric = models.ForeignKey(Fabric, on_delete=models.CASCADE, related_name="switches")
            device = models.ForeignKey("dcim.Device", on_delete=models.SET_NULL, null=True, related_name="+")
            role = models.CharField(max_length=20, choices=Role.choices, default=Role.LEAF)
            ports = models.IntegerField(default=PORTS)
            peers = models.ManyToManyField("self", blank=True)

            class Meta(Described.Meta):
                verbose_name = "switch"

            def __str__(self):
                return f"{self.pk}"


        class SwitchGroup(Switch):
            class Meta:
                proxy = True
                ordering = ("pk",)
        """,
    "choices.py": """\
        from django.db import models
        from utilities.choices import ChoiceSet


        class FabricStatus(models.TextChoices):
            ACTIVE = "active", "Active"
            PLANNED = "planned", "Planned"

            @classmethod
            def longest(cls):
                return 20


        class OtherStatus(ChoiceSet):
            CHOICES = [("a", "A"), ("b", "B")]


        KIND_CHOICES = (("l2", "L2"), ("l3", "L3"))
        """,
    "constants.py": """\
        import os

        NAME_LENGTH = 64
        OWNER_LENGTH = 32
        PORTS = 48
        MAX_SPEED = 400
        BATCH = 100
        """,
    "defaults.py": """\
        from .constants import BATCH
        from .utils import shorten


        def make_label():
            return "new"


        def make_owner():
            return shorten("nobody")


        def unused():
            return BATCH
        """,
    "utils.py": """\
        SUFFIX = "!"


        def shorten(text):
            return text[:5]


        def page(text):
            return text + SUFFIX
        """,
    "validators.py": """\
        from django.core.exceptions import ValidationError
        from django.core.validators import BaseValidator
        from django.utils.deconstruct import deconstructible


        def validate_lower(value):
            if value != value.lower():
                raise ValidationError("lower")


        @deconstructible
        class EvenValidator(BaseValidator):
            message = "even"

            def compare(self, a, b):
                return a % b
        """,
    "managers.py": """\
        from django.db import models


        class FabricManager(models.Manager):
            use_in_migrations = True

            def active(self):
                return self.filter(status="active")


        class QuietManager(models.Manager):
            def get_queryset(self):
                return super().get_queryset().none()
        """,
    "fields.py": """\
        from django import forms
        from django.db import models


        class PortField(models.IntegerField):
            description = "A port"
            highest = 65535

            def __init__(self, *args, **kwargs):
                kwargs.setdefault("db_column", "port_number")
                super().__init__(*args, **kwargs)

            def formfield(self, **kwargs):
                return super().formfield(**kwargs)
        """,
    "views.py": """\
        from netbox.views import generic

        from . import forms, models, tables
        from .helpers import only_for_views


        class FabricView(generic.ObjectView):
            queryset = models.Fabric.objects.all()


        class FabricListView(generic.ObjectListView):
            queryset = models.Fabric.objects.all()
            table = tables.FabricTable
        """,
    "helpers.py": "def only_for_views():\n    return 1\n",
    "forms.py": """\
        from netbox.forms import NetBoxModelForm

        from .models import Fabric


        class FabricForm(NetBoxModelForm):
            class Meta:
                model = Fabric
                fields = ("name", "status")
        """,
    "tables.py": """\
        from netbox.tables import NetBoxTable

        from .models import Fabric


        class FabricTable(NetBoxTable):
            class Meta:
                model = Fabric
                fields = ("name",)
        """,
    "urls.py": """\
        from django.urls import path

        from . import views

        urlpatterns = [path("fabrics/", views.FabricListView, name="fabric_list")]
        """,
    "api/__init__.py": "",
    "api/urls.py": "from .views import FabricViewSet\n\nurlpatterns = []\n",
    "api/views.py": "from .serializers import FabricSerializer\n\n\nclass FabricViewSet:\n    page = 1\n",
    "api/serializers.py": """\
        from ..models import Fabric


        class FabricSerializer:
            class Meta:
                model = Fabric
                fields = ("id", "name")
        """,
    "jobs.py": """\
        from netbox.jobs import JobRunner

        from .models import Fabric
        from .tables import FabricTable


        class SyncJob(JobRunner):
            def run(self):
                return Fabric.objects.count()
        """,
    "signals.py": """\
        from django.db.models.signals import post_save
        from django.dispatch import receiver

        from .models import Fabric


        @receiver(post_save, sender=Fabric)
        def saved(sender, instance, **kwargs):
            return None


        def other(sender, **kwargs):
            return None


        post_save.connect(other, sender=Fabric)
        """,
    "filtersets.py": "class FabricFilterSet:\n    q = 1\n",
    "search.py": """\
        from netbox.search import SearchIndex, register_search

        from .models import Fabric


        @register_search
        class FabricIndex(SearchIndex):
            model = Fabric
            fields = (("name", 100),)
        """,
    "navigation.py": "from netbox.plugins import PluginMenuItem\n\nmenu_items = (PluginMenuItem(),)\n",
    "middleware.py": "class Middleware:\n    def __call__(self, request):\n        return request\n",
    "management/commands/sync.py": "from ...models import Fabric\n\n\ndef handle():\n    return 1\n",
    "templatetags/example.py": "def upper(text):\n    return text.upper()\n",
    "data/seed.yaml": "a: 1\n",
}
PLUGIN = {path: dedent(text) for path, text in PLUGIN.items()}

# (what is done, the file, what is replaced, by what, what it is), and part of the reason where it is worth one.
Edit = tuple[Any, ...]
MODELS = "models/fabric.py"
SPEED = "    speed = models.PositiveIntegerField(default=10, validators=[MinValueValidator(1), EvenValidator(2)])\n"
PORT = "    port = PortField(default=1)\n"
FABRIC_EDITS: list[Edit] = [
    # -- nothing that a process could do otherwise for
    ("a comment", MODELS, "# A comment.", "# Another.", "ignored", "only comments"),
    ("a comment at an end of line", MODELS, "LIMIT = 40", "LIMIT = 40  # characters", "ignored"),
    ("a docstring of a class", MODELS, '"""A group of switches."""', '"""Switches."""', "ignored"),
    ("a docstring of a method", MODELS, '"""Check."""', '"""Check it."""', "ignored"),
    ("a docstring taken away", MODELS, '    """A group of switches."""\n\n', "", "ignored"),
    ("a docstring of a module", MODELS, "from __future__", '"""Models."""\nfrom __future__', "ignored"),
    ("blank lines", MODELS, "LIMIT = 40\n", "LIMIT = 40\n\n\n", "ignored"),
    ("quotes", MODELS, '"The name"', "'The name'", "ignored"),
    ("a trailing comma", MODELS, '("name", "status")', '("name", "status",)', "ignored"),
    ("parentheses", MODELS, "max_length=LIMIT", "max_length=(LIMIT)", "ignored"),
    ("a line broken", MODELS, "max_length=LIMIT,", "max_length=LIMIT,\n        ", "ignored"),
    ("an annotation of a result", MODELS, "def __str__(self) -> str:", "def __str__(self):", "ignored"),
    ("an annotation of an argument", MODELS, "Iterable[str]", "Iterable[object]", "ignored"),
    ("an import for type checkers", MODELS, "    from collections.abc import Iterable\n", "    pass\n", "ignored"),
    ("pass", MODELS, "        super().clean()\n", "        super().clean()\n        pass\n", "ignored"),
    ("a number written otherwise", MODELS, "LIMIT = 40", "LIMIT = 0x28", "ignored"),
    ("a string of two", MODELS, '"The name"', '"The " "name"', "ignored"),
    ("a comment in choices", "choices.py", "KIND_CHOICES =", "# Kinds.\nKIND_CHOICES =", "ignored"),
    ("a comment in the configuration", "__init__.py", "HELPER = 1", "HELPER = 1  # one", "ignored"),
    ("a comment in views", "views.py", "class FabricView", "# A view.\nclass FabricView", "ignored"),
    # -- code, and no schema
    ("a method's body", MODELS, "return self.name\n", "return str(self.name)\n", "python", "no model is made of"),
    ("a method", MODELS, "    def names(", "    def more(self):\n        return 1\n\n    def names(", "python"),
    ("a method's name", MODELS, "def names(", "def all_names(", "python"),
    ("a property's body", MODELS, "self.name.title()", "self.name.upper()", "python"),
    ("what saving does", MODELS, 'logger.info("saved")', 'logger.debug("saved")', "python"),
    ("what cleaning does", MODELS, "> const.MAX_SPEED", ">= const.MAX_SPEED", "python"),
    ("a logger", MODELS, "getLogger(__name__)", 'getLogger("example")', "python"),
    ("a constant that no field uses", MODELS, "UNUSED = 1", "UNUSED = 2", "python"),
    ("a new constant", MODELS, "UNUSED = 1\n", "UNUSED = 1\nMORE = 2\n", "python"),
    ("an import that nothing uses", MODELS, "import logging\n", "import logging\nimport os\n", "python"),
    ("data of a model", MODELS, '("name", "status")', '("name",)', "python"),
    ("more data of a model", MODELS, "    objects =", "    search_weight = 100\n    objects =", "python"),
    ("a function beside a model", MODELS, "UNUSED = 1\n", "def helper():\n    return 1\n", "python"),
    ("an annotation of a field", MODELS, "label: str =", "label =", "python"),
    ("a help text", MODELS, 'help_text="The name"', 'help_text="Its name"', "python"),
    ("a field's verbose name", MODELS, 'verbose_name="Label"', 'verbose_name="A label"', "python"),
    ("a help text taken away", MODELS, ', help_text="The name"', "", "python"),
    ("fields in another order", MODELS, SPEED + PORT, PORT + SPEED, "python"),
    ("a method of an abstract base", "models/base.py", "self.owner == who", "self.owner != who", "python"),
    ("a method of a mixin", "models/base.py", "return BATCH", "return BATCH + 1", "python"),
    ("data of a mixin", "models/base.py", '"blue"', '"green"', "python"),
    ("a constant that only methods use", "constants.py", "MAX_SPEED = 400", "MAX_SPEED = 800", "python"),
    ("a constant for others", "constants.py", "BATCH = 100", "BATCH = 200", "python"),
    ("an import in constants", "constants.py", "import os", "import sys", "python"),
    ("what a validator does", "validators.py", "value.lower():", "value.casefold():", "python"),
    ("how a validator compares", "validators.py", "return a % b", "return b % a", "python"),
    ("what a default does when it is called", "defaults.py", 'return "new"', 'return "newer"', "python"),
    ("a function that no field uses", "defaults.py", "return BATCH", "return BATCH * 2", "python"),
    ("what no default uses", "utils.py", "text + SUFFIX", "SUFFIX + text", "python"),
    ("a constant that no default uses", "utils.py", 'SUFFIX = "!"', 'SUFFIX = "?"', "python"),
    ("a method of a manager", "managers.py", 'status="active"', 'status="planned"', "python"),
    ("a queryset of a manager", "managers.py", ".none()", ".all()", "python"),
    ("a form field of a model's field", "fields.py", "formfield(**kwargs)\n", "formfield()\n", "python"),
    ("choices that no field uses", "choices.py", '("b", "B")', '("c", "C")', "python"),
    ("choices that nobody uses yet", "choices.py", "KIND_CHOICES", "NEW_CHOICES = ()\nKIND_CHOICES", "python"),
    # -- fields
    ("a constant in the same file", MODELS, "LIMIT = 40", "LIMIT = 41", "models", "LIMIT changed"),
    ("a default", MODELS, "default=10", "default=11", "models", "Fabric.speed changed"),
    ("unique", MODELS, ", unique=True", "", "models", "Fabric.name changed"),
    ("null", MODELS, "default=10", "default=10, null=True", "models"),
    ("the kind of a field", MODELS, "models.PositiveIntegerField", "models.BigIntegerField", "models"),
    (
        "a field",
        MODELS,
        "    port =",
        "    lanes = models.IntegerField(default=1)\n    port =",
        "models",
        "Fabric.lanes added",
    ),
    ("a field taken away", MODELS, "    port = PortField(default=1)\n", "", "models", "Fabric.port removed"),
    ("a field's name", MODELS, "    speed =", "    velocity =", "models"),
    ("a validator taken away", MODELS, ", EvenValidator(2)", "", "models"),
    ("a validator's argument", MODELS, "EvenValidator(2)", "EvenValidator(3)", "models"),
    ("another validator", MODELS, "MinValueValidator(1)", "MinValueValidator(2)", "models"),
    ("another default callable", MODELS, "default=make_label", "default=make_owner", "models"),
    ("a default that is called", MODELS, "default=make_owner()", 'default="me"', "models"),
    ("a column's name", MODELS, "default=10,", 'default=10, db_column="rate",', "models"),
    ("an index on a field", MODELS, "default=10,", "default=10, db_index=True,", "models"),
    ("a constant's place", MODELS, "max_length=LIMIT", "max_length=40", "models"),
    ("choices taken away", MODELS, ", choices=KIND_CHOICES", "", "models"),
    (
        "a field in a condition",
        MODELS,
        "    objects =",
        "    if LIMIT:\n        x = models.IntegerField(null=True)\n    objects =",
        "models",
    ),
    (
        "fields in a loop",
        MODELS,
        "    objects =",
        '    for n in "ab":\n        locals()[n] = models.IntegerField(null=True)\n    objects =',
        "models",
    ),
    (
        "a field by vars()",
        MODELS,
        "    objects =",
        '    vars()["y"] = models.IntegerField(null=True)\n    objects =',
        "models",
    ),
    (
        "two fields at once",
        MODELS,
        "    objects =",
        "    a, b = models.IntegerField(null=True), models.TextField()\n    objects =",
        "models",
    ),
    (
        "a field added to a class",
        MODELS,
        None,
        "models.TextField(null=True).contribute_to_class(Fabric, 'late')\n",
        "models",
    ),
    ("a field added by name", MODELS, None, 'Fabric.add_to_class("late", models.TextField(null=True))\n', "models"),
    (
        "fields added in a loop",
        MODELS,
        None,
        'for n in ("p", "q"):\n    Fabric.add_to_class(n, models.TextField(null=True))\n',
        "models",
    ),
    (
        "fields added by a function",
        MODELS,
        None,
        'def _add(model):\n    model.add_to_class("z", models.TextField(null=True))\n\n\n_add(Fabric)\n',
        "models",
    ),
    ("an inherited field taken away", MODELS, "    objects =", "    owner = None\n    objects =", "models"),
    ("an inherited field that data hides", MODELS, "    objects =", '    owner = "me"\n    objects =', "models"),
    (
        "an inherited field that a property hides",
        MODELS,
        "    @property\n",
        "    @property\n    def owner(self):\n        return 1\n\n    @property\n",
        "models",
    ),
    (
        "a field of NetBox that a method hides",
        MODELS,
        "    def names(",
        "    def last_updated(self):\n        return 1\n\n    def names(",
        "models",
    ),
    # -- options
    ("ordering", MODELS, 'ordering = ("name",)', 'ordering = ("-name",)', "models", "Fabric.Meta.ordering changed"),
    ("a model's verbose name", MODELS, 'verbose_name = "fabric"', 'verbose_name = "Fabric"', "models"),
    ("an option", MODELS, 'verbose_name = "fabric"', 'verbose_name = "fabric"\n        db_table = "fabrics"', "models"),
    ("an option taken away", MODELS, '        permissions = [("sync_fabric", "Sync")]\n', "", "models"),
    ("a constraint", MODELS, 'fields=["name", "kind"]', 'fields=["name"]', "models"),
    ("a constraint's name", MODELS, '"example_fabric_name"', '"example_fabric_unique"', "models"),
    ("an index", MODELS, 'fields=["kind"]', 'fields=["-kind"]', "models"),
    (
        "an index taken away",
        MODELS,
        '        indexes = [models.Index(fields=["kind"], name="example_fabric_kind")]\n',
        "",
        "models",
    ),
    ("permissions", MODELS, '"sync_fabric"', '"resync_fabric"', "models"),
    ("abstract", MODELS, 'verbose_name = "fabric"', "abstract = True", "models"),
    ("options of another's options", "models/switch.py", "(Described.Meta)", "", "models"),
    (
        "inherited options",
        "models/base.py",
        'ordering = ("description",)',
        'ordering = ("-description",)',
        "models",
        "Described.Meta.ordering",
    ),
    ("proxy", "models/switch.py", "proxy = True", 'verbose_name = "x"', "models"),
    ("a proxy's ordering", "models/switch.py", '("pk",)', '("-pk",)', "models"),
    # -- bases
    (
        "a base more",
        MODELS,
        "(LabelMixin, Owned, NetBoxModel)",
        "(LabelMixin, Owned, Described, NetBoxModel)",
        "models",
    ),
    ("a base less", MODELS, "(LabelMixin, Owned, NetBoxModel)", "(LabelMixin, NetBoxModel)", "models"),
    ("another base", MODELS, "Owned, NetBoxModel)", "Owned, models.Model)", "models"),
    (
        "a field of an abstract base",
        "models/base.py",
        "max_length=100",
        "max_length=101",
        "models",
        "Described.description changed",
    ),
    (
        "a field more in an abstract base",
        "models/base.py",
        "    owner =",
        "    since = models.DateField(null=True)\n    owner =",
        "models",
    ),
    (
        "a constant of an abstract base's field",
        "constants.py",
        "OWNER_LENGTH = 32",
        "OWNER_LENGTH = 33",
        "models",
        "OWNER_LENGTH changed, used by netbox_example.models.base: Owned.owner",
    ),
    (
        "an abstract base that is no model any more",
        "models/base.py",
        "class Owned(models.Model)",
        "class Owned",
        "models",
    ),
    # -- what fields use
    (
        "a constant by its module",
        "constants.py",
        "NAME_LENGTH = 64",
        "NAME_LENGTH = 65",
        "models",
        "NAME_LENGTH changed, used by netbox_example.models.fabric: Fabric.name",
    ),
    (
        "a constant by a star",
        "constants.py",
        "PORTS = 48",
        "PORTS = 32",
        "models",
        "used by netbox_example.models.switch: Switch.ports",
    ),
    ("a constant that is computed", "constants.py", "PORTS = 48", "PORTS = 6 * 8 + 1", "models"),
    (
        "a constant that hangs on the environment",
        "constants.py",
        "PORTS = 48",
        'PORTS = int(os.environ.get("PORTS", 49))',
        "models",
    ),
    (
        "a constant in a condition",
        "constants.py",
        "PORTS = 48",
        "if os.sep:\n    PORTS = 1\nelse:\n    PORTS = 2",
        "models",
    ),
    ("a constant that is changed later", "constants.py", "BATCH = 100", "BATCH = 100\nPORTS += 1", "models"),
    ("a constant taken away", "constants.py", "PORTS = 48\n", "", "models"),
    (
        "a choice's value",
        "choices.py",
        'ACTIVE = "active"',
        'ACTIVE = "live"',
        "models",
        "FabricStatus.ACTIVE changed, used by netbox_example.models.fabric: Fabric.status",
    ),
    ("a choice's label", "choices.py", '"active", "Active"', '"active", "Live"', "models"),
    ("a choice", "choices.py", '"Planned"\n', '"Planned"\n    GONE = "gone", "Gone"\n', "models"),
    (
        "choices in another order",
        "choices.py",
        '    ACTIVE = "active", "Active"\n    PLANNED = "planned", "Planned"\n',
        '    PLANNED = "planned", "Planned"\n    ACTIVE = "active", "Active"\n',
        "models",
    ),
    (
        "what a classmethod of choices returns",
        "choices.py",
        "return 20",
        "return 21",
        "models",
        "FabricStatus.longest()",
    ),
    ("choices that are a tuple", "choices.py", '(("l2", "L2")', '(("l1", "L1"), ("l2", "L2")', "models"),
    ("a choice inside a model", "models/switch.py", 'LEAF = "leaf"', 'LEAF = "leaves"', "models"),
    ("what a called default does", "defaults.py", 'shorten("nobody")', 'shorten("someone")', "models", "make_owner()"),
    ("what a function does that a called default calls", "utils.py", "text[:5]", "text[:4]", "models", "shorten()"),
    ("a default callable taken away", "defaults.py", 'def make_label():\n    return "new"\n', "", "models"),
    ("a field's own constructor", "fields.py", '"port_number"', '"port_no"', "models", "PortField.__init__()"),
    ("a field's base", "fields.py", "models.IntegerField", "models.BigIntegerField", "models"),
    (
        "a field's way to be written down",
        "fields.py",
        "    def formfield",
        '    def deconstruct(self):\n        n, p, a, k = super().deconstruct()\n        return n, p, a, {**k, "null": True}\n\n    def formfield',
        "models",
    ),
    ("data of a field", "fields.py", "highest = 65535", "highest = 1024", "models"),
    (
        "a manager that migrations know",
        "managers.py",
        "use_in_migrations = True",
        "use_in_migrations = False",
        "models",
    ),
    (
        "a manager that migrations get to know",
        "managers.py",
        "class QuietManager(models.Manager):\n",
        "class QuietManager(models.Manager):\n    use_in_migrations = True\n\n",
        "models",
    ),
    ("a manager taken away", MODELS, "    objects = FabricManager()\n", "", "models"),
    ("a validator's class", "validators.py", "(BaseValidator)", "(object)", "models"),
    ("a validator's name", "validators.py", "def validate_lower", "def validate_lowercase", "models"),
    # -- relations
    ("on delete", "models/switch.py", "models.CASCADE", "models.PROTECT", "models"),
    ("a related name", "models/switch.py", '"switches"', '"all_switches"', "models"),
    ("what a foreign key points to", "models/switch.py", '"dcim.Device"', '"dcim.Site"', "models"),
    (
        "a relation of many",
        "models/switch.py",
        'ManyToManyField("self", blank=True)',
        'ManyToManyField("self", blank=True, symmetrical=False)',
        "models",
    ),
    # -- models
    ("a model", MODELS, None, "class Zone(models.Model):\n    pass\n", "models", "Zone added"),
    ("a model's name", "models/switch.py", "class SwitchGroup(Switch)", "class SwitchSet(Switch)", "models"),
    (
        "a model in another file",
        "signals.py",
        None,
        "from django.db import models\n\n\nclass Late(models.Model):\n    class Meta:\n        app_label = 'netbox_example'\n",
        "models",
    ),
    (
        "models that are not imported any more",
        "models/__init__.py",
        "from .switch import Switch, SwitchGroup\n",
        "",
        "models",
        "are loaded by it",
    ),
    ("one of two models that is not imported any more", "models/__init__.py", ", SwitchGroup", "", "python"),
    (
        "the way of an import",
        "models/__init__.py",
        "from .switch import Switch, SwitchGroup",
        "from .switch import *",
        "python",
    ),
    ("a model by type()", MODELS, None, 'Late = type("Late", (models.Model,), {"__module__": __name__})\n', "models"),
    (
        "a model made by a function",
        MODELS,
        None,
        'def make(n):\n    class Meta:\n        pass\n\n    return type(n, (models.Model,), {"__module__": __name__, "Meta": Meta})\n\n\nLate = make("Late")\n',
        "models",
    ),
    # -- the plugin's configuration
    (
        "base_url",
        "__init__.py",
        'base_url = "example"',
        'base_url = "examples"',
        "plugin_config",
        "ExampleConfig.base_url changed",
    ),
    ("min_version", "__init__.py", '"4.3.0"', '"4.4.0"', "plugin_config"),
    ("max_version", "__init__.py", "    queues", '    max_version = "4.9"\n    queues', "plugin_config"),
    ("queues", "__init__.py", '["low"]', '["low", "high"]', "plugin_config"),
    (
        "middleware's list",
        "__init__.py",
        '    middleware = ["netbox_example.middleware.Middleware"]\n',
        "",
        "plugin_config",
    ),
    ("default settings", "__init__.py", '"hello"', '"hi"', "plugin_config"),
    ("required settings", "__init__.py", "    queues", '    required_settings = ["a"]\n    queues', "plugin_config"),
    ("the plugin's name for people", "__init__.py", '"Example"', '"Examples"', "plugin_config"),
    ("the version in another file", "version.py", '"1.0.0"', '"1.0.1"', "plugin_config", "__version__ changed"),
    (
        "what ready() does",
        "__init__.py",
        "        super().ready()\n",
        "        super().ready()\n        print(1)\n",
        "python",
        "nothing of the plugin's configuration",
    ),
    ("what ready() imports", "__init__.py", "import signals", "import signals, jobs", "python"),
    ("code beside the configuration", "__init__.py", "HELPER = 1", "HELPER = 2", "python"),
    ("keys of models", "__init__.py", "BigAutoField", "AutoField", "plugin_config+models"),
    ("the app's label", "__init__.py", "    queues", '    label = "example"\n    queues', "plugin_config+models"),
    (
        "which class is the configuration",
        "__init__.py",
        "config = ExampleConfig",
        "config: type = ExampleConfig",
        "ignored",
    ),
    (
        "another configuration",
        "__init__.py",
        "config = ExampleConfig",
        "class Other(ExampleConfig):\n    queues = []\n\n\nconfig = Other",
        "plugin_config+models",
    ),
    # -- code that serves
    ("a view", "views.py", None, "class MoreView(generic.ObjectView):\n    pass\n", "views web"),
    ("a view's data", "views.py", "table = tables.FabricTable", "table = None", "views web"),
    ("a route", "urls.py", '"fabrics/"', '"fabric/"', "urls web"),
    ("an API's view", "api/views.py", "page = 1", "page = 2", "views web"),
    ("an API's route", "api/urls.py", "urlpatterns = []", "urlpatterns = [1]", "urls web"),
    ("a form", "forms.py", '("name", "status")', '("name",)', "python web"),
    ("a table that a job uses", "tables.py", '("name",)', '("name", "pk")', "python"),
    ("middleware", "middleware.py", "return request\n", "return None\n", "python web"),
    ("a serializer", "api/serializers.py", '("id", "name")', '("id",)', "python"),
    ("a job", "jobs.py", "count()", "first()", "python"),
    ("a signal's handler", "signals.py", "    return None\n\n\ndef", "    return 1\n\n\ndef", "python"),
    ("a signal that is connected", "signals.py", "post_save.connect(other, sender=Fabric)\n", "", "python"),
    ("a filter set", "filtersets.py", "q = 1", "q = 2", "python"),
    ("a search index", "search.py", '("name", 100)', '("name", 200)', "python"),
    ("the menu", "navigation.py", "(PluginMenuItem(),)", "()", "python"),
    ("a command", "management/commands/sync.py", "return 1", "return 2", "python"),
    ("a template tag", "templatetags/example.py", "upper()", "lower()", "python"),
    ("a helper of views", "helpers.py", "return 1", "return 2", "python"),
    ("package data that no model reads", "data/seed.yaml", "a: 1", "a: 2", "python"),
]

EDITS = FABRIC_EDITS


def edited(edit: Edit) -> str:
    """The file's text after an edit; without a text to replace, the new one is added at its end."""
    text = PLUGIN[edit[1]]
    if edit[2] is None:
        return f"{text}\n\n{edit[3]}"
    assert edit[2] in text, edit
    return text.replace(edit[2], edit[3], 1)
