# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""Users and their API tokens."""

from __future__ import annotations

import secrets

from django.contrib.auth.models import AbstractUser
from django.core.validators import MinLengthValidator
from django.db import models


def generate_key() -> str:
    """A random key of 40 hexadecimal digits."""
    return secrets.token_hex(20)


class User(AbstractUser):
    """Django's user, in a table of NetBox's."""

    class Meta:
        ordering = ("username",)
        verbose_name = "user"


class Token(models.Model):
    """A key with which a user may use the API."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField(blank=True, null=True)
    key = models.CharField(max_length=40, unique=True, validators=[MinLengthValidator(40)], default=generate_key)
    write_enabled = models.BooleanField(default=True, help_text="Permit writing with this key")
    description = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("-created",)

    def __str__(self) -> str:
        return self.key[-6:]
