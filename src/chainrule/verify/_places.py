"""Which line of somebody's code makes a gradient: read from the code's own syntax, without running it."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Place:
    """A line in a file.

    text   the line itself, without the spaces around it
    """

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def place_of(function: Callable[..., Any], name: str, position: int | None) -> Place | None:
    """The line of a function that gives a gradient its value.

    function  a ``backward`` or ``gradient``
    name      of what the gradient is for: the last line that sets ``dW``, ``self.dW`` or ``grads["W"]`` is meant
    position  of an input among those whose gradients are returned: then the line that sets what is returned there;
              None for a parameter
    returns   the line; where none is found, that of the function itself; None if there is no source

    >>> def backward(dout):
    ...     dx = 2 * dout
    ...     return dx
    >>> place_of(backward, "x", 0).text
    'dx = 2 * dout'
    """
    return _place(function, lambda tree: _line(tree, name, position))


def written_at(function: Callable[..., Any], name: str) -> Place | None:
    """The line of a function that writes into an array: ``self.W -= …``, ``x[mask] = 0``; `place_of` tells the rest.

    >>> def forward(x):
    ...     x *= 2
    ...     return x
    >>> written_at(forward, "x").text
    'x *= 2'
    """

    def line(tree: ast.AST) -> int | None:
        return next((node.lineno for node, target in _assignments(tree) if _writes(node, target, name)), None)

    return _place(function, line)


def _place(function: Callable[..., Any], line: Callable[[ast.AST], int | None]) -> Place | None:
    function = inspect.unwrap(function)
    try:
        lines, first = inspect.getsourcelines(function)
        file = inspect.getsourcefile(function)
        tree = ast.parse(textwrap.dedent("".join(lines))).body[0]
    except (OSError, TypeError, SyntaxError, IndexError):
        return None
    if file is None:
        return None
    found = line(tree) or 1
    return Place(file, first + found - 1, lines[found - 1].strip())


def _line(tree: ast.AST, name: str, position: int | None) -> int | None:
    lines = [node.lineno for node, target in _assignments(tree) if _is_gradient_of(target, name)]
    if lines:
        return lines[-1]
    returned = [
        node.value for node in ast.walk(tree) if isinstance(node, ast.Return) and node.value is not None
    ]
    if position is None or not returned:
        return None
    value = returned[-1]
    if isinstance(value, ast.Tuple | ast.List) and position < len(value.elts):
        value = value.elts[position]
    if isinstance(value, ast.Name):
        named = value.id
        set_at = [node.lineno for node, target in _assignments(tree) if _root(target) == named]
        if set_at:
            return set_at[-1]
    return value.lineno


def _assignments(tree: ast.AST) -> Iterator[tuple[ast.stmt, ast.expr]]:
    """Every assignment with each of its targets, in the order of the text."""
    found: list[tuple[ast.stmt, ast.expr]] = []
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=targets):
                found += [(node, part) for target in targets for part in _parts(target)]
            case ast.AugAssign(target=target) | ast.AnnAssign(target=target):
                found.append((node, target))
    yield from sorted(found, key=lambda pair: pair[0].lineno)


def _parts(target: ast.expr) -> list[ast.expr]:
    return list(target.elts) if isinstance(target, ast.Tuple | ast.List) else [target]


def _is_gradient_of(target: ast.expr, name: str) -> bool:
    """Whether a target is ``dW``, ``self.dW``, ``self.dW[...]`` or ``grads["W"]``."""
    match target:
        case ast.Name(id=found) | ast.Attribute(attr=found):
            return found == f"d{name}"
        case ast.Subscript(slice=ast.Constant(value=key)) if key == name:
            return True
        case ast.Subscript(value=inner):
            return _is_gradient_of(inner, name)
    return False


def _root(target: ast.expr) -> str | None:
    """The name that an assignment changes: x of ``x`` and of ``x[mask]``."""
    while isinstance(target, ast.Subscript):
        target = target.value
    return target.id if isinstance(target, ast.Name) else None


def _writes(node: ast.stmt, target: ast.expr, name: str) -> bool:
    """Whether an assignment changes the array of a name, and does not only give the name to another one."""
    is_in_place = isinstance(node, ast.AugAssign)
    while isinstance(target, ast.Subscript):
        is_key = isinstance(target.slice, ast.Constant) and target.slice.value == name
        if is_key and is_in_place:
            return True
        target, is_in_place = target.value, True
    owner = target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", None)
    return is_in_place and owner == name
