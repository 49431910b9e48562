# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""What release this is."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field


@dataclass
class ReleaseInfo:
    """Edition and version, as NetBox's `settings.RELEASE` has them."""

    version: str
    edition: str = "Sandbox"
    published: str | None = None
    designation: str | None = None
    features: dict[str, bool] = field(default_factory=dict)

    @property
    def full_version(self) -> str:
        return f"{self.version}-{self.designation}" if self.designation else self.version

    @property
    def name(self) -> str:
        return f"NetBox {self.edition} v{self.full_version}"

    def asdict(self) -> dict[str, object]:
        return asdict(self)


def load_release_data() -> ReleaseInfo:
    return ReleaseInfo(version="4.3.7", published="2025-08-26")
