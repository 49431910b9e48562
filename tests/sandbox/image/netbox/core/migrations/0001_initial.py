# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("contenttypes", "0002_remove_content_type_name")]

    operations = [
        migrations.CreateModel(
            name="ObjectType",
            fields=[],
            options={"proxy": True, "indexes": [], "constraints": []},
            bases=("contenttypes.contenttype",),
            managers=[],
        ),
        migrations.CreateModel(
            name="Job",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=200)),
                ("object_id", models.PositiveBigIntegerField(blank=True, null=True)),
                ("status", models.CharField(default="pending", max_length=30)),
                ("job_id", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("created", models.DateTimeField(auto_now_add=True)),
                (
                    "object_type",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="jobs",
                        to="contenttypes.contenttype",
                    ),
                ),
            ],
            options={"verbose_name": "job", "ordering": ["-created"]},
        ),
    ]
