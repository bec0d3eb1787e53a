"""The shape of the whole: which room may know which, what may be imported, what is public, what is never called."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import chainrule
from chainrule import errors

ROOT = Path(__file__).parents[1]
PACKAGE = Path(chainrule.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))

# A room imports from rooms before it, never from those behind it (docs/architecture.md).
ROOMS = (
    "__version__", "_above", "_json", "_lazy", "errors", "_rows", "storage", "words", "comm", "gates", "graph",
    "layers", "networks", "optimizers", "engines", "training", "verify", "explain", "datasets", "runs", "interop",
    "onnx", "sklearn", "web", "cli", "__main__",
)  # fmt: skip
GROUND_FLOOR = {"__version__", "_above", "_json", "_lazy", "_rows", "errors", "storage", "words", "comm"}
# What a room knows nothing of, although it stands before it.
UNKNOWN = {
    "engines": {"layers", "networks"},
    "datasets": set(ROOMS) - GROUND_FLOOR - {"datasets"},
}
LOADED_ONLY_WHEN_USED = {
    "rich",
    "threadpoolctl",
    "sympy",
    "scipy",
    "numba",
    "PIL",
    "matplotlib",
    "torch",
    "jax",
    "mpi4py",
    "sklearn",
    "onnx",
    "pandas",
    "polars",
    "pyarrow",
}


def name_of(file: Path) -> str:
    """``chainrule.gates._gate`` for its file, and ``chainrule.gates`` for that room's __init__.py."""
    return ".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


def room_of(module: str) -> str:
    """The room that ``chainrule.gates._gate`` stands in; empty for chainrule itself."""
    return module.partition(".")[2].partition(".")[0]


def imports_of(file: Path) -> Iterator[tuple[int, str]]:
    """Line and full name of everything that a module imports, inside functions too, but not for types alone."""
    package = name_of(file) if file.name == "__init__.py" else name_of(file).rpartition(".")[0]
    todo: list[ast.AST] = [parsed(file)]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            todo.extend(node.orelse)
            continue
        todo.extend(ast.iter_child_nodes(node))
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *filter(None, [node.module])])
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


@cache
def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_bytes())


def rooms() -> list[ModuleType]:
    """chainrule itself and the rooms that exist, imported."""
    exist = {room_of(name_of(file)) for file in MODULES} - {
        "_above",
        "_json",
        "_lazy",
        "_rows",
        "cli",
        "__main__",
    }
    return [importlib.import_module(f"chainrule.{room}".rstrip(".")) for room in sorted(exist)]


def test_imports_are_found_in_every_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "PACKAGE", tmp_path / "chainrule")
    module = tmp_path / "chainrule" / "graph" / "_walk.py"
    module.parent.mkdir(parents=True)
    module.write_text(
        "import chainrule.cli\n"
        "from .. import gates\n"
        "from ..errors import GraphError\n"
        "from . import functions\n"
        "def f():\n    from chainrule.training import Trainer\n"
        "if TYPE_CHECKING:\n    from ..web import Server\nelse:\n    import json\n"
    )
    assert sorted(imports_of(module)) == [
        (1, "chainrule.cli"),
        (2, "chainrule.gates"),
        (3, "chainrule.errors.GraphError"),
        (4, "chainrule.graph.functions"),
        (6, "chainrule.training.Trainer"),
        (10, "json"),
    ]


def test_a_room_imports_only_from_rooms_before_it() -> None:
    wrong = []
    for file in MODULES:
        module = name_of(file)
        if not (room := room_of(module)):
            continue
        assert room in ROOMS, f"{room} is no room of docs/architecture.md"
        allowed = set(ROOMS[: ROOMS.index(room) + 1]) - UNKNOWN.get(room, set())
        wrong += [
            f"{module}, line {line}, imports {name}"
            for line, name in imports_of(file)
            if name.partition(".")[0] == "chainrule" and room_of(name) not in allowed
        ]
    assert not wrong, "\n".join(wrong)


def test_a_module_inside_a_room_is_private_unless_the_room_names_it() -> None:
    inside = [(file, *name_of(file).rpartition(".")[::2]) for file in MODULES if file.parent != PACKAGE]
    assert not [
        f"{room}.{module}"
        for file, room, module in inside
        if not (file.name.startswith("_") or module in importlib.import_module(room).__all__)
    ]


@pytest.mark.parametrize(
    ("used", "without"),
    [
        ("", LOADED_ONLY_WHEN_USED | {"numpy"}),
        ("chainrule.variables(x=1.0)", LOADED_ONLY_WHEN_USED),
        ("from chainrule.cli import main; main(['--help'])", LOADED_ONLY_WHEN_USED | {"numpy"}),
    ],
)
def test_importing_chainrule_loads_what_is_used_alone(used: str, without: set[str]) -> None:
    code = f"import chainrule, json, sys; {used}\nprint(json.dumps([m for m in sys.modules if '.' not in m]))"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    assert not without & set(json.loads(done.stdout.splitlines()[-1]))


