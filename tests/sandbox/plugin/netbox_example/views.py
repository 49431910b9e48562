# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""The plugin's pages."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any

import django_rq
from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import DetailView, ListView
from rq.exceptions import NoSuchJobError
from rq.job import Job

import netbox_example
from netbox.plugins import get_plugin_config
from netbox_example import jobs
from netbox_example.models import Switch

TITLE = "Switches"


class SwitchListView(ListView):
    queryset = Switch.objects.select_related("fabric", "device")
    template_name = "netbox_example/switch_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            title=TITLE,
            greeting=get_plugin_config("netbox_example", "greeting"),
            count=self.object_list.count(),
            **kwargs,
        )


class SwitchView(DetailView):
    queryset = Switch.objects.select_related("fabric", "device")
    template_name = "netbox_example/switch.html"


def info(request: HttpRequest) -> JsonResponse:
    """What this process has loaded."""
    try:
        humanize = version("humanize")
    except PackageNotFoundError:
        humanize = None
    return JsonResponse(
        {
            "file": netbox_example.__file__,
            "greeting": get_plugin_config("netbox_example", "greeting"),
            "humanize": humanize,
            "title": TITLE,
            "version": netbox_example.config.version,
        }
    )


@csrf_exempt
def enqueue(request: HttpRequest) -> JsonResponse:
    """Put the job into the queue `default`, or into the plugin's own with `?queue=sync`."""
    queue = "netbox_example.sync" if request.GET.get("queue") == "sync" else "default"
    job = django_rq.get_queue(queue).enqueue(jobs.sync_switches)
    return JsonResponse({"id": job.id, "queue": queue})


def job(request: HttpRequest, job_id: str) -> JsonResponse:
    """The job's status and, once finished, its result."""
    try:
        found = Job.fetch(job_id, connection=django_rq.get_connection("default"))
    except NoSuchJobError as error:
        raise Http404(f"no job {job_id}") from error
    return JsonResponse({"id": found.id, "status": found.get_status().value, "result": found.return_value()})
