# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("extras", "0002_customfield_default")]

    operations = [
        migrations.AddField(
            model_name="tag",
            name="weight",
            field=models.PositiveSmallIntegerField(default=1000),
        ),
        migrations.AlterModelOptions(name="tag", options={"ordering": ("weight", "name")}),
    ]
