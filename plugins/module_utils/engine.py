# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one adapter to the Docker engine's API."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import threading
import uuid
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import contextmanager
from typing import Any, BinaryIO, Callable, TypeVar

from .errors import EngineUnavailable, TimeLimit

try:
    import docker
    import docker.errors
    import requests.exceptions
    import urllib3.exceptions

    IMPORT_ERROR: str | None = None
except ImportError as _error:
    docker = None  # type: ignore[assignment]
    IMPORT_ERROR = str(_error)

T = TypeVar("T")

# For an answer of the engine's, and for an archive to begin.
_TIMEOUT_S = 60
_ARCHIVE_S = 600
STACK_LABEL = "hedgehog.netbox_dev.stack"
ROLE_LABEL = "hedgehog.netbox_dev.role"
TASK_LABEL = "hedgehog.netbox_dev.task"
# Its value for tasks that change nothing, which run beside whatever holds the lock.
READING = "look"
TESTS_LABEL = "hedgehog.netbox_dev.tests"
# An interrupt first: psql and pg_dump have the server give up what they asked for. In the end it is told whether any is
# left.
_END_MARKED = """
left() {
    for one in /proc/[0-9]*; do grep -qs "$0" "$one/environ" && echo "${one#/proc/}"; done
}
for signal in INT 0 0 0 0 KILL 0 0; do
    found=$(left)
    [ "$found" ] || exit 0
    kill -s "$signal" $found 2>/dev/null
    sleep 0.3
done
[ -z "$(left)" ]
"""
# For that to be done.
_END_S = 10.0
_TIME = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(?:Z|[+-]\d\d:\d\d)) ?")


