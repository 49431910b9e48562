# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""Small plugins before and after an edit, and what each edit is.

A file is a text, or (before, after) where it changes; None is no file. Paths are in the package, or with a slash in
front in the repository. What concerns the schema was decided by Django itself, but for the names in ``CAUTIOUS``:
there Django sees no difference, and the engine cannot know that, or counts it by intent.
"""

from __future__ import annotations

from typing import Any, Union

Files = dict[str, Union[str, bytes, None, tuple[Any, Any]]]
FileCase = tuple[str, Files, Any]
M = "from django.db import models\n"
SIMPLE = M + "class A(models.Model):\n    x = models.IntegerField(default=1)\n"
TWO = SIMPLE + "class B(models.Model):\n    y = models.ForeignKey(A, on_delete=models.CASCADE)\n"
INIT = "from netbox.plugins import PluginConfig\nclass C(PluginConfig):\n    name = 'netbox_example'\nconfig = C\n"
USES = "class A(models.Model):\n    x = models.CharField(max_length={})\n"


def uses(value: str, imports: str, field: str = "models.CharField(max_length={})") -> str:
    return f"{M}{imports}\nclass A(models.Model):\n    x = {field.format(value)}\n"


def model(body: str, head: str = "class A(models.Model):", before: str = "") -> str:
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return f"{M}{before}{head}\n{lines}"


N30, N31 = "N = 30\n", "N = 31\n"
CASES: list[FileCase] = []


def case(name: str, files: Files, expected: Any) -> None:
    CASES.append((name, files, expected))


def schema(name: str, path: str, before: Any, after: Any, more: Files | None = None) -> None:
    """An edit of one file that concerns the schema."""
    case(name, {**(more or {}), path: (before, after)}, "models")


def code(name: str, path: str, before: Any, after: Any, more: Files | None = None, expected: str = "python") -> None:
    """An edit of one file that does not."""
    case(name, {**(more or {}), path: (before, after)}, expected)


# -- how a name may come into a module
for title, imports, used in [
    ("from the same package", "from .consts import N", "N"),
    ("by an absolute path", "from netbox_example.consts import N", "N"),
    ("from the package", "from netbox_example import consts", "consts.N"),
    ("from the package, relative", "from . import consts", "consts.N"),
    ("by the whole path", "import netbox_example.consts", "netbox_example.consts.N"),
    ("by the whole path under a name", "import netbox_example.consts as c", "c.N"),
    ("under a name", "from .consts import N as LENGTH", "LENGTH"),
    ("a module under a name", "from . import consts as c", "c.N"),
    ("by a star", "from .consts import *", "N"),
    ("by a star after another", "from .other import *\nfrom .consts import *", "N"),
    ("by a star before another", "from .consts import *\nfrom .other import *", "N"),
    ("in try", "try:\n    from .consts import N\nexcept ImportError:\n    N = 1", "N"),
    ("in except", "try:\n    from .absent import N\nexcept ImportError:\n    from .consts import N", "N"),
    ("in a condition", "import sys\nif sys.maxsize:\n    from .consts import N\nelse:\n    from .other import N", "N"),
    ("in with", "import contextlib\nwith contextlib.suppress(ImportError):\n    from .consts import N", "N"),
    ("by importlib", "import importlib\nc = importlib.import_module('netbox_example.consts')", "c.N"),
    ("by importlib, relative", "from importlib import import_module\nc = import_module('.consts', __package__)", "c.N"),
    ("by importlib, computed", "import importlib\nc = importlib.import_module(__package__ + '.consts')", "c.N"),
    ("by __import__", "c = __import__('netbox_example.consts', fromlist=['N'])", "c.N"),
    (
        "by import_string",
        "from django.utils.module_loading import import_string\nN = import_string('netbox_example.consts.N')",
        "N",
    ),
    ("by sys.modules", "import sys\nfrom . import consts\nc = sys.modules['netbox_example.consts']", "c.N"),
    ("through another module", "from .through import N", "N"),
    ("through another module's star", "from .starred import N", "N"),
    ("through another module's attribute", "from . import through", "through.consts.N"),
    ("through a name", "from .consts import N\nLENGTH = N\nL2 = LENGTH", "L2"),
    ("through a class", "from .consts import N\nclass Lengths:\n    name = N\n", "Lengths.name"),
    ("through a class in a class", "from .consts import N\nclass L:\n    class In:\n        name = N\n", "L.In.name"),
    ("through a dictionary", "from .consts import N\nL = {'n': N}", "L['n']"),
    ("through a dictionary's method", "from .consts import N\nL = dict(n=N)", "L.get('n')"),
    ("through a comprehension", "from .consts import N\nL = [n for n in (N, N)]", "L[0]"),
    ("through a function", "from .consts import N\ndef f():\n    return N", "f()"),
    ("through a function's default", "from .consts import N\ndef f(n=N):\n    return n", "f()"),
    (
        "through a function of a function",
        "from .consts import N\ndef g():\n    return N\ndef f():\n    return g()",
        "f()",
    ),
    (
        "through a function that is given",
        "from .consts import N\ndef g():\n    return N\ndef f(h):\n    return h()",
        "f(g)",
    ),
    ("through map", "from .consts import N\ndef g(a):\n    return N", "list(map(g, [1]))[0]"),
    ("through a lambda", "from .consts import N\nf = lambda: N", "f()"),
    (
        "through a partial",
        "from functools import partial\nfrom .consts import N\ndef g():\n    return N\nf = partial(g)",
        "f()",
    ),
    ("through a decorator", "from .consts import N\ndef d(f):\n    return lambda: N\n@d\ndef f():\n    pass", "f()"),
    ("through a generator", "from .consts import N\ndef g():\n    yield N", "next(g())"),
    (
        "through an instance's method",
        "from .consts import N\nclass H:\n    def get(self):\n        return N\nh = H()",
        "h.get()",
    ),
    (
        "through a new instance's method",
        "from .consts import N\nclass H:\n    def get(self):\n        return N",
        "H().get()",
    ),
    (
        "through a property",
        "from .consts import N\nclass H:\n    @property\n    def n(self):\n        return N",
        "H().n",
    ),
    (
        "through a static method",
        "from .consts import N\nclass H:\n    @staticmethod\n    def n():\n        return N",
        "H.n()",
    ),
    (
        "through an inherited method",
        "from .consts import N\nclass G:\n    def n(self):\n        return N\nclass H(G):\n    pass",
        "H().n()",
    ),
    (
        "through an overridden method",
        "from .consts import N\nclass G:\n    def m(self):\n        return self.n()\nclass H(G):\n    def n(self):\n        return N",
        "H().m()",
    ),
    (
        "through super()",
        "from .consts import N\nclass G:\n    def n(self):\n        return N\nclass H(G):\n    def n(self):\n        return super().n()",
        "H().n()",
    ),
    (
        "through a call of an instance",
        "from .consts import N\nclass H:\n    def __call__(self):\n        return N",
        "H()()",
    ),
    (
        "through an item of an instance",
        "from .consts import N\nclass H:\n    def __getitem__(self, k):\n        return N",
        "H()[1]",
    ),
    (
        "through any attribute of an instance",
        "from .consts import N\nclass H:\n    def __getattr__(self, k):\n        return N",
        "H().n",
    ),
    ("through getattr", "from . import consts", "getattr(consts, 'N')"),
    (
        "through getattr of a class",
        "from .consts import N\nclass H:\n    n = N\n    def m(self):\n        return N",
        "getattr(H(), 'm')()",
    ),
    (
        "through getattr of a computed name",
        "from .consts import N\nclass H:\n    def m(self):\n        return N",
        "getattr(H(), 'M'.lower())()",
    ),
    ("through vars", "from . import consts", "vars(consts)['N']"),
    ("through globals", "from .consts import N\nglobals()['LENGTH'] = N", "LENGTH"),
    ("through globals' update", "from .consts import N\nglobals().update(LENGTH=N)", "LENGTH"),
    ("through exec", "from .consts import N\nexec('LENGTH = N')", "LENGTH"),
    ("through a walrus", "from .consts import N\nif (n := N):\n    pass", "n"),
    ("through unpacking", "from .consts import N\na, (b, *c) = 1, (N, 2)", "b"),
    ("through a loop", "from .consts import N\nfor n in (1, N):\n    pass", "n"),
    ("through a loop that fills", "from .consts import N\nL = []\nfor n in (1,):\n    L.append(N)", "L[0]"),
    ("through with", "import contextlib\nfrom .consts import N\nwith contextlib.nullcontext(N) as n:\n    pass", "n"),
    ("through a condition", "from .consts import N\nif N > 30:\n    L = 1\nelse:\n    L = 2", "L"),
    ("through a conditional expression", "from .consts import N\nL = 1 if N > 30 else 2", "L"),
    ("through try", "from .consts import N\ntry:\n    L = 1 // (N - 30)\nexcept ZeroDivisionError:\n    L = 7", "L"),
    ("through an augmented assignment", "from .consts import N\nL = 1\nL += N", "L"),
    ("through a global in a function", "from .consts import N\ndef f():\n    global L\n    L = N\nf()", "L"),
    (
        "through what a function does to a list",
        "from .consts import N\nL = []\ndef f(a):\n    a.append(N)\nf(L)",
        "L[0]",
    ),
    ("through an attribute that is set", "from .consts import N\nclass H:\n    pass\nH.n = N", "H.n"),
    ("through setattr", "from .consts import N\nclass H:\n    pass\nsetattr(H, 'n', N)", "H.n"),
    (
        "through a dataclass",
        "from dataclasses import dataclass\nfrom .consts import N\n@dataclass\nclass H:\n    n: int = N",
        "H().n",
    ),
    (
        "through a named tuple",
        "from typing import NamedTuple\nfrom .consts import N\nclass H(NamedTuple):\n    n: int = N",
        "H().n",
    ),
    ("through an enum", "import enum\nfrom .consts import N\nclass H(enum.IntEnum):\n    n = N", "H.n.value"),
    (
        "through a metaclass",
        "from .consts import N\nclass T(type):\n    @property\n    def n(cls):\n        return N\nclass H(metaclass=T):\n    pass",
        "H.n",
    ),
    (
        "through __init_subclass__",
        "from .consts import N\nclass G:\n    def __init_subclass__(cls):\n        cls.n = N\nclass H(G):\n    pass",
        "H.n",
    ),
    (
        "through a class's decorator",
        "from .consts import N\ndef d(c):\n    c.n = N\n    return c\n@d\nclass H:\n    pass",
        "H.n",
    ),
    (
        "through a descriptor",
        "from .consts import N\nclass D:\n    def __get__(self, a, b):\n        return N\nclass H:\n    n = D()",
        "H.n",
    ),
    (
        "through a cached function",
        "import functools\nfrom .consts import N\n@functools.lru_cache\ndef f():\n    return N",
        "f()",
    ),
    ("through an f-string", "from .consts import N\nL = f'{N}'", "int(L)"),
    ("through a string's format", "from .consts import N\nL = '{}'.format(N)", "int(L)"),
    ("through a local import", "def f():\n    from .consts import N\n    return N", "f()"),
    ("through a local import of a module", "def f():\n    from . import consts\n    return consts.N", "f()"),
    ("through an annotated constant", "from .consts import N\nL: int = N", "L"),
    ("through match", "from .consts import N\nmatch N:\n    case 30:\n        L = 1\n    case _:\n        L = 2", "L"),
]:
    schema(
        f"a constant that is used {title}",
        "consts.py",
        N30,
        N31,
        {
            "models.py": uses(used, imports),
            "other.py": "O = 1\n",
            "through.py": "from . import consts\nfrom .consts import N\n",
            "starred.py": "from .consts import *\n",
        },
    )

# -- which of several it is
ONE_OF = {"one.py": N30, "two.py": N31}
schema(
    "an import from another module",
    "models.py",
    uses("N", "from .one import N"),
    uses("N", "from .two import N"),
    ONE_OF,
)
schema(
    "a star of another module", "models.py", uses("N", "from .one import *"), uses("N", "from .two import *"), ONE_OF
)
schema(
    "stars in another order",
    "models.py",
    uses("N", "from .one import *\nfrom .two import *"),
    uses("N", "from .two import *\nfrom .one import *"),
    ONE_OF,
)
schema(
    "a re-export of another module",
    "consts.py",
    "from .one import N\n",
    "from .two import N\n",
    {**ONE_OF, "models.py": uses("N", "from .consts import N")},
)
schema(
    "a re-export by another star",
    "consts.py",
    "from .one import *\n",
    "from .two import *\n",
    {**ONE_OF, "models.py": uses("N", "from .consts import N")},
)
schema(
    "a list of exports that hides a name",
    "two.py",
    "__all__ = ['N']\nN = 31\n",
    "__all__ = []\nN = 31\n",
    {"one.py": N30, "models.py": uses("N", "from .one import *\nfrom .two import *")},
)
schema(
    "a branch that is turned",
    "models.py",
    uses("L", "if True:\n    L = 1\nelse:\n    L = 2"),
    uses("L", "if False:\n    L = 1\nelse:\n    L = 2"),
)
schema(
    "a statement in another branch",
    "models.py",
    uses("L", "L = 2\nif True:\n    L = 1\nelse:\n    pass"),
    uses("L", "L = 2\nif True:\n    pass\nelse:\n    L = 1"),
)
schema("statements in another order", "models.py", uses("L", "K = 1\nL = K\nK = 2"), uses("L", "K = 1\nK = 2\nL = K"))
schema("a name bound again", "models.py", uses("L", "L = 1"), uses("L", "L = 1\nL = 2"))
schema(
    "a name deleted and had from a star",
    "models.py",
    uses("N", "from .one import *\nN = 5"),
    uses("N", "from .one import *"),
    ONE_OF,
)
schema(
    "a module's __getattr__",
    "consts.py",
    "def __getattr__(name):\n    return 30\n",
    "def __getattr__(name):\n    return 31\n",
    {"models.py": uses("N", "from .consts import N")},
)
schema(
    "a module's globals",
    "consts.py",
    "globals().update({'N': 30})\n",
    "globals().update({'N': 31})\n",
    {"models.py": uses("N", "from .consts import N")},
)
schema(
    "a folder without __init__", "deep/consts.py", N30, N31, {"models.py": uses("consts.N", "from .deep import consts")}
)
schema(
    "a folder without __init__, by its path",
    "deep/er/consts.py",
    N30,
    N31,
    {"models.py": uses("netbox_example.deep.er.consts.N", "import netbox_example.deep.er.consts")},
)
schema("a package's own name", "deep/__init__.py", N30, N31, {"models.py": uses("N", "from .deep import N")})
schema(
    "a package's module without an import of it",
    "deep/consts.py",
    N30,
    N31,
    {"deep/__init__.py": "from .consts import N\n", "models.py": uses("deep.consts.N", "from . import deep")},
)
schema(
    "two dots",
    "consts.py",
    N30,
    N31,
    {"models/__init__.py": "from .a import A\n", "models/a.py": uses("N", "from ..consts import N")},
)
schema(
    "an import inside a class",
    "consts.py",
    N30,
    N31,
    {"models.py": model("from .consts import N\nx = models.CharField(max_length=N)")},
)
schema(
    "a change of a list elsewhere",
    "patches.py",
    "from .consts import L\nL.append(30)\n",
    "from .consts import L\nL.append(31)\n",
    {"consts.py": "L = []\n", "models.py": uses("L[0]", "from .consts import L\nfrom . import patches")},
)
schema(
    "a change of a class elsewhere",
    "patches.py",
    "from .consts import K\nK.n = 30\n",
    "from .consts import K\nK.n = 31\n",
    {"consts.py": "class K:\n    n = 1\n", "models.py": uses("K.n", "from .consts import K\nfrom . import patches")},
)
schema(
    "a change of a model's options elsewhere",
    "patches.py",
    "from .models import A\n",
    "from .models import A\nA._meta.get_field('x').null = True\n",
    {"models.py": SIMPLE + "from . import patches\n"},
)
schema(
    "a call at import that changes a model",
    "patches.py",
    "def go(m):\n    pass\n",
    "def go(m):\n    m.add_to_class('z', __import__('django.db.models').db.models.IntegerField(null=True))\n",
    {"models.py": SIMPLE + "from .patches import go\ngo(A)\n"},
)
schema(
    "a model changed as the app is ready",
    "/netbox_example/__init__.py",
    INIT,
    INIT.replace(
        "config =",
        "    def ready(self):\n        super().ready()\n        from .models import A\n        from django.db import models\n        A.add_to_class('late', models.IntegerField(null=True))\nconfig =",
    ),
    {"models.py": SIMPLE},
)

# -- classes
schema(
    "an abstract base in another module",
    "bases.py",
    model("n = models.IntegerField(default=1)\nclass Meta:\n    abstract = True", "class B(models.Model):"),
    model("n = models.IntegerField(default=2)\nclass Meta:\n    abstract = True", "class B(models.Model):"),
    {"models.py": "from .bases import B\nclass A(B):\n    pass\n"},
)
schema(
    "a base's options in another module",
    "bases.py",
    model("class Meta:\n    abstract = True\n    ordering = ['pk']", "class B(models.Model):"),
    model("class Meta:\n    abstract = True\n    ordering = ['-pk']", "class B(models.Model):"),
    {"models.py": "from .bases import B\nclass A(B):\n    class Meta(B.Meta):\n        verbose_name = 'a'\n"},
)
schema(
    "a base under another name",
    "models.py",
    M + "Base = models.Model\nclass A(Base):\n    x = models.IntegerField()\n",
    M + "Base = models.Model\nclass A(Base):\n    x = models.TextField()\n",
)
schema(
    "a base by its whole path",
    "models.py",
    "import django.db.models\nclass A(django.db.models.Model):\n    x = django.db.models.IntegerField()\n",
    "import django.db.models\nclass A(django.db.models.Model):\n    x = django.db.models.TextField()\n",
)
schema(
    "a base by a star of Django",
    "things.py",
    "from django.db.models import *\nclass A(Model):\n    x = IntegerField()\n    class Meta:\n        app_label = 'netbox_example'\n",
    "from django.db.models import *\nclass A(Model):\n    x = TextField()\n    class Meta:\n        app_label = 'netbox_example'\n",
    {"models.py": "from .things import A\n"},
)
schema(
    "a base that a function returns",
    "models.py",
    M
    + "def base():\n    class B(models.Model):\n        n = models.IntegerField()\n        class Meta:\n            abstract = True\n    return B\nclass A(base()):\n    pass\n",
    M
    + "def base():\n    class B(models.Model):\n        n = models.TextField()\n        class Meta:\n            abstract = True\n    return B\nclass A(base()):\n    pass\n",
)
schema(
    "a field of a class whose base is computed",
    "things.py",
    M
    + "def base():\n    return models.Model\nclass A(base()):\n    x = models.IntegerField()\n    class Meta:\n        app_label = 'netbox_example'\n",
    M
    + "def base():\n    return models.Model\nclass A(base()):\n    x = models.TextField()\n    class Meta:\n        app_label = 'netbox_example'\n",
    {"models.py": "from .things import A\n"},
)
schema(
    "a generic base",
    "models.py",
    M
    + "from typing import Generic, TypeVar\nT = TypeVar('T')\nclass B(models.Model, Generic[T]):\n    class Meta:\n        abstract = True\nclass A(B[int]):\n    x = models.IntegerField()\n",
    M
    + "from typing import Generic, TypeVar\nT = TypeVar('T')\nclass B(models.Model, Generic[T]):\n    class Meta:\n        abstract = True\nclass A(B[int]):\n    x = models.TextField()\n",
)
schema(
    "a generic base in another module",
    "things.py",
    "from .bases import B\nfrom django.db import models\nclass A(B[int]):\n    x = models.IntegerField()\n    class Meta:\n        app_label = 'netbox_example'\n",
    "from .bases import B\nfrom django.db import models\nclass A(B[int]):\n    x = models.TextField()\n    class Meta:\n        app_label = 'netbox_example'\n",
    {
        "bases.py": M
        + "from typing import Generic, TypeVar\nT = TypeVar('T')\nclass B(models.Model, Generic[T]):\n    class Meta:\n        abstract = True\n",
        "models.py": "from .things import A\n",
    },
)
schema(
    "bases from a tuple",
    "models.py",
    M + "BASES = (models.Model,)\nclass A(*BASES):\n    x = models.IntegerField()\n",
    M + "BASES = (models.Model,)\nclass A(*BASES):\n    x = models.TextField()\n",
)
schema(
    "a base in one of two branches",
    "models.py",
    M
    + "try:\n    from absent import Base\nexcept ImportError:\n    class Base(models.Model):\n        n = models.IntegerField()\n        class Meta:\n            abstract = True\nclass A(Base):\n    pass\n",
    M
    + "try:\n    from absent import Base\nexcept ImportError:\n    class Base(models.Model):\n        n = models.TextField()\n        class Meta:\n            abstract = True\nclass A(Base):\n    pass\n",
)
schema(
    "which of two bases",
    "models.py",
    "from .one import Base\nclass A(Base):\n    pass\n",
    "from .two import Base\nclass A(Base):\n    pass\n",
    {
        f"{n}.py": model(f"{n} = models.IntegerField()\nclass Meta:\n    abstract = True", "class Base(models.Model):")
        for n in ("one", "two")
    },
)
schema(
    "fields made by __init_subclass__",
    "models.py",
    *(
        M
        + f"class B(models.Model):\n    class Meta:\n        abstract = True\n    def __init_subclass__(cls, **k):\n        super().__init_subclass__(**k)\n        for n in cls.names:\n            models.IntegerField(null=True).contribute_to_class(cls, n)\nclass A(B):\n    names = {n}\n"
        for n in ("['p']", "['q']")
    ),
)
schema(
    "fields made by a decorator",
    "models.py",
    *(
        M
        + f"def add(cls):\n    for n in cls.names:\n        cls.add_to_class(n, models.IntegerField(null=True))\n    return cls\n@add\nclass A(models.Model):\n    names = {n}\n"
        for n in ("['p']", "['q']")
    ),
)
schema(
    "a decorator in another module",
    "deco.py",
    *(
        M + f"def add(cls):\n    cls.add_to_class('{n}', models.IntegerField(null=True))\n    return cls\n"
        for n in "pq"
    ),
    {"models.py": M + "from .deco import add\n@add\nclass A(models.Model):\n    pass\n"},
)
schema(
    "a decorator with arguments",
    "models.py",
    *(
        M
        + f"def add(n):\n    def inner(cls):\n        cls.add_to_class(n, models.IntegerField(null=True))\n        return cls\n    return inner\n@add('{n}')\nclass A(models.Model):\n    pass\n"
        for n in "pq"
    ),
)
schema(
    "fields made by a metaclass",
    "models.py",
    *(
        M
        + f"from django.db.models.base import ModelBase\nclass T(ModelBase):\n    def __new__(m, name, bases, attrs, **k):\n        attrs['{n}'] = models.IntegerField(null=True)\n        return super().__new__(m, name, bases, attrs, **k)\nclass A(models.Model, metaclass=T):\n    pass\n"
        for n in "pq"
    ),
)
schema(
    "fields made of annotations",
    "models.py",
    *(
        M
        + f"class B(models.Model):\n    class Meta:\n        abstract = True\n    def __init_subclass__(cls, **k):\n        super().__init_subclass__(**k)\n        for n in cls.__annotations__:\n            models.IntegerField(null=True).contribute_to_class(cls, n)\nclass A(B):\n    {n}: int\n"
        for n in "pq"
    ),
)
schema(
    "a class's keyword",
    "models.py",
    *(
        M
        + f"class B(models.Model):\n    class Meta:\n        abstract = True\n    def __init_subclass__(cls, extra=None, **k):\n        super().__init_subclass__(**k)\n        models.IntegerField(null=True).contribute_to_class(cls, extra)\nclass A(B, extra='{n}'):\n    pass\n"
        for n in "pq"
    ),
)
schema(
    "a model of NetBox's user as a base",
    "models.py",
    *(
        "from django.contrib.auth.base_user import AbstractBaseUser\nfrom django.db import models\nclass A(AbstractBaseUser):\n    x = models.IntegerField(default=%d)\n    USERNAME_FIELD = 'x'\n"
        % n
        for n in (1, 2)
    ),
)
schema(
    "a field through a helper",
    "models.py",
    *(
        M
        + f"def field(**k):\n    return models.IntegerField(default={n}, **k)\nclass A(models.Model):\n    x = field()\n"
        for n in (1, 2)
    ),
)
schema(
    "a field through a helper elsewhere",
    "helpers.py",
    *(M + f"def field(**k):\n    return models.IntegerField(default={n}, **k)\n" for n in (1, 2)),
    {"models.py": M + "from .helpers import field\nclass A(models.Model):\n    x = field()\n"},
)
schema(
    "a field that is shared",
    "models.py",
    *(M + f"F = dict(null={n})\nclass A(models.Model):\n    x = models.IntegerField(**F)\n" for n in (True, False)),
)
schema(
    "a field through a partial",
    "models.py",
    *(
        M
        + f"from functools import partial\nF = partial(models.IntegerField, default={n})\nclass A(models.Model):\n    x = F()\n"
        for n in (1, 2)
    ),
)
schema(
    "a field through a lambda",
    "models.py",
    *(M + f"F = lambda: models.IntegerField(default={n})\nclass A(models.Model):\n    x = F()\n" for n in (1, 2)),
)
schema(
    "a field's keyword that a helper uses otherwise",
    "models.py",
    *(
        M
        + f"def field(help_text):\n    return models.IntegerField(db_comment=help_text)\nclass A(models.Model):\n    x = field(help_text='{n}')\n"
        for n in (1, 2)
    ),
)
schema(
    "a field's own use of its help text",
    "models.py",
    *(
        M
        + f"class F(models.IntegerField):\n    def __init__(self, *a, **k):\n        super().__init__(*a, **k)\n        self.db_comment = self.help_text\nclass A(models.Model):\n    x = F(help_text='{n}')\n"
        for n in (1, 2)
    ),
)
schema(
    "a model that a loop makes",
    "models.py",
    *(
        M + f"for n in ('A', '{n}'):\n    globals()[n] = type(n, (models.Model,), {{'__module__': __name__}})\n"
        for n in "BD"
    ),
)
schema(
    "models by a factory elsewhere",
    "factory.py",
    *(
        M
        + f"def make(n):\n    return type(n, (models.Model,), {{'__module__': 'netbox_example.models', '{x}': models.IntegerField(null=True)}})\n"
        for x in "xy"
    ),
    {"models.py": "from .factory import make\nA = make('A')\n"},
)
schema(
    "a factory's argument elsewhere",
    "made.py",
    *(f"from .factory import make\nA = make('{n}')\n" for n in "AB"),
    {
        "models.py": "from .made import A\n",
        "factory.py": M
        + "def make(n):\n    return type(n, (models.Model,), {'__module__': 'netbox_example.models'})\n",
    },
)
schema(
    "a class statement in a factory",
    "made.py",
    *(f"from .factory import make\nA = make({n})\n" for n in (1, 2)),
    {
        "models.py": "from .made import A\n",
        "factory.py": M
        + "def make(d):\n    class A(models.Model):\n        x = models.IntegerField(default=d)\n        class Meta:\n            app_label = 'netbox_example'\n    return A\n",
    },
)
schema(
    "a method of a factory's class",
    "made.py",
    *(f"from .factory import F\nA = F().make('{n}')\n" for n in "AB"),
    {
        "models.py": "from .made import A\n",
        "factory.py": M
        + "class F:\n    def make(self, n):\n        return type(n, (models.Model,), {'__module__': 'netbox_example.models'})\n",
    },
)
schema("a conditional field", "models.py", *(model(f"if {n}:\n    x = models.IntegerField()") for n in (True, False)))
schema(
    "a conditional model",
    "models.py",
    *(M + f"if {n}:\n    class A(models.Model):\n        pass\n" for n in (True, False)),
)
schema(
    "a field in try",
    "models.py",
    *(model(f"try:\n    x = models.{n}()\nexcept Exception:\n    pass") for n in ("IntegerField", "TextField")),
)
schema(
    "a field of a conditional model",
    "models.py",
    *(
        M + f"import sys\nif sys.maxsize:\n    class A(models.Model):\n        x = models.{n}()\n"
        for n in ("IntegerField", "TextField")
    ),
)
schema(
    "a field taken away by del",
    "models.py",
    model("x = models.IntegerField()"),
    model("x = models.IntegerField()\ndel x"),
)
schema(
    "fields under swapped names",
    "models.py",
    model("a, b = models.IntegerField(), models.TextField()"),
    model("b, a = models.IntegerField(), models.TextField()"),
)
schema(
    "a name in locals()",
    "models.py",
    model("locals()['x'] = models.IntegerField()"),
    model("locals()['y'] = models.IntegerField()"),
)
schema(
    "a constant inside the model",
    "models.py",
    model("L = 30\nx = models.CharField(max_length=L)"),
    model("L = 31\nx = models.CharField(max_length=L)"),
)
schema(
    "a constant of another model",
    "models.py",
    *(
        M + f"class B(models.Model):\n    L = {n}\nclass A(models.Model):\n    x = models.CharField(max_length=B.L)\n"
        for n in (3, 4)
    ),
)
schema(
    "a constant of a model's base",
    "models.py",
    *(
        M
        + f"class B(models.Model):\n    L = {n}\n    class Meta:\n        abstract = True\nclass A(B):\n    x = models.CharField(max_length=B.L)\n"
        for n in (3, 4)
    ),
)
schema(
    "a static method that a field calls",
    "models.py",
    *(
        model(f"@staticmethod\ndef size():\n    return {n}\nx = models.CharField(max_length=size.__func__())")
        for n in (3, 4)
    ),
)
schema(
    "a function inside the model that a field calls",
    "models.py",
    *(model(f"def size():\n    return {n}\nx = models.CharField(max_length=size())") for n in (3, 4)),
)
code(
    "a function inside the model that a field keeps",
    "models.py",
    *(model(f"def size():\n    return {n}\nx = models.IntegerField(default=size)") for n in (3, 4)),
)
code(
    "a static method of another class that a field keeps",
    "models.py",
    *(
        M
        + f"class H:\n    @staticmethod\n    def size():\n        return {n}\nclass A(models.Model):\n    x = models.IntegerField(default=H.size)\n"
        for n in (3, 4)
    ),
)
schema(
    "a model's method that migrations name",
    "models.py",
    *(
        M
        + f"class H:\n    @staticmethod\n    def {n}():\n        return 1\nclass A(models.Model):\n    x = models.IntegerField(default=H.{n})\n"
        for n in ("a", "b")
    ),
)
schema(
    "a default callable in another module",
    "models.py",
    uses("f", "from .one import f", "models.IntegerField(default={})"),
    uses("f", "from .two import f", "models.IntegerField(default={})"),
    {"one.py": "def f():\n    return 1\n", "two.py": "def f():\n    return 1\n"},
)
schema(
    "choices inside a model",
    "models.py",
    *(
        model(
            f"class S(models.TextChoices):\n    A = '{n}', 'A'\nx = models.CharField(max_length=5, choices=S.choices, default=S.A)"
        )
        for n in "ab"
    ),
)
schema(
    "choices of auto()",
    "models.py",
    *(
        M
        + f"import enum\nclass S(models.IntegerChoices):\n    {n}\n    Z = enum.auto()\nclass A(models.Model):\n    x = models.IntegerField(choices=S.choices, default=S.Z)\n"
        for n in ("A = enum.auto()", "A = 5")
    ),
)
schema(
    "choices of auto() in another order",
    "models.py",
    *(
        M
        + f"import enum\nclass S(models.IntegerChoices):\n    {n} = enum.auto()\n    {o} = enum.auto()\nclass A(models.Model):\n    x = models.IntegerField(choices=S.choices, default=S.A)\n"
        for n, o in ("AB", "BA")
    ),
)
schema(
    "choices with their own next value",
    "models.py",
    *(
        M
        + f"import enum\nclass S(models.TextChoices):\n    def _generate_next_value_(name, start, count, last):\n        return name{n}\n    A = enum.auto()\nclass A(models.Model):\n    x = models.CharField(max_length=9, default=S.A)\n"
        for n in ("", ".lower()")
    ),
)
schema(
    "a set of choices of NetBox",
    "choices.py",
    *(
        f"from utilities.choices import ChoiceSet\nclass S(ChoiceSet):\n    A = '{n}'\n    CHOICES = [(A, 'A')]\n"
        for n in "ab"
    ),
    {"models.py": uses("S.A", "from .choices import S", "models.CharField(max_length=5, choices=S, default={})")},
)
schema(
    "a base of choices",
    "choices.py",
    *(f"class Base:\n    LENGTH = {n}\n" for n in (5, 6)),
    {
        "models.py": M
        + "import enum\nfrom .choices import Base\nclass S(Base, enum.Enum):\n    A = 'a'\nclass A(models.Model):\n    x = models.CharField(max_length=S.LENGTH.value if hasattr(S.LENGTH, 'value') else S.LENGTH)\n"
    },
)
schema(
    "the longest of some choices",
    "choices.py",
    *(M + f"class S(models.TextChoices):\n    A = '{n}', 'A'\n" for n in ("a", "aa")),
    {"models.py": uses("max(len(v) for v in S.values)", "from .choices import S")},
)
schema("a proxy", "models.py", TWO + "class P(A):\n    class Meta:\n        proxy = True\n", TWO)
schema(
    "a through model",
    "models.py",
    *(TWO + f"class T(models.Model):\n    bs = models.ManyToManyField(B{n})\n" for n in ("", ", through='U'")),
    {},
) if False else None
schema(
    "a swapped pair of models",
    "models.py",
    M + "class A(models.Model):\n    x = models.IntegerField()\nclass B(models.Model):\n    x = models.TextField()\n",
    M + "class B(models.Model):\n    x = models.IntegerField()\nclass A(models.Model):\n    x = models.TextField()\n",
)
schema("managed", "models.py", SIMPLE, SIMPLE + "    class Meta:\n        managed = False\n")
schema(
    "a manager made of a queryset",
    "models.py",
    *(
        M
        + f"class Q(models.QuerySet):\n    pass\nM_ = models.Manager.from_queryset(Q)\nclass N(M_):\n    use_in_migrations = {n}\nclass A(models.Model):\n    objects = N()\n"
        for n in (True, False)
    ),
)
schema(
    "an argument of a manager that migrations know",
    "models.py",
    *(
        M
        + f"class N(models.Manager):\n    use_in_migrations = True\n    def __init__(self, n=0):\n        super().__init__()\nclass A(models.Model):\n    objects = N({n})\n"
        for n in (1, 2)
    ),
)
schema(
    "a model that is not abstract any more", "models.py", SIMPLE + "    class Meta:\n        abstract = True\n", SIMPLE
)
schema("a model's app", "models.py", SIMPLE, SIMPLE + "    class Meta:\n        app_label = 'extras'\n")
schema(
    "a mixin that is a model now",
    "mixins.py",
    M + "class X:\n    n = models.IntegerField(default=1)\n",
    M + "class X(models.Model):\n    n = models.IntegerField(default=1)\n    class Meta:\n        abstract = True\n",
    {"models.py": M + "from .mixins import X\nclass A(X, models.Model):\n    pass\n"},
)

# -- where models are
schema(
    "a model in a file of models",
    "models/a.py",
    SIMPLE,
    SIMPLE.replace("=1", "=2"),
    {"models/__init__.py": "from .a import A\n"},
)
schema(
    "a model deeper",
    "models/deep/a.py",
    SIMPLE,
    SIMPLE.replace("=1", "=2"),
    {"models/__init__.py": "from .deep import *\n", "models/deep/__init__.py": "from .a import A\n"},
)
schema(
    "a model that models import",
    "things/a.py",
    SIMPLE.replace("    x", "    class Meta:\n        app_label = 'netbox_example'\n    x"),
    SIMPLE.replace("    x", "    class Meta:\n        app_label = 'netbox_example'\n    x").replace("=1", "=2"),
    {"models.py": "from .things.a import A\n"},
)
schema(
    "a model in views",
    "views.py",
    SIMPLE.replace("    x", "    class Meta:\n        app_label = 'netbox_example'\n    x"),
    SIMPLE.replace("    x", "    class Meta:\n        app_label = 'netbox_example'\n    x").replace("=1", "=2"),
    {"models.py": "from .views import A\n"},
)
schema(
    "an app inside",
    "sub/models.py",
    SIMPLE,
    SIMPLE.replace("=1", "=2"),
    {
        "sub/__init__.py": "",
        "/netbox_example/__init__.py": INIT.replace("config", "    django_apps = ['netbox_example.sub']\nconfig"),
    },
)
schema(
    "an app called forms",
    "forms/models.py",
    SIMPLE,
    SIMPLE.replace("=1", "=2"),
    {
        "forms/__init__.py": "",
        "/netbox_example/__init__.py": INIT.replace("config", "    django_apps = ['netbox_example.forms']\nconfig"),
    },
)
schema(
    "an app beside",
    "/other_app/models.py",
    SIMPLE,
    SIMPLE.replace("=1", "=2"),
    {
        "/other_app/__init__.py": "",
        "/netbox_example/__init__.py": INIT.replace("config", "    django_apps = ['other_app']\nconfig"),
    },
)
schema(
    "what an app beside uses",
    "/other_app/choices.py",
    N30,
    N31,
    {
        "/other_app/__init__.py": "",
        "/other_app/models.py": uses("N", "from .choices import N"),
        "/netbox_example/__init__.py": INIT.replace("config", "    django_apps = ['other_app']\nconfig"),
    },
)
schema("a module beside", "/shared.py", N30, N31, {"models.py": uses("N", "from shared import N")})
schema(
    "a package beside",
    "/lib/shared.py",
    N30,
    N31,
    {"/lib/__init__.py": "", "models.py": uses("N", "from lib.shared import N")},
)
schema(
    "a module in a folder called scripts",
    "scripts/consts.py",
    N30,
    N31,
    {"models.py": uses("N", "from .scripts.consts import N")},
)
schema(
    "a module through a folder called build",
    "consts.py",
    N30,
    N31,
    {
        "build/base.py": model(
            "x = models.CharField(max_length=N)\nclass Meta:\n    abstract = True",
            "class B(models.Model):",
            "from ..consts import N\n",
        ),
        "models.py": "from .build.base import B\nclass A(B):\n    pass\n",
    },
)
case("a module beside that nobody imports", {"/shared.py": (N30, N31), "models.py": SIMPLE}, "ignored")
case(
    "a package beside that nobody imports",
    {"/lib/__init__.py": "", "/lib/a.py": (N30, N31), "models.py": SIMPLE},
    "ignored",
)
case(
    "an app that is installed",
    {
        "/netbox_example/__init__.py": (
            INIT,
            INIT.replace("config", "    django_apps = ['netbox_example.sub']\nconfig"),
        ),
        "sub/__init__.py": "",
        "sub/models.py": SIMPLE,
    },
    "plugin_config+models",
)
case(
    "keys of models from another module",
    {
        "/netbox_example/__init__.py": INIT.replace("class C", "from .keys import KEY\nclass C").replace(
            "config", "    default_auto_field = KEY\nconfig"
        ),
        "keys.py": ("KEY = 'django.db.models.AutoField'\n", "KEY = 'django.db.models.BigAutoField'\n"),
        "models.py": SIMPLE,
    },
    "plugin_config+models",
)
case(
    "an inherited configuration",
    {
        "/netbox_example/__init__.py": INIT.replace("class C", "from .base import Base\nclass C").replace(
            "(PluginConfig)", "(Base, PluginConfig)"
        ),
        "base.py": (
            "from netbox.plugins import PluginConfig\nclass Base(PluginConfig):\n    queues = []\n",
            "from netbox.plugins import PluginConfig\nclass Base(PluginConfig):\n    queues = ['a']\n",
        ),
        "models.py": SIMPLE,
    },
    "plugin_config",
)
case(
    "a setting from another module",
    {
        "/netbox_example/__init__.py": INIT.replace("class C", "from . import conf\nclass C").replace(
            "config", "    default_settings = conf.DEFAULTS\nconfig"
        ),
        "conf.py": ("DEFAULTS = {'a': 1}\n", "DEFAULTS = {'a': 2}\n"),
        "models.py": SIMPLE,
    },
    "plugin_config",
)
case(
    "a version that is read from a file",
    {
        "/netbox_example/__init__.py": INIT.replace("class C", "from pathlib import Path\nclass C").replace(
            "config", "    version = (Path(__file__).parent / 'VERSION').read_text()\nconfig"
        ),
        "VERSION": ("1", "2"),
        "models.py": SIMPLE,
    },
    "plugin_config",
)
case(
    "another app's label",
    {
        "apps.py": (
            "from django.apps import AppConfig\nclass X(AppConfig):\n    name = 'x'\n    label = 'x'\n",
            "from django.apps import AppConfig\nclass X(AppConfig):\n    name = 'x'\n    label = 'y'\n",
        ),
        "models.py": SIMPLE,
    },
    "plugin_config+models",
)
case(
    "a configuration under another name",
    {
        "/netbox_example/__init__.py": (
            INIT.replace("config", "    queues = []\nconfig")
            .replace("PluginConfig\n", "PluginConfig\nfrom netbox.plugins import PluginConfig as PC\n", 1)
            .replace("(PluginConfig)", "(PC, PluginConfig)"),
            INIT.replace("config", "    queues = ['a']\nconfig")
            .replace("PluginConfig\n", "PluginConfig\nfrom netbox.plugins import PluginConfig as PC\n", 1)
            .replace("(PluginConfig)", "(PC, PluginConfig)"),
        ),
        "models.py": SIMPLE,
    },
    "plugin_config",
)

# -- files that come, go and move
schema(
    "a file of models",
    "models/b.py",
    None,
    SIMPLE.replace("class A", "class B"),
    {"models/__init__.py": "from .b import *\n"},
)
schema(
    "a file of models that goes",
    "models/b.py",
    SIMPLE.replace("class A", "class B"),
    None,
    {"models/__init__.py": "try:\n    from .b import *\nexcept ImportError:\n    pass\n"},
)
schema("all models gone", "models.py", SIMPLE, "")
schema("models.py gone", "models.py", SIMPLE, None)
schema("the first model", "models.py", "", SIMPLE)
code("an empty file of models", "models/b.py", None, "", {"models/__init__.py": ""})
code("a file of models with a comment", "models/b.py", None, "# nothing yet\n", {"models/__init__.py": ""})
code("an empty file gone", "models/b.py", "", None, {"models/__init__.py": ""})
code("an empty file gets a comment", "models/b.py", "", "# x\n", {"models/__init__.py": ""}, "ignored")
case(
    "a model that moves to another file",
    {
        "models/__init__.py": ("from .a import A, B\n", "from .a import A\nfrom .b import B\n"),
        "models/a.py": (TWO, SIMPLE),
        "models/b.py": (
            None,
            M + "from .a import A\nclass B(models.Model):\n    y = models.ForeignKey(A, on_delete=models.CASCADE)\n",
        ),
    },
    {"models/__init__.py": "python", "models/a.py": "python", "models/b.py": "python"},
)
case(
    "models.py that becomes a package",
    {"models.py": (SIMPLE, None), "models/__init__.py": (None, "from .a import A\n"), "models/a.py": (None, SIMPLE)},
    {"models/__init__.py": "python", "models/a.py": "python"},
)
case(
    "a constant that moves to another file",
    {"models.py": (uses("N", N30), uses("N", "from .consts import N")), "consts.py": (None, N30)},
    {"models.py": "python", "consts.py": "python"},
)
case(
    "a constant that moves and changes",
    {"models.py": (uses("N", N30), uses("N", "from .consts import N")), "consts.py": (None, N31)},
    {"models.py": "models", "consts.py": "models"},
)
case(
    "a validator that moves",
    {
        "models.py": (
            uses("[v]", "def v(x):\n    pass", "models.IntegerField(validators={})"),
            uses("[v]", "from .validators import v", "models.IntegerField(validators={})"),
        ),
        "validators.py": (None, "def v(x):\n    pass\n"),
    },
    {"models.py": "models", "validators.py": "models"},
)
case(
    "a field's class that moves",
    {
        "models.py": (
            M + "class F(models.IntegerField):\n    pass\nclass A(models.Model):\n    x = F()\n",
            M + "from .fields import F\nclass A(models.Model):\n    x = F()\n",
        ),
        "fields.py": (None, M + "class F(models.IntegerField):\n    pass\n"),
    },
    {"models.py": "models", "fields.py": "models"},
)
case(
    "choices that move",
    {
        "models.py": (
            M
            + "class S(models.TextChoices):\n    A = 'a', 'A'\nclass A(models.Model):\n    x = models.CharField(max_length=5, choices=S.choices, default=S.A)\n",
            M
            + "from .choices import S\nclass A(models.Model):\n    x = models.CharField(max_length=5, choices=S.choices, default=S.A)\n",
        ),
        "choices.py": (None, M + "class S(models.TextChoices):\n    A = 'a', 'A'\n"),
    },
    {"models.py": "python", "choices.py": "python"},
)
case(
    "an abstract base that moves among models",
    {
        "models/__init__.py": "from .a import *\n",
        "models/a.py": (
            model("n = models.IntegerField()\nclass Meta:\n    abstract = True", "class B(models.Model):")
            + "class A(B):\n    pass\n",
            "from .b import B\nclass A(B):\n    pass\n",
        ),
        "models/b.py": (
            None,
            model("n = models.IntegerField()\nclass Meta:\n    abstract = True", "class B(models.Model):"),
        ),
    },
    {"models/a.py": "python", "models/b.py": "python"},
)
case(
    "two values that are swapped",
    {"models.py": uses("a.N + 2 * b.N", "from . import a, b"), "a.py": (N30, N31), "b.py": (N31, N30)},
    {"a.py": "models", "b.py": "models"},
)
case(
    "a file of models under another name",
    {
        "models/__init__.py": ("from .a import A\n", "from .b import A\n"),
        "models/a.py": (SIMPLE, None),
        "models/b.py": (None, SIMPLE),
    },
    {"models/__init__.py": "python", "models/b.py": "python"},
)
case(
    "a file that fields use under another name",
    {
        "models.py": (uses("N", "from .one import N"), uses("N", "from .two import N")),
        "one.py": (N30, None),
        "two.py": (None, N30),
    },
    {"models.py": "python", "two.py": "python"},
)
case(
    "a file that fields use under a name that is no module's",
    {
        "models.py": uses("N", "try:\n    from .one import N\nexcept ImportError:\n    N = 9"),
        "one.py": (N30, None),
        "one-old.py": (None, N30),
    },
    {"one-old.py": "models"},
)
case(
    "a view that becomes a route",
    {"models.py": SIMPLE, "views.py": ("V = 1\n", None), "urls.py": (None, "V = 1\n")},
    {"views.py": "views web", "urls.py": "urls web"},
)
case(
    "two edits in two files",
    {"models.py": (SIMPLE, SIMPLE.replace("=1", "=2")), "views.py": ("V = 1\n", "V = 2\n"), "/README.md": ("a", "b")},
    {"models.py": "models", "views.py": "views web", "/README.md": "docs"},
)
case(
    "an edit beside the one that matters",
    {
        "models.py": (
            uses("N", "from .consts import N"),
            uses("N", "from .consts import N") + "    def f(self):\n        return 1\n",
        ),
        "consts.py": (N30, N31),
    },
    {"models.py": "python", "consts.py": "models"},
)
schema(
    "models imported in a function only",
    "models/__init__.py",
    "from . import b\n",
    "def f():\n    from . import b\n",
    {"models/b.py": SIMPLE},
)
schema(
    "models that ready() does not import any more",
    "/netbox_example/__init__.py",
    INIT.replace("config", "    def ready(self):\n        from .things import A\nconfig"),
    INIT,
    {
        "things.py": SIMPLE.replace("    x", "    class Meta:\n        app_label = 'netbox_example'\n    x"),
        "views.py": "from .things import A\n",
    },
)
schema(
    "models that are imported by a loop",
    "models/__init__.py",
    "import importlib\nfor n in ('b',):\n    importlib.import_module(f'{__name__}.{n}')\n",
    "",
    {"models/b.py": SIMPLE},
)
schema(
    "models that another module does not import any more",
    "extra.py",
    "from .things import A\n",
    "",
    {
        "models.py": "from . import extra\n",
        "things.py": SIMPLE.replace("    x", "    class Meta:\n        app_label = 'netbox_example'\n    x"),
    },
)
schema(
    "a models package without its __init__", "models/__init__.py", "from .b import A\n", None, {"models/b.py": SIMPLE}
)

# -- who loads it
code(
    "a helper that only views use",
    "views/helpers.py",
    N30,
    N31,
    {"models.py": SIMPLE, "views/__init__.py": "from .helpers import N\n"},
    "views web",
)
code(
    "a view that a job uses",
    "views.py",
    "V = 1\n",
    "V = 2\n",
    {"models.py": SIMPLE, "jobs.py": "from .views import V\n"},
    "views",
)
code(
    "a view that a job uses in a function",
    "views.py",
    "V = 1\n",
    "V = 2\n",
    {"models.py": SIMPLE, "jobs.py": "def f():\n    from .views import V\n"},
    "views",
)
code(
    "a view that models use", "views.py", "V = 1\n", "V = 2\n", {"models.py": SIMPLE + "from . import views\n"}, "views"
)
code(
    "a view that the package uses",
    "views.py",
    "V = 1\n",
    "V = 2\n",
    {"models.py": SIMPLE, "helpers.py": "from netbox_example.views import V\n"},
    "views",
)
code(
    "a view that a name leads to",
    "views.py",
    "V = 1\n",
    "V = 2\n",
    {
        "models.py": SIMPLE,
        "jobs.py": "import importlib\ndef f():\n    return importlib.import_module('netbox_example.views')\n",
    },
    "views",
)
code(
    "a view that may be imported by any name",
    "views.py",
    "V = 1\n",
    "V = 2\n",
    {"models.py": SIMPLE, "jobs.py": "import importlib\ndef f(n):\n    return importlib.import_module(n)\n"},
    "views",
)
code(
    "a view that routes import by any name",
    "views.py",
    "V = 1\n",
    "V = 2\n",
    {
        "models.py": SIMPLE,
        "urls.py": "import importlib\nfor n in ('views',):\n    importlib.import_module(f'netbox_example.{n}')\n",
    },
    "views web",
)
code(
    "a view that an API's view uses",
    "views.py",
    "V = 1\n",
    "V = 2\n",
    {"models.py": SIMPLE, "api/views.py": "from ..views import V\n"},
    "views web",
)
code(
    "a view that a script beside uses",
    "views.py",
    "V = 1\n",
    "V = 2\n",
    {"models.py": SIMPLE, "/debug_views.py": "from netbox_example.views import V\n"},
    "views web",
)
code(
    "a form that a serializer uses",
    "forms.py",
    "V = 1\n",
    "V = 2\n",
    {"models.py": SIMPLE, "api/serializers.py": "from ..forms import V\n"},
)
code(
    "a table of a table",
    "tables/a.py",
    "V = 1\n",
    "V = 2\n",
    {"models.py": SIMPLE, "tables/__init__.py": "from .a import V\n"},
    "python web",
)
code("a new view", "views/b.py", None, "V = 1\n", {"models.py": SIMPLE, "views/__init__.py": ""}, "views web")
code("a view that goes", "views/b.py", "V = 1\n", None, {"models.py": SIMPLE, "views/__init__.py": ""}, "views web")
code("a view that a job did use", "jobs.py", "from .views import V\n", "", {"models.py": SIMPLE, "views.py": "V = 1\n"})
code(
    "GraphQL",
    "graphql/types.py",
    "T = 1\n",
    "T = 2\n",
    {"models.py": SIMPLE, "graphql/__init__.py": "from .types import T\n"},
)
code(
    "the type of a GraphQL field",
    "graphql.py",
    "import strawberry\n\n\nclass Q:\n    x: int\n",
    "import strawberry\n\n\nclass Q:\n    x: str\n",
    {"models.py": SIMPLE},
) if False else None
code(
    "the result of a GraphQL resolver",
    "resolvers.py",
    "import strawberry\n\n\ndef get() -> int:\n    return 1\n",
    "import strawberry\n\n\ndef get() -> str:\n    return 1\n",
    {"models.py": SIMPLE},
)
code(
    "the type of a decorated function's argument",
    "helpers.py",
    "from functools import singledispatch\n@singledispatch\ndef f(x: int):\n    pass\n",
    "from functools import singledispatch\n@singledispatch\ndef f(x: str):\n    pass\n",
    {"models.py": SIMPLE},
)
code(
    "the type of a property",
    "helpers.py",
    "class H:\n    @property\n    def f(self) -> int:\n        return 1\n",
    "class H:\n    @property\n    def f(self) -> str:\n        return 1\n",
    {"models.py": SIMPLE},
    "ignored",
)
code(
    "a dataclass's type",
    "helpers.py",
    "class H:\n    n: int = 1\n",
    "class H:\n    n: str = 1\n",
    {"models.py": SIMPLE},
)
code(
    "a docstring that is read",
    "helpers.py",
    "def f():\n    '''a'''\nprint(f.__doc__)\n",
    "def f():\n    '''b'''\nprint(f.__doc__)\n",
    {"models.py": SIMPLE},
)
code("a variable's annotation", "helpers.py", "X: int = 1\n", "X: float = 1\n", {"models.py": SIMPLE}, "ignored")
code(
    "a future import of annotations",
    "helpers.py",
    "X = 1\n",
    "from __future__ import annotations\nX = 1\n",
    {"models.py": SIMPLE},
)
code(
    "an import for type checkers by its whole name",
    "helpers.py",
    "import typing\nif typing.TYPE_CHECKING:\n    import os\n",
    "import typing\nif typing.TYPE_CHECKING:\n    import sys\n",
    {"models.py": SIMPLE},
    "ignored",
)
code(
    "an import for others than type checkers",
    "helpers.py",
    "from typing import TYPE_CHECKING\nif not TYPE_CHECKING:\n    import os\n",
    "from typing import TYPE_CHECKING\nif not TYPE_CHECKING:\n    import sys\n",
    {"models.py": SIMPLE},
)
code(
    "what a script does when it is run",
    "consts.py",
    "N = 1\nif __name__ == '__main__':\n    print(1)\n",
    "N = 1\nif __name__ == '__main__':\n    print(2)\n",
    {"models.py": uses("N", "from .consts import N")},
)
code(
    "a log message at import",
    "models.py",
    SIMPLE + "import logging\nlogging.getLogger('a').info('x')\n",
    SIMPLE + "import logging\nlogging.getLogger('a').info('y')\n",
)
code(
    "a type variable",
    "models.py",
    SIMPLE + "from typing import TypeVar\nT = TypeVar('T')\n",
    SIMPLE + "from typing import TypeVar\nT = TypeVar('T', bound=int)\n",
)
code(
    "an exception beside models",
    "models.py",
    SIMPLE + "class E(Exception):\n    code = str(1)\n",
    SIMPLE + "class E(Exception):\n    code = str(2)\n",
)
code(
    "a dataclass beside models",
    "models.py",
    SIMPLE
    + "from dataclasses import dataclass, field\n@dataclass\nclass D:\n    a: list = field(default_factory=list)\n",
    SIMPLE
    + "from dataclasses import dataclass, field\n@dataclass\nclass D:\n    a: dict = field(default_factory=dict)\n",
)
code(
    "a queryset's method",
    "models.py",
    SIMPLE + "class Q(models.QuerySet):\n    def f(self):\n        return self\n",
    SIMPLE + "class Q(models.QuerySet):\n    def f(self):\n        return None\n",
)
code(
    "a form beside",
    "forms.py",
    "from django import forms\nclass F(forms.Form):\n    a = forms.CharField(max_length=1)\n",
    "from django import forms\nclass F(forms.Form):\n    a = forms.CharField(max_length=2)\n",
    {"models.py": SIMPLE},
    "python web",
)
code(
    "a serializer's field",
    "api/serializers.py",
    "from rest_framework import serializers\nclass S(serializers.ModelSerializer):\n    a = serializers.CharField(max_length=1)\n    class Meta:\n        fields = ('a',)\n",
    "from rest_framework import serializers\nclass S(serializers.ModelSerializer):\n    a = serializers.CharField(max_length=2)\n    class Meta:\n        fields = ('b',)\n",
    {"models.py": SIMPLE},
)
code(
    "a filter",
    "filtersets.py",
    "import django_filters\nclass F(django_filters.FilterSet):\n    a = django_filters.CharFilter()\n",
    "import django_filters\nclass F(django_filters.FilterSet):\n    b = django_filters.CharFilter()\n",
    {"models.py": SIMPLE},
)
code(
    "a form that a function makes",
    "views.py",
    M
    + "from django import forms\nfrom .models import A\ndef f():\n    class F(forms.ModelForm):\n        class Meta:\n            model = A\n            fields = ['x']\n    return F\n",
    M
    + "from django import forms\nfrom .models import A\ndef f():\n    class F(forms.ModelForm):\n        class Meta:\n            model = A\n            fields = []\n    return F\n",
    {"models.py": SIMPLE},
    "views web",
)

# -- files that cannot be read as Python
NEWER = "class A[T: (int, 5 5)]: pass\n"  # no Python takes it
case("a file that cannot be parsed any more", {"models.py": SIMPLE, "helpers.py": ("H = 1\n", "def (\n")}, "models")
case("a file that could not be parsed", {"models.py": SIMPLE, "helpers.py": ("def (\n", "H = 1\n")}, "models")
case("a view that cannot be parsed", {"models.py": SIMPLE, "views.py": ("V = 1\n", "def (\n")}, "views web")
case("models that cannot be parsed", {"models.py": (SIMPLE, SIMPLE + "def (\n")}, "models")
case(
    "a configuration that cannot be parsed",
    {"models.py": SIMPLE, "/netbox_example/__init__.py": (INIT, INIT + "def (\n")},
    "plugin_config+models",
)
case("a test that cannot be parsed", {"models.py": SIMPLE, "tests/test_a.py": ("T = 1\n", "def (\n")}, "tests")
case(
    "what a file uses that cannot be parsed",
    {
        "models.py": "from .base import *\nclass A(B):\n    pass\n",
        "base.py": "from .consts import N\nclass B(\n",
        "consts.py": (N30, N31),
    },
    "models",
)
case(
    "what models use that cannot be parsed",
    {"models.py": "from .consts import N\ndef (\n", "consts.py": (N30, N31)},
    "models",
)
case(
    "an edit beside a file that cannot be parsed",
    {"models.py": SIMPLE + "    def f(self):\n        return 1\n", "broken.py": "def (\n", "helpers.py": (N30, N31)},
    "python",
)
case("a null byte", {"models.py": SIMPLE, "helpers.py": ("H = 1\n", "H = 1\0\n")}, "models")
case("no text at all", {"models.py": SIMPLE, "helpers.py": ("H = 1\n", b"\xff\xfe\x00")}, "models")
case("a mark of byte order", {"models.py": (SIMPLE, b"\xef\xbb\xbf" + SIMPLE.encode())}, "ignored")
case("other ends of lines", {"models.py": (SIMPLE, SIMPLE.replace("\n", "\r\n").encode())}, "ignored")
case(
    "another encoding of the same",
    {
        "consts.py": ("L = 'ü'\n".encode(), "# coding: latin-1\nL = 'ü'\n".encode("latin-1")),
        "models.py": uses("L", "from .consts import L", "models.CharField(max_length=3, default={})"),
    },
    "ignored",
)
case(
    "another text by its encoding",
    {
        "consts.py": (b"# coding: utf-8\nL = '\xc3\xbc'\n", b"# coding: latin-1\nL = '\xc3\xbc'\n"),
        "models.py": uses("L", "from .consts import L", "models.CharField(max_length=3, default={})"),
    },
    "models",
)
case(
    "an encoding that nobody knows",
    {"models.py": SIMPLE, "helpers.py": ("H = 1\n", b"# coding: nonsense\nH = 1\n")},
    "models",
)
case("a lone surrogate", {"models.py": SIMPLE, "helpers.py": ("H = 1\n", "H = '\\ud800'\n")}, "python")
case(
    "a very deep expression",
    {"models.py": SIMPLE, "helpers.py": ("H = 1\n", "H = " + "(" * 3000 + ")" * 3000 + "\n")},
    "models",
)
case(
    "a very long chain",
    {"models.py": SIMPLE, "helpers.py": ("H = 1\n", "H = " + "+".join(["1"] * 20000) + "\n")},
    "models",
)
case(
    "a very large file",
    {"models.py": SIMPLE, "helpers.py": ("H = 1\n", "".join(f"H{n} = {n}\n" for n in range(5000)))},
    "python",
)
case("a name of Python's", {"models.py": SIMPLE, "class.py": (N30, N31)}, "python")
case("a name with a hyphen", {"models.py": SIMPLE, "a-b.py": (N30, N31)}, "python")

# -- data
READS = (
    M
    + "import json, pathlib\nD = json.loads((pathlib.Path(__file__).parent / 'data/a.json').read_text())\nclass A(models.Model):\n    x = models.CharField(max_length=D['n'])\n"
)
case("data that models read", {"models.py": READS, "data/a.json": ('{"n": 3}', '{"n": 4}')}, "models")
case(
    "data that a constant reads",
    {
        "models.py": uses("N", "from .consts import N"),
        "consts.py": "import pathlib\nwith open(pathlib.Path(__file__).parent / 'n.txt') as f:\n    N = int(f.read())\n",
        "n.txt": ("3", "4"),
    },
    "models",
)
case(
    "data that models read through a function",
    {
        "models.py": uses("load()", "from .helpers import load"),
        "helpers.py": "import importlib.resources\ndef load():\n    return int(importlib.resources.files('netbox_example').joinpath('n.txt').read_text())\n",
        "n.txt": ("3", "4"),
    },
    "models",
)
case(
    "data that a view reads",
    {
        "models.py": SIMPLE,
        "views.py": "import json\nD = json.load(open('a.json')) if False else 1\n",
        "data/a.json": ("1", "2"),
    },
    "python",
)
case(
    "data that a method reads",
    {"models.py": SIMPLE + "    def f(self):\n        return open('a').read()\n", "data/a.json": ("1", "2")},
    "python",
)
case("new data", {"models.py": SIMPLE, "data/b.json": (None, "1")}, "python")
case("data gone", {"models.py": SIMPLE, "data/b.json": ("1", None)}, "python")

# -- packaging
PROJECT = '[project]\nname = "x"\nversion = "1"\ndependencies = ["a"]\n'
for title, before, after, expected in [
    ("a tool's section", PROJECT, PROJECT + "[tool.ruff]\nline-length = 100\n", "ignored"),
    ("a tool's option", PROJECT + "[tool.black]\nx = 1\n", PROJECT + "[tool.black]\nx = 2\n", "ignored"),
    (
        "several tools' sections",
        PROJECT,
        PROJECT + "[tool.mypy]\n[tool.pytest.ini_options]\nx = 1\n[tool.coverage.run]\nb = 1\n",
        "ignored",
    ),
    ("a comment", PROJECT, "# a comment\n" + PROJECT, "ignored"),
    ("an order", PROJECT, PROJECT.replace('name = "x"\nversion = "1"', 'version = "1"\nname = "x"'), "ignored"),
    ("a dependency", PROJECT, PROJECT.replace('["a"]', '["a", "b"]'), "dependencies"),
    ("a version", PROJECT, PROJECT.replace('"1"', '"2"'), "dependencies"),
    ("a build's tool", PROJECT, PROJECT + "[tool.setuptools]\npackages = ['x']\n", "dependencies"),
    ("a build's backend", PROJECT, PROJECT + "[build-system]\nrequires = ['hatchling']\n", "dependencies"),
    ("poetry", PROJECT, PROJECT + "[tool.poetry.dependencies]\na = '1'\n", "dependencies"),
    ("a tool that nobody knows", PROJECT, PROJECT + "[tool.nobody]\na = '1'\n", "dependencies"),
    ("a mistake", PROJECT, PROJECT + "[[[\n", "dependencies"),
    ("a file", None, PROJECT, "dependencies"),
    ("a file gone", PROJECT, None, "dependencies"),
]:
    case(f"pyproject.toml: {title}", {"models.py": SIMPLE, "/pyproject.toml": (before, after)}, expected)
for title, path, before, after, expected in [
    ("a requirement", "requirements.txt", "a==1\n", "a==2\n", "dependencies"),
    ("a comment", "requirements.txt", "a==1\n", "# x\na==1  # y\n", "ignored"),
    ("blank lines", "requirements.txt", "a==1\nb\n", "\na==1\n\nb\n\n", "ignored"),
    (
        "a fragment of an address",
        "requirements.txt",
        "git+https://x/y#egg=a\n",
        "git+https://x/y#egg=b\n",
        "dependencies",
    ),
    ("a line that goes on", "requirements.txt", "a==1 --hash=x\n", "a==1 \\\n  --hash=x\n", "ignored"),
    ("a line after a comment with a backslash", "requirements.txt", "# c \\\na==1\n", "# c \\\na==2\n", "dependencies"),
    ("ends of lines", "requirements.txt", "a==1\n", "a==1\r\n", "ignored"),
    ("requirements of the plugin", "requirements/base.txt", "a\n", "b\n", "dependencies"),
    ("constraints", "constraints.txt", "a==1\n", "a==2\n", "dependencies"),
    ("requirements.in", "requirements.in", "a\n", "a\nb\n", "dependencies"),
    ("MANIFEST.in", "MANIFEST.in", "include a\n", "include a\n# x\n", "ignored"),
    ("MANIFEST.in with a file more", "MANIFEST.in", "include a\n", "include a b\n", "dependencies"),
    (
        "setup.cfg's tools",
        "setup.cfg",
        "[metadata]\nname = x\n",
        "[metadata]\nname = x\n[flake8]\nmax = 1\n",
        "ignored",
    ),
    (
        "setup.cfg's tools by another name",
        "setup.cfg",
        "[metadata]\nname = x\n",
        "[metadata]\nname = x\n[tool:pytest]\nx = 1\n[mypy-a.*]\nb = 1\n",
        "ignored",
    ),
    ("setup.cfg's comment", "setup.cfg", "[metadata]\nname = x\n", "# c\n[metadata]\nname = x\n", "ignored"),
    (
        "setup.cfg's requirement",
        "setup.cfg",
        "[options]\ninstall_requires =\n  a\n",
        "[options]\ninstall_requires =\n  a\n  b\n",
        "dependencies",
    ),
    ("setup.cfg's mistake", "setup.cfg", "[metadata]\nname = x\n", "name\n", "dependencies"),
    (
        "setup.py's comment",
        "setup.py",
        "from setuptools import setup\nsetup(name='x')\n",
        "from setuptools import setup\n# c\nsetup(name='x')\n",
        "ignored",
    ),
    (
        "setup.py's requirement",
        "setup.py",
        "setup(install_requires=['a'])\n",
        "setup(install_requires=['b'])\n",
        "dependencies",
    ),
    ("setup.py's mistake", "setup.py", "setup()\n", "setup(\n", "dependencies"),
    ("a lock file", "poetry.lock", "a\n", "b\n", "dependencies"),
    ("uv's lock file", "uv.lock", "a\n", "b\n", "dependencies"),
    ("a Dockerfile", "Dockerfile", "FROM a\n", "FROM b\n", "dependencies"),
    ("a front end's lock file", "package-lock.json", "1", "2", "ignored"),
    ("a readme", "README.md", "a", "b", "docs"),
    ("a licence", "LICENSE", "a", "b", "docs"),
    ("a workflow", ".github/workflows/ci.yml", "a: 1", "a: 2", "ignored"),
    ("a test", "tests/test_a.py", "T = 1\n", "T = 2\n", "tests"),
    ("a configuration", "configuration/configuration.py", "A = 1\n", "A = 2\n", "settings"),
]:
    case(f"beside: {title}", {"models.py": SIMPLE, f"/{path}": (before, after)}, expected)
case(
    "requirements that others take in",
    {"models.py": SIMPLE, "/requirements.txt": "-r deps/more.txt\n", "/deps/more.txt": ("a\n", "b\n")},
    "dependencies",
)
case(
    "constraints that others take in",
    {"models.py": SIMPLE, "/requirements.txt": "-c deps/pins.txt\n", "/deps/pins.txt": ("a\n", "b\n")},
    "dependencies",
)
case(
    "requirements that those take in",
    {
        "models.py": SIMPLE,
        "/requirements.txt": "-rdeps/more.txt\n",
        "/deps/more.txt": "--requirement=inner.txt\n",
        "/deps/inner.txt": ("a\n", "b\n"),
    },
    "dependencies",
)
case(
    "requirements in their folder that take others in",
    {"models.py": SIMPLE, "/requirements/base.txt": "-r ../deps/more.txt\n", "/deps/more.txt": ("a\n", "b\n")},
    "dependencies",
)
case(
    "requirements that pyproject.toml reads",
    {
        "models.py": SIMPLE,
        "/pyproject.toml": PROJECT + "[tool.setuptools.dynamic]\ndependencies = {file = ['deps/main.txt']}\n",
        "/deps/main.txt": ("a\n", "b\n"),
    },
    "dependencies",
)
case(
    "a comment in requirements that others take in",
    {"models.py": SIMPLE, "/requirements.txt": "-r deps/more.txt\n", "/deps/more.txt": ("a\n", "a # c\n")},
    "ignored",
)
case(
    "a text that nobody takes in",
    {"models.py": SIMPLE, "/requirements.txt": "a\n", "/deps/more.txt": ("a\n", "b\n")},
    "docs",
)
for path, expected in [
    ("locale/de/LC_MESSAGES/django.po", "ignored"),
    ("locale/de/LC_MESSAGES/django.mo", "python"),
    ("templates/netbox_example/a.html", "templates"),
    ("static/netbox_example/a.js", "static"),
    ("static/netbox_example/dist/a.min.js", "static"),
    ("migrations/0001_initial.py", "migrations"),
    ("tests/test_models.py", "tests"),
    ("README.md", "docs"),
    ("py.typed", "ignored"),
    ("models.pyi", "ignored"),
    ("template_content.py", "python"),
]:
    case(f"in the package: {path}", {"models.py": SIMPLE, path: ("a = 1\n", "a = 2\n")}, expected)

# The engine cannot know that these make no difference, or counts them by intent.
CAUTIOUS = frozenset(
    [
        "a base of choices",
        "a constant that is used by __import__",
    ]
)
