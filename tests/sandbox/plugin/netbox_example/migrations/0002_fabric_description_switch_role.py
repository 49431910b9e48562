# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("netbox_example", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="fabric",
            name="description",
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AddField(
            model_name="switch",
            name="role",
            field=models.CharField(default="leaf", max_length=20),
        ),
    ]
