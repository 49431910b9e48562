# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

from pathlib import Path
from typing import Callable

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import image
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.errors import InvalidProject
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import Stack

MakeStack = Callable[..., Stack]
SCRIPT = b"print('install')\n"
CERTIFICATE = b"-----BEGIN CERTIFICATE-----\n"
FILES = {
    "pyproject.toml": '[project]\nname = "netbox-example-plugin"\n',
    "requirements.txt": "rq\n",
    "requirements-dev.txt": "pytest\n",
    "README.md": "hello\n",
    "LICENSE": "free\n",
    "docs/README.md": "no\n",
    "netbox_example/models.py": "no\n",
    "netbox_example/version.py": "__version__ = '1'\n",
}


def test_only_packaging_files_are_in_the_context(make_stack: MakeStack) -> None:
    context = image.build_context(make_stack({"packages": ["rq-scheduler", "a==1"]}, files=FILES), SCRIPT)
    assert sorted(context) == [
        "Dockerfile",
        "ca.crt",
        "install.py",
        "packages.txt",
        "source/.keep",
        "source/LICENSE",
        "source/README.md",
        "source/netbox_example/__init__.py",
        "source/netbox_example/version.py",
        "source/pyproject.toml",
        "source/requirements.txt",
    ]
    assert context["packages.txt"].decode().split() == [*image.TOOLS, "rq-scheduler", "a==1"]
    assert context["install.py"] == SCRIPT
    assert context["ca.crt"] == b""
    assert context["source/pyproject.toml"].decode() == FILES["pyproject.toml"]


def test_an_edit_of_code_leaves_the_context_as_it_was(make_stack: MakeStack) -> None:
    stack = make_stack(files=FILES)
    before = image.build_context(stack, SCRIPT)
    (stack.plugin.package_dir / "models.py").write_text("changed\n")
    assert image.build_context(stack, SCRIPT) == before


@pytest.mark.parametrize(
    ("package_path", "source_root"),
    [
        ("netbox_example", "/opt/netbox-dev/netbox-example-plugin"),
        ("src/netbox_example", "/opt/netbox-dev/netbox-example-plugin/src"),
        ("my $src; x/netbox_example", "/opt/netbox-dev/netbox-example-plugin/my $src; x"),
    ],
)
def test_the_editable_install_names_the_folder_of_the_package_and_no_shell_sees_it(
    make_stack: MakeStack, package_path: str, source_root: str
) -> None:
    stack = make_stack(package_path=package_path, files={"pyproject.toml": FILES["pyproject.toml"]})
    lines = image.build_context(stack, SCRIPT)["Dockerfile"].decode().splitlines()
    (editable,) = [line for line in lines if "editable" in line]
    assert editable.startswith('RUN ["/opt/netbox/venv/bin/python", "')
    assert editable.endswith(f'"/opt/netbox/netbox", "{source_root}"]')


