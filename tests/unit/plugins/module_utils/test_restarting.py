# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

from types import SimpleNamespace
from typing import Callable

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.errors import ServiceUnhealthy
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.events import Reporter
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.restarting import Restarter
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.running import Limits
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import Stack


def test_a_container_that_goes_while_it_is_waited_for_is_said(make_stack: Callable[..., Stack]) -> None:
    restarter = Restarter.__new__(Restarter)
    restarter.stack, restarter.reporter, restarter.limits = make_stack(), Reporter(), Limits()
    restarter.engine = SimpleNamespace(containers=dict)  # type: ignore[assignment]
    with pytest.raises(ServiceUnhealthy, match="'netbox' was removed while it was restarted"):
        restarter._wait_back(["netbox"])
