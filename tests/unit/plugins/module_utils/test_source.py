# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

import ast
import json
from dataclasses import replace

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.source import Source, read_source
from ansible_collections.hedgehog.netbox_dev.tests.unit.plugins.module_utils.edited_plugin import PLUGIN
from hypothesis import given
from hypothesis import strategies as st

TEXTS = [text for path, text in PLUGIN.items() if path.endswith(".py") and text]
WORDS = st.one_of(
    st.sampled_from(
        ["class A(B):", "def f(x=1):", "import a.b", "from .c import *", "X = 1", "return", "@d", "(", ")"]
    ),
    st.sampled_from(["\n", "    ", "if x:", "else:", '"""', "#", "\\", "\0", "é", "match x:", "case [1, *y]:", "try:"]),
    st.sampled_from(["except* E as e:", "type T = int", "lambda: (yield)", "global X", "x: int", "del x", "f'{a}'"]),
)


@given(st.one_of(st.binary(), st.text().map(lambda text: text.encode("utf-8", "surrogatepass"))))
def test_no_bytes_are_too_strange(text: bytes) -> None:
    assert read_source(text) == read_source(text)


@given(st.lists(WORDS, max_size=30).map(" ".join))
def test_no_code_is_too_strange(text: str) -> None:
    source = read_source(text.encode())
    assert Source.unpack(json.loads(json.dumps(source.pack()))) == source


@given(st.sampled_from(TEXTS))
def test_facts_are_kept_as_they_are(text: str) -> None:
    source = read_source(text.encode())
    assert Source.unpack(json.loads(json.dumps(source.pack()))) == source
    assert not source.unsure


@given(st.sampled_from(TEXTS), st.data())
def test_a_comment_or_a_blank_line_is_nothing(text: str, data: st.DataObject) -> None:
    lines = text.splitlines()
    statement = data.draw(st.sampled_from([n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.stmt)]))
    added = data.draw(st.sampled_from(["# a comment", "", "        # one that is far in", "\t"]))
    lines.insert(statement.lineno - 1, added)
    assert read_source("\n".join(lines).encode()) == read_source(text.encode())


@given(st.sampled_from(TEXTS), st.data())
def test_a_docstring_is_nothing(text: str, data: st.DataObject) -> None:
    tree = ast.parse(text)
    owners = [n for n in ast.walk(tree) if isinstance(n, (ast.Module, ast.ClassDef, ast.FunctionDef))]
    owner = data.draw(st.sampled_from(owners))
    owner.body.insert(0, ast.Expr(ast.Constant(data.draw(st.sampled_from(["a", "it's", "two\nlines"])))))
    added = ast.unparse(ast.fix_missing_locations(tree))
    if "from __future__" not in text:
        assert replace(read_source(added.encode()), described="") == replace(read_source(text.encode()), described="")
    assert read_source(ast.unparse(ast.parse(text)).encode()) == read_source(text.encode())


@given(st.sampled_from(TEXTS), st.data())
def test_a_statement_that_is_taken_away_is_something(text: str, data: st.DataObject) -> None:
    tree = ast.parse(text)
    bodies = [n.body for n in ast.walk(tree) if isinstance(n, (ast.Module, ast.ClassDef, ast.FunctionDef))]
    body = data.draw(st.sampled_from(bodies))
    gone = body.pop(data.draw(st.integers(0, len(body) - 1)))
    nothing = isinstance(gone, ast.Pass) or (isinstance(gone, ast.Expr) and isinstance(gone.value, ast.Constant))
    only_types = isinstance(gone, ast.If) and "TYPE_CHECKING" in ast.unparse(gone.test)
    body = body or [ast.Pass()]
    left = read_source(ast.unparse(ast.fix_missing_locations(tree)).encode())
    assert left.unsure or (left.code == read_source(text.encode()).code) == (nothing or only_types)


@pytest.mark.parametrize(
    ("text", "imports"),
    [
        ("import a\ndef (", [["a", [], True]]),
        ("from a.b import c, d as e\ndef (", [["a.b", ["c", "d", "as", "e"], True]]),
        ("from . import (\n    c,\n    d,\n)\ntype X = (", [[".", ["c", "d"], True]]),
        ("    from ..a import *\ndef (", [["..a", [], True]]),
        ("important = 1\ndef (", []),
    ],
)
def test_what_an_unparsable_file_imports_is_told_by_its_text(text: str, imports: list[object]) -> None:
    source = read_source(text.encode())
    assert source.unsure
    assert source.imports == imports


@pytest.mark.parametrize(
    ("text", "name", "uses"),
    [
        ("X = a.b(c, d=e)", "X", ["a.b()", "c", "e"]),
        ("X = F(default=g, validators=[h, i()])", "X", ["F()", "&g", "&h", "i()"]),
        ("X = f(default=g, validators=[h, i()])", "X", ["f()", "g", "h", "i()"]),
        ("X = a().b.c", "X", [".c", ".b", "a()"]),
        ("X = getattr(a, 'b')", "X", [".b", "a"]),
        ("X = import_module('a.b')", "X", ["import a.b"]),
        ("X = import_module(a)", "X", ["import", "a"]),
        ("def f(a):\n    return g(a)", "f()", ["a", "g()"]),
        ("class A:\n    def f(self):\n        return self.x + Y", "A.f()", ["A.x", "Y"]),
        ("class A:\n    x = 1\n    y = x + 1", "A.y", ["A.x", "x"]),
        ("@d(e)\nclass A(B, metaclass=C): pass", "A", ["C", "d()", "e()"]),
        ("X = f'{a.b}'", "X", ["a.b"]),
        ("X = [a for a in b]", "X", ["a", "b"]),
        ("for x in y:\n    z = x", "z", ["x", "y"]),
    ],
)
def test_a_part_has_the_names_that_it_uses(text: str, name: str, uses: list[str]) -> None:
    assert set(read_source(text.encode()).parts[name].uses) - {name} == set(uses)
