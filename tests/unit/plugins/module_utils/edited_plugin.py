# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""The plugin of several files that ``cases/edits.yml`` edits."""

from __future__ import annotations

from textwrap import dedent

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
    name = models.CharField(
        max_length=const.NAME_LENGTH, unique=True, help_text="The name", validators=[validate_lower]
    )
    status = models.CharField(
        max_length=FabricStatus.longest(), choices=FabricStatus.choices, default=FabricStatus.ACTIVE
    )
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
