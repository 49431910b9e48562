# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""What Django says of a checkout: a text that is the same for two commits when their schema is."""

from __future__ import annotations

import hashlib
import json
import shlex
import subprocess
from pathlib import Path


class Command:
    """Started for each checkout, with the package and the checkout's directory as its last arguments."""

    def __init__(self, command: str) -> None:
        self.words = shlex.split(command)

    def ask(self, package: str, root: Path) -> tuple[str | None, str]:
        """The text, or None and what it failed with."""
        done = subprocess.run(
            [*self.words, package, str(root)], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        return (None, done.stderr.strip()) if done.returncode else (done.stdout, "")

    def close(self) -> None:
        """Nothing runs between questions."""


class Server:
    """Started once: reads a package and a directory, with a tab between, and answers a line of JSON each."""

    def __init__(self, command: list[str]) -> None:
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def send(self, package: str, root: str | Path) -> None:
        assert self.process.stdin
        self.process.stdin.write(f"{package}\t{root}\n")
        self.process.stdin.flush()

    def receive(self) -> tuple[str, str | None, str]:
        """The directory, its text (None when that failed) and the error."""
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the truth's command ended with {self.process.wait()}")
        answer = json.loads(line)
        return answer["checkout"], answer.get("text"), answer.get("error", "")

    def ask(self, package: str, root: Path) -> tuple[str | None, str]:
        self.send(package, root)
        return self.receive()[1:]

    def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()


class Cache:
    """Texts by what they were made from, kept in a file with a line for each."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.known: dict[str, tuple[str | None, str]] = {}
        self.texts: dict[str, str] = {}
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        for line in lines:
            entry = json.loads(line)
            if "text" in entry:
                self.texts[entry["digest"]] = entry["text"]
            self.known[entry["key"]] = (entry["digest"], entry["error"])

    def get(self, key: str) -> tuple[str | None, str] | None:
        """The digest of the text (None when there is none) and the error; None when nobody asked yet."""
        return self.known.get(key)

    def put(self, key: str, text: str | None, error: str) -> tuple[str | None, str]:
        digest = None if text is None else hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]
        entry = {"key": key, "digest": digest, "error": error}
        if digest and digest not in self.texts:
            self.texts[digest] = entry["text"] = text or ""
        self.known[key] = (digest, error)
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(entry) + "\n")
        return self.known[key]
