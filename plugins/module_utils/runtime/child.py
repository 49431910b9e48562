# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""A supervised child: sets NetBox up, says that it is ready, then serves or runs a management command.

Arguments: ``web``, or ``manage <command> …``.
"""

from __future__ import annotations

import contextlib
import gc
import json
import logging
import os
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Iterable
from typing import Any, Callable

from . import configuration, digest, jobs
from .binding import Unbound
from .drain import DrainingHandler, DrainingServer
from .netbox import explain_registration, set_up
from .refresh import PATH, Refreshing
from .supervise import HOLD_S, QUIET, QUIET_SINCE, RUN_DIR

DRAIN_S = 8.0
# As long as this after it may go a process leaves its processor to the page that somebody waits for.
CHECK_AFTER_S = 0.4


def _tell(message: dict[str, Any], last: bool = True) -> None:
    fd = int(os.environ["NETBOX_DEV_READY_FD"])
    os.write(fd, json.dumps(message).encode() + b"\n")
    if last:
        os.close(fd)


def _tell_ready(last: bool = True) -> None:
    # What is loaded stays. To look through all of it for what can go would keep the first page waiting.
    gc.freeze()
    gc.enable()
    _tell({"ready": explain_registration()}, last)


def _wait_for_go() -> None:
    os.read(int(os.environ["NETBOX_DEV_GO_FD"]), 2)


class _Application:
    """Counts requests under way, holds new ones when told to, and forgets parsed templates when one has changed."""

    def __init__(self, application: Callable[..., Iterable[bytes]], template_dirs: list[str]) -> None:
        self.application = application
        self.template_dirs = template_dirs
        self.templates = self._signatures()
        self.active = 0
        self.held = False
        self.moved = threading.Condition()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        with self.moved:
            while self.held:
                self.moved.wait()
            self.active += 1
            now = self._signatures()
            if now != self.templates:
                from django.template.autoreload import reset_loaders

                reset_loaders()
                self.templates = now
        try:
            response = self.application(environ, start_response)
        except BaseException:
            self._done()
            raise
        return _Counted(response, self._done)

    def _signatures(self) -> list[dict[str, tuple[int, int, int]]]:
        return [digest.signature(folder, code_only=False) for folder in self.template_dirs]

    def _done(self) -> None:
        with self.moved:
            self.active -= 1
            self.moved.notify_all()

    def hold(self) -> None:
        """Begin no request for as long as the lease lasts; write its token when those under way have ended."""
        with self.moved:
            token = quiet_token()
            if self.held or not token:
                return
            self.held = True
            while self.active and quiet_token() == token:
                self.moved.wait(0.05)
            quiet = not self.active
        try:
            if quiet:
                path = os.path.join(RUN_DIR, QUIET_SINCE)
                with open(f"{path}.tmp", "w", encoding="ascii") as stream:
                    stream.write(token)
                os.replace(f"{path}.tmp", path)
            while quiet_token() == token:
                time.sleep(0.01)
        finally:
            # It may be another database that answers now.
            forget_content_types()
            with self.moved:
                self.held = False
                self.moved.notify_all()


def forget_content_types() -> None:
    """Their numbers, which differ from one database to another. NetBox has managers for them besides Django's."""
    from django.apps import apps

    for model in apps.get_models():
        for manager in model._meta.managers:
            forget = getattr(manager, "clear_cache", None)
            if forget:
                forget()


def quiet_token() -> str:
    """What the lease says for which requests are held; empty without one, or when it is older than it may be."""
    try:
        with open(os.path.join(RUN_DIR, QUIET), encoding="ascii") as stream:
            fresh = abs(time.time() - os.fstat(stream.fileno()).st_mtime) < HOLD_S
            return stream.read() if fresh else ""
    except OSError:
        return ""


def folders(name: str, package_dir: str, app_dirs: Iterable[str]) -> list[str]:
    """Where the plugin's apps, its own and those that it brings from its repository, have templates or static files."""
    own = (f"{package_dir}/", "/opt/netbox-dev/")
    found = [package_dir, *(path for path in app_dirs if f"{path}/".startswith(own))]
    return [os.path.join(path, name) for path in dict.fromkeys(found)]


class _Counted:
    """A response that tells when it has been sent."""

    def __init__(self, response: Iterable[bytes], done: Callable[[], None]) -> None:
        self.response = response
        self.done = done

    def __iter__(self) -> Any:
        return iter(self.response)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.response, name)

    def close(self) -> None:
        try:
            close = getattr(self.response, "close", None)
            if close:
                close()
        finally:
            self.done()


def _tell_checks(counted: _Application) -> None:
    """Make the checks of the plugin that commands would make as they start, beside what is served."""
    time.sleep(CHECK_AFTER_S)
    while counted.active:
        time.sleep(0.05)
    with contextlib.suppress(OSError):
        _tell({"checks": failed_checks()})


