# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("extras", "0001_squashed")]

    operations = [
        migrations.AddField(
            model_name="customfield",
            name="default",
            field=models.JSONField(blank=True, null=True),
        ),
    ]
