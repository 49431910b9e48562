# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("users", "0002_token")]

    operations = [
        migrations.AddField(
            model_name="token",
            name="description",
            field=models.CharField(blank=True, max_length=200),
        ),
    ]
