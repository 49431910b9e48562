# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""Content that a plugin adds to the pages of core models."""

from __future__ import annotations

from typing import Any

from django.template.loader import get_template


class PluginTemplateExtension:
    """The base of template extensions; `models` lists those whose pages it extends, as app.model."""

    models: tuple[str, ...] = ()

    def __init__(self, context: dict[str, Any]) -> None:
        self.context = context

    def render(self, template_name: str, extra_context: dict[str, Any] | None = None) -> str:
        return get_template(template_name).render({**self.context, **(extra_context or {})})

    def right_page(self) -> str:
        return ""
