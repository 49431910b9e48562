# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Callable

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.runtime import install

# Builds a wheel that holds the metadata found beside the source, as a build backend would.
UV = """\
#!{python}
import sys, zipfile
if sys.argv[1] == "build":
    out, source = sys.argv[sys.argv.index("--out-dir") + 1], sys.argv[-1]
    import os
    os.makedirs(out)
    with zipfile.ZipFile(out + "/x-1-py3-none-any.whl", "w") as wheel:
        wheel.writestr("x-1.dist-info/METADATA", open(source + "/metadata").read())
        wheel.writestr("x-1.dist-info/entry_points.txt", "[a]\\n")
        wheel.writestr("x-1.dist-info/RECORD", "")
        wheel.writestr("x/__init__.py", "")
else:
    with open("{log}", "a") as log:
        log.write(" ".join(sys.argv[1:]) + "\\n")
    sys.exit(int(open("{log}.status").read()) if __import__("os").path.exists("{log}.status") else 0)
"""
Requirements = Callable[..., list[str]]


@pytest.fixture
def uv_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    command = tmp_path / "bin" / "uv"
    command.parent.mkdir()
    command.write_text(UV.format(python=sys.executable, log=tmp_path / "uv.log"))
    command.chmod(0o755)
    monkeypatch.setenv("PATH", str(command.parent))
    return tmp_path / "uv.log"


@pytest.fixture
def requirements(tmp_path: Path, uv_log: Path) -> Requirements:
    """What the image would install for a plugin with this metadata and this requirements.txt."""

    def make(metadata: str | None, listed: str | None = None) -> list[str]:
        source, out = tmp_path / "source", tmp_path / "out"
        source.mkdir()
        if metadata is not None:
            (source / "pyproject.toml").write_text("")
            (source / "metadata").write_text(f"Metadata-Version: 2.1\nName: x\nVersion: 1\n{metadata}\n\nText.\n")
        if listed is not None:
            (source / "requirements.txt").write_text(listed)
        install.metadata(str(source), str(out), "netbox-example.plugin")
        assert not (out / "wheel").exists()
        return (out / "requirements.txt").read_text().splitlines()

    return make


@pytest.mark.parametrize(
    ("declared", "kept"),
    [
        (["GitPython>=3"], ["GitPython>=3"]),
        (["requests; python_version > '3.8'"], ["requests; python_version > '3.8'"]),
        (["pytest; extra == 'dev'", "rq"], ["rq"]),
        (["pytest; python_version > '3' and extra=='dev'", "rq"], ["rq"]),
        (["netbox>=4.3", "NetBox", "rq"], ["rq"]),
        (["netbox-other-plugin", "rq"], ["netbox-other-plugin", "rq"]),
        (["NetBox_Example-Plugin[all]", "rq"], ["rq"]),
        (["x @ git+https://example.com/x.git"], ["x @ git+https://example.com/x.git"]),
    ],
)
def test_declared_dependencies_are_installed_without_netbox_and_the_plugin_itself(
    requirements: Requirements, declared: list[str], kept: list[str]
) -> None:
    assert requirements("\n".join(f"Requires-Dist: {r}" for r in declared), "never\n") == kept


@pytest.mark.parametrize(
    ("listed", "kept"),
    [
        ("# comment\n\nrq==1  # why\n  # more\nnetbox\n", ["rq==1"]),
        ("-e .\n-r base.txt\n--index-url https://example.com\n.\nrq\n", ["rq"]),
        ("rq==1 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\nredis\n", ["rq==1", "redis"]),
        ("https://example.com/a.whl\n", ["https://example.com/a.whl"]),
        ("rq; python_version < '4'\r\n", ["rq; python_version < '4'"]),
        ("", []),
    ],
)
def test_a_requirements_file_counts_when_the_metadata_declares_nothing(
    requirements: Requirements, capsys: pytest.CaptureFixture[str], listed: str, kept: list[str]
) -> None:
    assert requirements("", listed) == kept
    assert "the metadata declares no dependency" in capsys.readouterr().out


def test_what_is_left_out_is_said(requirements: Requirements, capsys: pytest.CaptureFixture[str]) -> None:
    requirements(None, "netbox==4\n")
    assert "netbox-dev: left out of the dependencies: netbox==4" in capsys.readouterr().out


def test_the_metadata_is_kept_and_the_code_is_not(requirements: Requirements, tmp_path: Path) -> None:
    requirements("")
    found = {p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*") if p.is_file()}
    assert found == {"requirements.txt", "x-1.dist-info/METADATA", "x-1.dist-info/entry_points.txt"}


def test_packages_are_installed_only_when_there_are_some(tmp_path: Path, uv_log: Path) -> None:
    wanted = tmp_path / "packages.txt"
    wanted.write_text("# none\n\n")
    install.packages(str(wanted))
    assert not uv_log.exists()
    wanted.write_text("rq\n")
    install.packages(str(wanted))
    assert uv_log.read_text() == f"pip install --no-cache -r {wanted}\n"


def test_an_installer_that_fails_ends_the_build_with_its_status(tmp_path: Path, uv_log: Path) -> None:
    (tmp_path / "packages.txt").write_text("no-such\n")
    Path(f"{uv_log}.status").write_text("2")
    with pytest.raises(SystemExit) as caught:
        install.packages(str(tmp_path / "packages.txt"))
    assert caught.value.code == 2


def test_a_given_ca_bundle_is_added_to_the_systems_for_every_tool(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, combined = tmp_path / "given.crt", tmp_path / "combined.crt"
    monkeypatch.setattr(install, "GIVEN_CA", str(given))
    monkeypatch.setattr(install, "COMBINED_CA", str(combined))
    given.write_text("")
    assert "PIP_CERT" not in {k for k, v in install._environment().items() if v == str(combined)}
    given.write_text("GIVEN")
    environment = install._environment()
    assert {environment[key] for key in ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE")} == {str(combined)}
    assert combined.read_text().endswith("GIVEN\n")


def test_an_editable_install_is_seen_by_pythons_own_metadata(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    monkeypatch.setattr(install, "VENV", str(venv))
    info = tmp_path / "out" / "netbox_x-1.2.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: netbox-x\nVersion: 1.2\n")
    code = tmp_path / "repo" / "src" / "netbox_x"
    code.mkdir(parents=True)
    (code / "__init__.py").write_text("")
    install.editable(str(tmp_path / "out"), "/opt/netbox-dev/netbox-x", str(code.parent))
    asked = (
        "import netbox_x, importlib.metadata as m; "
        "print(netbox_x.__file__, m.version('netbox-x'), len(m.files('netbox-x')))"
    )
    done = subprocess.run([f"{venv}/bin/python", "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(code / "__init__.py"), "1.2", "5"]
