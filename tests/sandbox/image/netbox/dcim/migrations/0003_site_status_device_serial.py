# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("dcim", "0002_squashed")]

    operations = [
        migrations.AddField(
            model_name="site",
            name="status",
            field=models.CharField(default="active", max_length=50),
        ),
        migrations.AddField(
            model_name="device",
            name="serial",
            field=models.CharField(blank=True, max_length=50),
        ),
    ]