# What runs text; `forbidden_in` looks at no call that ends in another word, since to write one out takes long.
RUNS_TEXT = {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "builtins.eval"}
LOADS = {"np.load", "numpy.load"}
LAST_WORDS = {called.rpartition(".")[2] for called in RUNS_TEXT | LOADS}
UNPICKLERS = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"}


def forbidden_in(file: Path) -> Iterator[str]:
    """What a module does that none may do."""
    module = name_of(file)
    # There it is the text that we emit, for Numba.
    allowed = {"exec"} if module == "chainrule.engines.fused._native" else set()
    for node in ast.walk(parsed(file)):
        if not isinstance(node, ast.Call):
            continue
        options = {k.arg: ast.unparse(k.value) for k in node.keywords if k.arg in ("shell", "allow_pickle")}
        last_word = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        called = ast.unparse(node.func) if options or last_word in LAST_WORDS else ""
        if called in RUNS_TEXT - allowed:
            yield f"{module}, line {node.lineno}, calls {called}"
        if options.get("shell", "False") != "False":
            yield f"{module}, line {node.lineno}, hands {called} to a shell"
        if called in LOADS and options.get("allow_pickle") != "False":
            yield f"{module}, line {node.lineno}: {called} without allow_pickle=False"
    for line, name in imports_of(file):
        if name.split(".")[0] in UNPICKLERS:
            yield f"{module}, line {line}, imports {name}"


def test_nothing_is_unpickled_evaluated_or_handed_to_a_shell() -> None:
    forbidden = [what for file in MODULES for what in forbidden_in(file)]
    assert not forbidden, "\n".join(forbidden)


def test_what_is_forbidden_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "PACKAGE", tmp_path / "chainrule")
    module = tmp_path / "chainrule" / "bad.py"
    module.parent.mkdir()
    module.write_text(
        "eval('1')\n"
        "np.load(file)\n"
        "np.load(file, allow_pickle=False)\n"
        "subprocess.run('ls', shell=True)\n"
        "import pickle\n"
        "os.system('ls')\n"
        "re.compile('a')\n"
        "(lambda: exec)()('x = 1')\n"
    )
    assert list(forbidden_in(module)) == [
        "chainrule.bad, line 1, calls eval",
        "chainrule.bad, line 2: np.load without allow_pickle=False",
        "chainrule.bad, line 4, hands subprocess.run to a shell",
        "chainrule.bad, line 6, calls os.system",
        "chainrule.bad, line 5, imports pickle",
    ]


@pytest.mark.parametrize("room", rooms(), ids=lambda room: room.__name__)
def test_all_names_what_is_public_and_nothing_else(room: ModuleType) -> None:
    named = list(room.__all__)
    assert sorted(named) == sorted(set(named)), "a name stands twice in __all__"
    if room.__name__ in ("chainrule.sklearn", "chainrule.onnx"):
        pytest.importorskip(room.__name__.removeprefix("chainrule."))  # whose classes are built on
    missing = [name for name in named if not hasattr(room, name)]
    assert not missing, f"in __all__ but not importable: {missing}"
    held = {
        name
        for name, value in vars(room).items()
        if not name.startswith("_") and name != "TYPE_CHECKING" and not _is_incidental(room, value)
    }
    assert held <= set(named), f"importable but not in __all__: {sorted(held - set(named))}"


def _is_incidental(room: ModuleType, value: Any) -> bool:
    """Modules and, in a room that is one file, what it imported for its own use."""
    is_one_file = not hasattr(room, "__path__")
    return (
        isinstance(value, ModuleType)
        or type(value).__name__ == "_Feature"  # from __future__ import annotations
        or (is_one_file and getattr(value, "__module__", room.__name__) != room.__name__)
    )


@pytest.mark.parametrize("name", getattr(chainrule, "__all__", []))
def test_every_public_name_shows_an_example(name: str) -> None:
    value = getattr(chainrule, name)
    has_its_own_page = isinstance(value, type) and issubclass(value, errors.ChainruleError)  # docs/errors.md
    if isinstance(value, ModuleType) or has_its_own_page:
        assert value.__doc__
    elif callable(value):
        assert ">>>" in (inspect.getdoc(value) or ""), f"the docstring of {name} has no example"


def test_every_error_has_its_section() -> None:
    text = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    sections = [line.removeprefix("## ") for line in text.splitlines() if line.startswith("## ")]
    kinds = [
        n for n, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)
    ]
    assert sections == kinds


def test_version_is_one_and_the_same_everywhere() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert chainrule.__version__ == version
    assert changelog.partition("\n## ")[2].split()[0] == version, "the newest section of CHANGELOG.md"


def test_no_test_is_hidden_by_another_of_the_same_name() -> None:
    hidden = []
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        for scope in ast.walk(ast.parse(file.read_bytes())):
            if isinstance(scope, ast.Module | ast.ClassDef):
                names = Counter(n.name for n in scope.body if isinstance(n, ast.FunctionDef | ast.ClassDef))
                hidden += [f"{name} in {file}" for name, times in names.items() if times > 1]
    assert not hidden, "\n".join(hidden)
