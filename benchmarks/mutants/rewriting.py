"""Source rewritten by patterns: `_a.sum(axis=0)` → `_a.mean(axis=0)`, where `_a` stands for any expression."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

Bound = dict[str, Any]
_WILDCARD = re.compile(r"_[a-z]")


class Site(NamedTuple):
    """A place where a pattern fits.

    path    the way there from the root of the tree: fields and, in lists, positions
    target  what the statement around it assigns to: ``self.db``, ``grads['W1']``, ``return``
    bound   what the wildcards stand for
    """

    path: tuple[Any, ...]
    target: str
    bound: Bound


def parsed(pattern: str) -> list[ast.stmt] | ast.expr:
    """A pattern as an expression where it is one, otherwise as statements."""
    body = ast.parse(pattern).body
    return body[0].value if len(body) == 1 and isinstance(body[0], ast.Expr) else body


def sites(root: ast.AST, pattern: str, within: Callable[[str], bool]) -> Iterator[Site]:
    """Every place inside the functions chosen by name where a pattern of one statement or expression fits."""
    wanted = parsed(pattern)
    node = wanted[0] if isinstance(wanted, list) else wanted
    for path, found, function, target in _walk(root):
        bound: Bound = {}
        if function and within(function) and _fits(node, found, bound):
            yield Site(path, target, bound)


def results(root: ast.AST, within: Callable[[str], bool]) -> Iterator[Site]:
    """The whole expressions that are gradients: those returned, and those left in attributes or a dictionary."""
    for path, found, function, target in _walk(root):
        if not (function and within(function)):
            continue
        if isinstance(found, ast.Assign) and re.match(r"self\.d|grads\[", target):
            yield Site((*path, "value"), target, {})
        elif isinstance(found, ast.Return) and found.value is not None:
            yield from _returned(path, found.value, function)


def _returned(path: tuple[Any, ...], value: ast.expr, function: str) -> Iterator[Site]:
    if isinstance(value, ast.Tuple):
        # What is not only a gradient returns its value first.
        first = 0 if function == "backward" or function.startswith("d_") else 1
        for number in range(first, len(value.elts)):
            yield Site((*path, "value", "elts", number), "return", {})
    elif not (isinstance(value, ast.Name) and value.id == "grads"):
        yield Site((*path, "value"), "return", {})


def _walk(root: ast.AST) -> Iterator[tuple[tuple[Any, ...], ast.AST, str, str]]:
    """Every node: its path, the function that it is in, and the target of its statement."""
    waiting: list[tuple[tuple[Any, ...], ast.AST, str, str]] = [((), root, "", "")]
    while waiting:
        path, node, function, target = waiting.pop()
        if isinstance(node, ast.FunctionDef):
            function = node.name
        if isinstance(node, ast.Assign):
            target = ast.unparse(node.targets[0])
        elif isinstance(node, ast.Return):
            target = "return"
        yield path, node, function, target
        below = [
            ((*path, field, *position), child, function, target)
            for field, value in ast.iter_fields(node)
            for position, child in _children(value)
        ]
        waiting.extend(reversed(below))


def _children(value: Any) -> list[tuple[tuple[int, ...], ast.AST]]:
    if isinstance(value, ast.AST):
        return [((), value)]
    members = value if isinstance(value, list) else []
    return [((number,), member) for number, member in enumerate(members) if isinstance(member, ast.AST)]


def _fits(pattern: Any, found: Any, bound: Bound) -> bool:
    if isinstance(pattern, ast.Name) and _WILDCARD.fullmatch(pattern.id):
        return isinstance(found, ast.expr) and _binds(pattern.id, found, bound)
    if isinstance(pattern, ast.AST):
        same_type = type(pattern) is type(found)
        fields = [f for f in pattern._fields if f not in ("ctx", "type_comment", "kind")]
        return same_type and all(_fits(getattr(pattern, f), getattr(found, f), bound) for f in fields)
    if isinstance(pattern, list):
        same_length = isinstance(found, list) and len(pattern) == len(found)
        return same_length and all(_fits(a, b, bound) for a, b in zip(pattern, found, strict=True))
    if isinstance(pattern, str) and _WILDCARD.fullmatch(pattern):
        return isinstance(found, str) and _binds(pattern, found, bound)
    return bool(pattern == found)


def _binds(name: str, found: Any, bound: Bound) -> bool:
    before = bound.setdefault(name, found)
    return before is found or _text(before) == _text(found)


def _text(part: Any) -> str:
    return part if isinstance(part, str) else ast.unparse(part)


class _Fill(ast.NodeTransformer):
    """Puts what wildcards stand for into a template."""

    def __init__(self, bound: Bound) -> None:
        self._bound = bound

    def visit_Name(self, node: ast.Name) -> ast.expr:
        found: ast.expr = self._bound.get(node.id, node)
        return copy.deepcopy(found)

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        self.generic_visit(node)
        node.attr = self._bound.get(node.attr, node.attr)
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        if isinstance(node.value, str) and node.value in self._bound:
            return ast.Constant(self._bound[node.value])
        return node


def filled(template: str, bound: Bound) -> list[ast.stmt] | ast.expr:
    """A template with what the wildcards stand for."""
    parts = parsed(template)
    fill = _Fill(bound)
    return [fill.visit(part) for part in parts] if isinstance(parts, list) else fill.visit(parts)


def node_at(root: Any, path: tuple[Any, ...]) -> Any:
    """What is at a path."""
    for step in path:
        root = root[step] if isinstance(step, int) else getattr(root, step)
    return root


def replaced(root: ast.AST, places: list[tuple[Site, str]]) -> ast.AST:
    """A copy of a tree with templates at places; the last place first, so that paths stay right."""
    tree = copy.deepcopy(root)
    for site, template in sorted(places, key=lambda place: _order(place[0].path), reverse=True):
        new = filled(template, site.bound)
        *way, last = site.path
        if isinstance(new, list) and not isinstance(last, int):  # statements for a call that is one
            *way, last = way
        owner = node_at(tree, tuple(way))
        if isinstance(last, int):
            owner[last : last + 1] = new if isinstance(new, list) else [new]
        else:
            setattr(owner, last, new)
    return ast.fix_missing_locations(tree)


def _order(path: tuple[Any, ...]) -> tuple[tuple[int, str], ...]:
    return tuple((step, "") if isinstance(step, int) else (0, step) for step in path)
