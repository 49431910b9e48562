# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.categories import categorize, is_litter

# Paths as they are in real plugins' packages (in "netbox_x/").
IN_PACKAGE = {
    "plugin_config": ["__init__.py"],
    "models": [
        "models.py",
        "models/__init__.py",
        "models/fabric.py",
        "models/mixins/ownership.py",
        "choices.py",
        "validators.py",
        "constants.py",
        "fields.py",
        "sub/models.py",
    ],
    "views": ["views.py", "views/__init__.py", "views/fabric.py", "api/views.py"],
    "urls": ["urls.py", "api/urls.py", "urls/fabric.py"],
    "templates": [
        "templates/netbox_x/fabric.html",
        "templates/netbox_x/inc/panel.html",
        "templates/email.txt",
        "templates/netbox_x/readme.md",
        "sub/templates/a.html",
    ],
    "static": [
        "static/netbox_x/app.css",
        "static/netbox_x/js/app.js",
        "static/netbox_x/img/logo.svg",
        "static/netbox_x/dist/bundle.js",
        "static/netbox_x/build/bundle.js",
        "static/netbox_x/README.md",
        "static/netbox_x/node_modules/a/index.js",
    ],
    "migrations": ["migrations/0001_initial.py", "migrations/__init__.py", "sub/migrations/0002_x.py"],
    "settings": ["settings.py", "config/settings.py"],
    "tests": [
        "tests/__init__.py",
        "tests/test_models.py",
        "tests/fixtures/a.yaml",
        "test_x.py",
        "x_test.py",
        "tests.py",
        "conftest.py",
        "api/tests/test_api.py",
    ],
    "python": [
        "forms.py",
        "forms/bulk_edit.py",
        "tables.py",
        "filtersets.py",
        "navigation.py",
        "signals.py",
        "jobs.py",
        "search.py",
        "template_content.py",
        "templatetags/x.py",
        "api/serializers.py",
        "api/__init__.py",
        "graphql/types.py",
        "graphql/schema.py",
        "management/commands/sync.py",
        "utils/git.py",
        "data/schema.yaml",
        "README.md",
        "api/notes.rst",
        "docs/index.md",
        "data/package.json",
        "package.json",
        "tsconfig.json",
        "yarn.lock",
        "src/app.ts",
        "mail/style.css",
        "mail/style.scss",
        "data/a.js",
        "data/app.js.map",
        "locale/de/LC_MESSAGES/django.mo",
        "version.py",
        "viewsets.py",
        "contest.py",
        "latest/x.py",
    ],
    "ignored": [
        "__pycache__/models.cpython-312.pyc",
        "models.pyc",
        "models.py.swp",
        ".models.py.swp",
        "models.py~",
        "models.py.orig",
        ".#models.py",
        "#models.py#",
        "4913",
        "sub/4913",
        "frontend/node_modules/a/static/index.js",
        ".DS_Store",
        "locale/de/LC_MESSAGES/django.po",
        "py.typed",
        "models.pyi",
        "frontend/node_modules/a/package.json",
    ],
}
BESIDE = {
    "settings": ["netbox-dev.yml"],
    "dependencies": [
        "pyproject.toml",
        "setup.py",
        "setup.cfg",
        "MANIFEST.in",
        "requirements.txt",
        "requirements-netbox.txt",
        "requirements.in",
        "requirements/base.txt",
        "requirements/development-tools/a.txt",
        "constraints.txt",
        "poetry.lock",
        "uv.lock",
        "Pipfile",
        "Dockerfile",
    ],
    "tests": ["tests/test_x.py", "tests/fixtures/x.json", "e2e_tests/a.py", "conftest.py", "tox.ini", ".coveragerc"],
    "docs": ["README.md", "docs/index.md", "docs/img/a.png", "LICENSE", "CHANGELOG", "notes.txt", "examples/a.py"],
    # What nobody imports of these is no matter.
    "python": ["helpers.py", "lib/shared.py", "configuration/configuration.py", "develop/settings.py"],
    "ignored": [
        ".git/HEAD",
        ".venv/lib/x.py",
        "venv/bin/python",
        "build/lib/netbox_x/models.py",
        "dist/netbox_x-1.whl",
        "netbox_x.egg-info/PKG-INFO",
        ".vscode/settings.json",
        ".idea/workspace.xml",
        ".mypy_cache/x.json",
        "node_modules/a/index.js",
        ".coverage",
        ".coverage.host.123",
        "htmlcov/index.html",
        "Makefile",
        ".github/workflows/ci.yml",
        ".gitignore",
        "netbox-docker.tar",
        "requirements-dev.txt",
        "requirements_test.txt",
        "dev-requirements.txt",
        "requirements/dev.txt",
        "requirements/docs.in",
        "constraints-dev.txt",
    ],
}


def rows(table: dict[str, list[str]], prefix: str = "") -> list[tuple[str, str]]:
    return [(prefix + path, category) for category, paths in table.items() for path in paths]


@pytest.mark.parametrize(("path", "category"), rows(IN_PACKAGE, "netbox_x/"))
def test_a_file_of_the_package_has_its_category(path: str, category: str) -> None:
    assert categorize(path, "netbox_x") == category


@pytest.mark.parametrize(("path", "category"), rows(IN_PACKAGE, "src/netbox_x/"))
def test_a_src_layout_has_the_same_categories(path: str, category: str) -> None:
    assert categorize(path, "src/netbox_x") == category


@pytest.mark.parametrize(("path", "category"), rows(BESIDE))
def test_a_file_beside_the_package_has_its_category(path: str, category: str) -> None:
    assert categorize(path, "netbox_x") == category


@pytest.mark.parametrize("path", ["netbox-docker:env/netbox.env", "netbox-docker:configuration/plugins.py"])
def test_the_checkouts_configuration_is_settings(path: str) -> None:
    assert categorize(path, "netbox_x") == "settings"


def test_a_package_whose_name_begins_alike_is_not_the_package() -> None:
    assert categorize("netbox_x_extra/models.py", "netbox_x") == "python"


@pytest.mark.parametrize("path", ["netbox_x/wörter/модель.py", "netbox_x/a b.py", "netbox_x/\udcff.py"])
def test_unusual_names_are_python_like_others(path: str) -> None:
    assert categorize(path, "netbox_x") == "python"


@pytest.mark.parametrize("path", ["netbox_x/distance.py", "netbox_x/builders/a.py", "netbox_x/environment.py"])
def test_names_that_begin_like_litter_are_none(path: str) -> None:
    assert not is_litter(path)