def _endpoint() -> str | None:
    """The engine that the ``docker`` command would talk to: DOCKER_HOST, else the current context's."""
    if os.environ.get("DOCKER_HOST"):
        return None
    try:
        done = subprocess.run(
            ["docker", "context", "inspect", "--format", "{{.Endpoints.docker.Host}}"],
            capture_output=True,
            text=True,
            check=False,
            timeout=10,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None if done.returncode == 0 else None


class Engine:
    """Containers and images of one Compose project."""

    def __init__(self, project_name: str) -> None:
        self.project_name = project_name
        if docker is None:
            raise EngineUnavailable(
                f"the Python package 'docker' is missing on the managed node ({IMPORT_ERROR}); "
                "the role docker_host brings it."
            )
        environment = dict(os.environ)
        endpoint = _endpoint()
        if endpoint:
            environment["DOCKER_HOST"] = endpoint
        try:
            self._client = docker.from_env(environment=environment, timeout=_TIMEOUT_S)
            self._client.ping()
        except (docker.errors.DockerException, OSError) as error:
            where = environment.get("DOCKER_HOST", "its default socket")
            raise EngineUnavailable(
                f"the Docker engine does not answer at {where}: {error}. "
                "Start it (the role docker_host does), or join the group that may use its socket.",
            ) from error

    @property
    def rootless(self) -> bool:
        """Whether the engine runs without root: the container's root is then the developer."""
        return any("rootless" in option for option in self._client.info().get("SecurityOptions") or [])

    def containers(self) -> dict[str, dict[str, Any]]:
        """This project's containers by service, as the engine inspects them; one-offs left out."""
        found = self._client.containers.list(
            all=True,
            filters={"label": [f"com.docker.compose.project={self.project_name}", "com.docker.compose.oneoff=False"]},
            ignore_removed=True,
        )
        return {c.labels["com.docker.compose.service"]: c.attrs for c in found}

    def stacks(self) -> dict[str, list[dict[str, Any]]]:
        """The containers that run NetBox in every stack of the engine's, by the stack's id; one-offs left out."""
        labels = [STACK_LABEL, "com.docker.compose.oneoff=False"]
        found: dict[str, list[dict[str, Any]]] = {}
        for container in self._client.containers.list(all=True, filters={"label": labels}, ignore_removed=True):
            found.setdefault(container.labels[STACK_LABEL], []).append(container.attrs)
        return found

    def remove_tasks(self) -> None:
        """End one-off tasks that a run left behind when it was killed; the lock says that none is under way.

        Those that only read may be somebody's who needs no lock; they are removed once they ended.
        """
        for container in self._labelled(TASK_LABEL):
            if container.labels[TASK_LABEL] != READING or container.status not in ("created", "running"):
                self.remove(str(container.id))

    def remove_half_made(self) -> None:
        """Remove containers that Compose was making in the place of others when it was killed: it fails beside them.

        Until they have their names, theirs begin with the id of what they replace.
        """
        name = re.compile(rf"[0-9a-f]{{12}}_{re.escape(self.project_name)}-")
        for container in self._labelled("com.docker.compose.oneoff=False"):
            if container.status == "created" and name.match(container.name):
                self.remove(str(container.id))

    def labelled(self, label: str) -> dict[str, str]:
        """This project's containers that have a label: its value by container."""
        return {str(container.id): str(container.labels[label]) for container in self._labelled(label)}

    def _labelled(self, label: str) -> list[Any]:
        labels = [f"com.docker.compose.project={self.project_name}", label]
        return list(self._client.containers.list(all=True, filters={"label": labels}, ignore_removed=True))

    def remove(self, container: str) -> None:
        """Remove a container, running or not, unless it is gone already."""
        try:
            self._client.containers.get(container).remove(force=True)
        except docker.errors.NotFound:
            return
        except docker.errors.APIError as error:
            # Compose removes a task's container itself when the task ends: it may be at it.
            if error.status_code != 409:
                raise

    def publisher(self, port: int) -> tuple[str, str] | None:
        """(Compose project, name) of the running container that publishes a port, or None."""
        for container in self._client.containers.list(filters={"publish": str(port)}, ignore_removed=True):
            return container.labels.get("com.docker.compose.project", ""), str(container.name)
        return None

    def image_id(self, name: str) -> str | None:
        """The id of a local image, or None."""
        try:
            return str(self._client.images.get(name).id)
        except docker.errors.ImageNotFound:
            return None

    def restart(self, container: str, stop_s: int = 10) -> None:
        """Stop and start the same container."""
        self._client.containers.get(container).restart(timeout=stop_s)

    def pause(self, container: str) -> None:
        """Freeze all processes of a container: its connections wait."""
        self._client.containers.get(container).pause()

    def unpause(self, container: str) -> None:
        self._client.containers.get(container).unpause()

    def signal(self, container: str, signal: str) -> None:
        """Send a signal to the container's first process."""
        self._client.containers.get(container).kill(signal)

    def execute(self, container: str, *command: str, user: str = "", limit_s: float = _TIMEOUT_S) -> tuple[int, bytes]:
        """Run a command in a running container; return its exit status and standard output.

        Raises TimeLimit, with its last lines, where it does not end in time; it is ended in the container, too.
        """
        api = self._client.api
        mark = f"NETBOX_DEV_COMMAND={uuid.uuid4().hex}"
        made = api.exec_create(container, list(command), stderr=False, user=user, environment=[mark])["Id"]
        output = _in_background(lambda: api.exec_start(made))
        if not wait([output], limit_s).done:
            left = self._end_marked(container, mark, user)
            wait([output], _END_S)
            told = output.result() if output.done() and not output.exception() else b""
            raise TimeLimit(_late(command, limit_s, left, told), command=list(command))
        return int(api.exec_inspect(made)["ExitCode"] or 0), output.result()

    def _end_marked(self, container: str, mark: str, user: str) -> str:
        """End all processes that a command began, as its own user, who alone may see them; return why they are left.

        Who closes the connection leaves them behind, and the engine's API ends none.
        """
        api = self._client.api

        def end() -> int:
            made = api.exec_create(container, ["sh", "-c", _END_MARKED, mark], user=user)["Id"]
            api.exec_start(made)
            return int(api.exec_inspect(made)["ExitCode"] or 0)

        ended = _in_background(end)
        if not wait([ended], _END_S).done:
            return "the engine does not answer"
        error = ended.exception()
        return str(error) if error else "it refuses to end" if ended.result() else ""

    def fetch(self, container: str, path: str, target: BinaryIO) -> None:
        """Write a folder of a container to a file, as a tar archive."""
        with self._patient(_ARCHIVE_S):
            blocks, _stat = self._client.containers.get(container).get_archive(path)
            for block in blocks:
                target.write(block)

    def send(self, container: str, folder: str, archive: Any) -> None:
        """Unpack a tar archive, which has ``read`` and ``len``, in a folder of a container."""
        with self._patient(_ARCHIVE_S):
            self._client.containers.get(container).put_archive(folder, archive)

    @contextmanager
    def _patient(self, seconds: int) -> Iterator[None]:
        """Let the engine be silent for longer than it may be elsewhere."""
        api = self._client.api
        before, api.timeout = api.timeout, max(seconds, api.timeout)
        try:
            yield
        finally:
            api.timeout = before

    def logs(self, container: str, lines: int = 15) -> str:
        """The last log lines of a container."""
        try:
            raw = self._client.containers.get(container).logs(tail=lines)
        except docker.errors.NotFound:
            return ""
        return bytes(raw).decode("utf-8", "replace").rstrip()

    def stats(self, container: str) -> dict[str, Any]:
        """A container's counters as the engine has them now; empty where it is gone."""
        try:
            return dict(self._client.api.stats(container, stream=False, one_shot=True))
        except docker.errors.InvalidVersion:
            # Engines before 20.10 take a second for it.
            return dict(self._client.api.stats(container, stream=False))
        except docker.errors.NotFound:
            return {}

    def log(
        self, container: str, since: float | None = None, tail: int | None = None, follow: bool = False
    ) -> LogLines:
        """What a container wrote, as pairs of time (RFC 3339) and raw line; ``since`` is in seconds of the epoch."""
        raw = self._client.api.logs(
            container,
            stream=True,
            timestamps=True,
            follow=follow,
            since=since,
            tail="all" if tail is None else tail,
        )
        return LogLines(raw)

    def belongings(self) -> dict[str, list[str]]:
        """Names of everything that carries the project's label: containers, one-offs too, networks, volumes."""
        filters: dict[str, Any] = {"label": f"com.docker.compose.project={self.project_name}"}
        containers = self._client.containers.list(all=True, filters=filters, ignore_removed=True)
        return {
            "containers": sorted(str(c.name) for c in containers),
            "networks": sorted(str(n.name) for n in self._client.networks.list(filters=filters)),
            "volumes": sorted(str(v.name) for v in self._client.volumes.list(filters=filters)),
        }

    def stop(self, container: str, stop_s: int = 10) -> None:
        """Let a container end by itself, if it is there."""
        with contextlib.suppress(docker.errors.NotFound):
            self._client.containers.get(container).stop(timeout=stop_s)

    def remove_network(self, name: str) -> str:
        """Remove a network; return why it stays (something that is not ours is in it), or nothing."""
        return self._unless_used(self._client.networks.get, name)

    def remove_volume(self, name: str) -> str:
        """The same of a volume."""
        return self._unless_used(self._client.volumes.get, name)

    def remove_image(self, name: str) -> str:
        """The same of an image's name, and of the image if it has no other."""
        try:
            self._client.images.remove(name)
        except docker.errors.ImageNotFound:
            return ""
        except docker.errors.APIError as error:
            if error.status_code != 409:
                raise
            return str(error.explanation)
        return ""

    @staticmethod
    def _unless_used(get: Callable[[str], Any], name: str) -> str:
        try:
            get(name).remove()
        except docker.errors.NotFound:
            return ""
        except docker.errors.APIError as error:
            if error.status_code not in (403, 409):
                raise
            return str(error.explanation)
        return ""


def _in_background(work: Callable[[], T]) -> Future[T]:
    """Begin ``work`` in a thread that nobody has to wait for."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except Exception as error:  # noqa: BLE001 - it is raised where the result is asked for
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future


def _late(command: Sequence[str], limit_s: float, left: str, output: bytes) -> str:
    """What is told of a command that did not end in time."""
    words = " ".join(" ".join(command).split())[:120]
    lines = output.decode("utf-8", "replace").strip().splitlines()[-10:]
    ended = f"could not be ended there: {left}" if left else "was ended"
    first = f"'{words}' did not end within {limit_s:.0f} s in its container and {ended}. Last lines:"
    return "\n".join([first, *lines])


class LogLines:
    """A container's lines as they come, until the container stops or somebody closes this."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        # An engine that ends, a container that goes: there is no more to read, whatever the reason.
        with contextlib.suppress(OSError, requests.exceptions.RequestException, urllib3.exceptions.HTTPError):
            yield from split_log(self._raw)

    def close(self) -> None:
        with contextlib.suppress(OSError, AttributeError):
            self._raw.close()


def split_log(frames: Iterable[bytes]) -> Iterator[tuple[str, bytes]]:
    """(time, line) of each line in what the engine sends, each frame of which begins with a time.

    The engine cuts a long line into several frames, each with a time of its own: the first is the line's.
    """
    time, rest = "", b""
    for frame in frames:
        for part in frame.splitlines(keepends=True):
            stamp = _TIME.match(part)
            if stamp:
                time = time or stamp.group(1).decode()
                part = part[stamp.end() :]
            rest += part
            if rest.endswith((b"\n", b"\r")):
                yield time, rest.rstrip(b"\r\n")
                time, rest = "", b""
    if rest:
        yield time, rest
