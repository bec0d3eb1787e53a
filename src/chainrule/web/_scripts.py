"""The page's scripts as few large ones: a browser takes far longer for forty small files than for what is in them.

The files are ES modules in one plain form: imports of names, and ``export`` in front of a declaration. Each becomes a
block that reads what it imports from the blocks before it and leaves what it exports; nothing else in it changes.
"""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Mapping, Sequence

MAIN = "app.js"
FIRST = "graph/view.js"  # what the page opens with comes with the main script
VENDOR = "vendor/"  # what others made is large already, and stays as it is

_FROM = re.compile(r'^(?:import|export) (\{ [^}]* \}|\w+) from "([^"]+)";\n', re.M)
_PASSED_ON = re.compile(r"^export (\{ [^}]* \}) from ", re.M)
_DECLARED = re.compile(r"^export (?=(?:async )?(?:function\*?|class|const) (\w+))", re.M)
_LATER = re.compile(r'\bimport\("([^"]+)"\)')


def bundles(texts: Mapping[str, str]) -> dict[str, str]:
    """The main script, and one for each view that is opened later: each together with what it imports.

    What two of them need is in the main script alone, where the others take it from: every module is there once. So the
    main script may load a later view, but not wait for it before it has run itself.

    texts   all scripts, by their paths in one folder
    """
    imports = {
        name: [_path(written, name) for _, written in _FROM.findall(text)]
        for name, text in texts.items()
        if not name.startswith(VENDOR)
    }
    first = [*_closure(MAIN, imports), *_closure(FIRST, imports)]
    later = {_path(written, name) for name in first for written in _LATER.findall(texts[name])} - {FIRST}
    uses = Counter(name for view in later for name in _closure(view, imports))
    shared = [part for name in sorted(uses) if uses[name] > 1 for part in _closure(name, imports)]
    # The first view before the main script, which opens it.
    main = list(dict.fromkeys([*_closure(FIRST, imports), *shared, *first]))
    found = {MAIN: _bundle(MAIN, main, texts, imports)}
    for view in sorted(later):
        own = [name for name in _closure(view, imports) if name not in main]
        found[view] = _bundle(view, own, texts, imports)
    return found


def _closure(name: str, imports: Mapping[str, Sequence[str]]) -> list[str]:
    """A module behind all that it imports."""
    found: dict[str, None] = {}

    def visit(part: str) -> None:
        if part not in found and not part.startswith(VENDOR):
            for other in imports[part]:
                visit(other)
            found[part] = None

    visit(name)
    return list(found)


def _bundle(
    name: str, inside: Sequence[str], texts: Mapping[str, str], imports: Mapping[str, Sequence[str]]
) -> str:
    needed = sorted({other for part in inside for other in imports[part]}.difference(inside))
    lines = [
        f'import * as {_id(other)} from "{_address(other, name)}";'
        for other in needed
        if other.startswith(VENDOR)
    ]
    if taken := [_id(other) for other in needed if not other.startswith(VENDOR)]:
        lines.append(f'import {{ {", ".join(taken)} }} from "{_address(MAIN, name)}";')
    lines += [_block(part, name, inside, texts[part]) for part in inside]
    if name == MAIN:
        lines.append(f"export {{ {', '.join(map(_id, inside))} }};")
    else:
        lines.append(f"export const {{ {', '.join(_exports(texts[name]))} }} = {_id(name)};")
    return "\n".join([*lines, ""])


def _block(part: str, name: str, inside: Sequence[str], text: str) -> str:
    """A module of a bundle: a block, whose names are its own, and one variable with what it exports."""

    def read(found: re.Match[str]) -> str:
        # `import { a as b }` is `{ a: b }` here, and a name without braces is that of the default.
        what = found[1].replace(" as ", ": ") if found[1].startswith("{") else f"{{ default: {found[1]} }}"
        return f"const {what} = {_id(_path(found[2], part))};\n"

    def load(found: re.Match[str]) -> str:
        other = _path(found[1], part)
        return f"Promise.resolve({_id(other)})" if other in inside else f'import("{_address(other, name)}")'

    body = _DECLARED.sub("", _LATER.sub(load, _FROM.sub(read, text)))
    return f"// {part}\nlet {_id(part)};\n{{\n{body}{_id(part)} = {{ {', '.join(_exports(text))} }};\n}}"


def _exports(text: str) -> list[str]:
    passed_on = (name for names in _PASSED_ON.findall(text) for name in names.strip("{ }").split(", "))
    return [*_DECLARED.findall(text), *passed_on]


def _path(written: str, name: str) -> str:
    """The path of what a module calls ``"../lib/words.js"``."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), written))


def _address(other: str, name: str) -> str:
    """What a module calls another one."""
    path = posixpath.relpath(other, posixpath.dirname(name) or ".")
    return path if path.startswith(".") else f"./{path}"


def _id(name: str) -> str:
    return "_" + re.sub(r"\W", "_", name.removesuffix(".js"))