def failed_checks() -> str:
    """What Django's checks of the plugin's apps find that keeps its commands from starting; empty for nothing."""
    from django.apps import apps
    from django.core.checks import run_checks
    from django.db import connections

    from .drift import plugin_labels

    try:
        configs = [apps.get_app_config(label) for label in plugin_labels(os.environ["NETBOX_DEV_PACKAGE"])]
        found = run_checks(app_configs=configs)
    except Exception as error:  # noqa: BLE001 - whatever a check raises ends the command that makes it
        return "".join(traceback.format_exception_only(error)).strip()
    finally:
        connections.close_all()
    return "\n".join(str(one) for one in found if one.is_serious() and not one.is_silenced())


def load_urls() -> None:
    """Load all views, with what the APIs are made of: what is broken there is found before anybody asks."""
    from django.urls import get_resolver

    _loaded = get_resolver().url_patterns


def serve(package_dir: str) -> None:
    """Serve NetBox on the supervisor's socket until SIGTERM, then finish what is under way."""
    from django.apps import apps
    from django.conf import settings
    from django.contrib.staticfiles.handlers import StaticFilesHandler
    from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler, get_internal_wsgi_application

    application = get_internal_wsgi_application()
    load_urls()
    if settings.DEBUG:
        application = StaticFilesHandler(application)
    app_dirs = [config.path for config in apps.get_app_configs()]
    templates = folders("templates", package_dir, app_dirs)
    counted = _Application(application, templates)
    static = folders("static", package_dir, app_dirs)
    refreshing = Refreshing(counted, templates + static, os.environ["NETBOX_DEV_SERVICE"])

    class Server(DrainingServer, ThreadedWSGIServer):  # type: ignore[misc]  # Django is untyped
        daemon_threads = True

    class Handler(DrainingHandler, WSGIRequestHandler):  # type: ignore[misc]
        def log_message(self, format: str, *args: Any) -> None:
            if not self.path.startswith(PATH):
                super().log_message(format, *args)

    def end(*_: object) -> None:
        refreshing.ending = True
        threading.Thread(target=server.shutdown).start()

    server = Server(("0.0.0.0", 8080), Handler, bind_and_activate=False)
    server.socket = socket.socket(fileno=int(os.environ["NETBOX_DEV_LISTEN_FD"]))
    server.server_name, server.server_port = "netbox", 8080
    server.setup_environ()
    server.set_app(refreshing if configuration.wishes()["browser_refresh"] else counted)
    signal.signal(signal.SIGUSR1, lambda *_: threading.Thread(target=counted.hold, daemon=True).start())
    _tell_ready(last=False)
    # Until then it may be given up, with whatever it had accepted.
    _wait_for_go()
    signal.signal(signal.SIGTERM, end)
    threading.Thread(target=_tell_checks, args=(counted,), daemon=True).start()
    server.serve_forever(poll_interval=0.1)
    server.drain(DRAIN_S)
    sys.stdout.flush()
    sys.stderr.flush()
    # Idle keep-alive connections have threads that would wait for ever.
    os._exit(0)


def unchecked_command(words: list[str]) -> list[str]:
    """The management command without the checks that it would run: they take long, and the web service makes them."""
    from django.core.management import CommandError, get_commands, load_command_class

    app = get_commands().get(words[0])
    if app is None:
        raise CommandError(f"NetBox has no management command '{words[0]}'")
    command = load_command_class(app, words[0]) if isinstance(app, str) else app
    return [*words, "--skip-checks"] if command.requires_system_checks else words


def run(arguments: list[str], start: Callable[[], None]) -> None:
    """Start NetBox, say that it is ready, and do what the arguments say until that ends."""
    package_dir = os.path.join("/opt/netbox/netbox", os.environ["NETBOX_DEV_PACKAGE"])
    gc.disable()
    try:
        start()
        if arguments[0] == "web":
            serve(package_dir)
            return
        command = unchecked_command(arguments[1:])
        _tell_ready()
    except Unbound as error:
        _tell({"cold": str(error)})
        return
    except BaseException as error:
        with contextlib.suppress(OSError):
            _tell({"error": "".join(traceback.format_exception(error))})
        raise
    # The old child may have to be gone first.
    _wait_for_go()
    from django.core.management import execute_from_command_line

    status = 0
    try:
        if command[0] == "rqworker":
            jobs.end_between_jobs(load_urls)
        execute_from_command_line(["manage.py", *command])
    except SystemExit as stop:
        status = stop.code if isinstance(stop.code, int) else int(bool(stop.code))
        if isinstance(stop.code, str):
            sys.stderr.write(f"{stop.code}\n")
    except Exception:
        # Whatever a command raises ends it, as it would without us.
        logging.getLogger(__name__).exception("'%s' failed", " ".join(command))
        status = 1
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    # Taking a whole NetBox apart costs seconds, and the next child waits for this one to be gone.
    os._exit(status)


def main() -> None:
    run(sys.argv[1:], set_up)


if __name__ == "__main__":
    main()