def test_a_ca_bundle_is_taken_in_or_refused(make_stack: MakeStack, tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_bytes(CERTIFICATE)
    assert image.build_context(make_stack({"ca_bundle": str(bundle)}), SCRIPT)["ca.crt"] == CERTIFICATE
    for other in (b"root:$y$hash\n", CERTIFICATE + b"-----BEGIN OPENSSH PRIVATE KEY-----\n"):
        bundle.write_bytes(other)
        with pytest.raises(InvalidProject, match=r"ca_bundle: .*ca\.pem' is no bundle of certificates alone"):
            image.build_context(make_stack({"ca_bundle": str(bundle)}), SCRIPT)
    with pytest.raises(InvalidProject, match=r"ca_bundle: .*none\.pem' cannot be read"):
        image.build_context(make_stack({"ca_bundle": str(tmp_path / "none.pem")}), SCRIPT)


def test_a_context_is_written_once_and_then_only_what_differs(tmp_path: Path) -> None:
    target = tmp_path / "image"
    files = {"a": b"1", "b/c": b"2"}
    assert image.write_context(target, files, check=True) == ["a", "b/c"]
    assert not target.exists()
    assert image.write_context(target, files, check=False) == ["a", "b/c"]
    assert image.write_context(target, files, check=False) == []
    stamp = (target / "a").stat().st_mtime_ns
    assert image.write_context(target, {"a": b"1", "d": b"3"}, check=True) == ["d", "b/c"]
    assert image.write_context(target, {"a": b"1", "d": b"3"}, check=False) == ["d", "b/c"]
    assert sorted(p.name for p in target.rglob("*") if p.is_file()) == ["a", "d"]
    assert (target / "a").stat().st_mtime_ns == stamp


def test_a_file_may_become_a_folder_and_a_folder_a_file(tmp_path: Path) -> None:
    image.write_context(tmp_path, {"a": b"1", "b/c": b"2"}, check=False)
    assert image.write_context(tmp_path, {"a/x": b"1", "b": b"2"}, check=False) == ["a/x", "b", "a", "b/c"]
    assert (tmp_path / "a/x").read_bytes() == b"1"
    assert (tmp_path / "b").read_bytes() == b"2"
    assert image.write_context(tmp_path, {"a/x": b"1", "b": b"2"}, check=False) == []


PYPROJECT = '[project]\nname = "x"\nversion = "1"\ndependencies = ["a"]\n[tool.ruff]\nline-length = {}\n'


@pytest.mark.parametrize(
    ("name", "before", "after", "same"),
    [
        ("pyproject.toml", PYPROJECT.format(80), PYPROJECT.format(100) + "# more\n", True),
        ("pyproject.toml", PYPROJECT.format(80), PYPROJECT.format(80).replace('"a"', '"a", "b"'), False),
        ("requirements.txt", "a==1\n", "# why\na==1  # one\n\n", True),
        ("requirements.txt", "a==1\n", "a==2\n", False),
        ("setup.cfg", "[metadata]\nname = x\n", "[metadata]\nname = x\n[flake8]\nmax-line-length = 9\n", True),
        ("README.md", "a", "b", True),
        ("CHANGELOG.md", "a", "b", False),
        ("VERSION", "1.0", "1.1", False),
    ],
)
def test_what_only_other_tools_read_builds_nothing_anew(
    make_stack: MakeStack, tmp_path: Path, name: str, before: str, after: str, same: bool
) -> None:
    stack = make_stack(files={name: before})
    target = tmp_path / "context"
    image.write_context(target, image.build_context(stack, SCRIPT), check=False)
    (stack.plugin.root / name).write_text(after)
    differing = image.write_context(target, image.build_context(stack, SCRIPT), check=False)
    assert differing == ([] if same else [f"source/{name}"])


def test_a_version_that_nobody_reads_builds_nothing_anew(tmp_path: Path) -> None:
    bumped = [PYPROJECT.format(80).replace('"1"', f'"{n}"').encode() for n in (1, 2)]
    image.write_context(tmp_path, {"source/pyproject.toml": bumped[0]}, check=False)
    assert image.write_context(tmp_path, {"source/pyproject.toml": bumped[1]}, check=True, versioned=False) == []
    assert image.write_context(tmp_path, {"source/pyproject.toml": bumped[1]}, check=True) == ["source/pyproject.toml"]


def test_what_requirements_take_in_is_in_the_context(make_stack: MakeStack) -> None:
    stack = make_stack(
        files={"requirements.txt": "-r deps/base.txt\n", "deps/base.txt": "a\n-c ../pins.txt\n", "pins.txt": ""}
    )
    names = image.build_context(stack, SCRIPT)
    assert {"source/requirements.txt", "source/deps/base.txt", "source/pins.txt"} <= names.keys()


@pytest.mark.parametrize("name", ["README.md", "requirements.txt", "setup.py", "netbox_example/version.py"])
def test_a_link_out_of_the_repository_shows_a_build_nothing(make_stack: MakeStack, tmp_path: Path, name: str) -> None:
    stack = make_stack(files={"pyproject.toml": "[build-system]\n", "docs/text": "inside\n"})
    (tmp_path / "id_rsa").write_text("PRIVATE")
    (stack.plugin.root / name).symlink_to(tmp_path / "id_rsa")
    with pytest.raises(InvalidProject, match=f"'{name}' is a link to '.*id_rsa', out of the repository"):
        image.build_context(stack, SCRIPT)
    (stack.plugin.root / name).unlink()
    (stack.plugin.root / name).symlink_to(stack.plugin.root / "docs/text")
    assert image.build_context(stack, SCRIPT)[f"source/{name}"] == b"inside\n"
