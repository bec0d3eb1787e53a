"""Arguments that hold several arrays: dictionaries and lists of parameters, nested as anybody likes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

# The same containers with the positions of their leaves in them; a plain argument is one position.
Tree = Any


def flatten(name: str, value: Any, start: int = 0) -> tuple[Tree, list[str], list[Any]]:
    """The tree of an argument, the names of its leaves, as Python would call them, and the leaves.

    start  the position of the first leaf

    >>> flatten("params", {"W": np.ones((2, 3)), "b": np.ones(3)}, start=1)[:2]
    ({'W': 1, 'b': 2}, ["params['W']", "params['b']"])
    """
    keys = _keys(value)
    if keys is None:
        return start, [name], [value]
    trees: dict[Any, Tree] = {}
    names: list[str] = []
    leaves: list[Any] = []
    for key in keys:
        tree, its_names, its_leaves = flatten(f"{name}[{key!r}]", value[key], start + len(leaves))
        trees[key] = tree
        names += its_names
        leaves += its_leaves
    return (trees if isinstance(value, Mapping) else type(value)(trees.values())), names, leaves


def rebuilt(tree: Tree, leaves: Sequence[Any]) -> Any:
    """The argument with these leaves."""
    if isinstance(tree, dict):
        return {key: rebuilt(part, leaves) for key, part in tree.items()}
    if isinstance(tree, list | tuple):
        return type(tree)(rebuilt(part, leaves) for part in tree)
    return leaves[tree]


def positions(tree: Tree) -> list[int]:
    """Of all leaves of an argument."""
    return [position for position, _ in matched(tree, None)]


def matched(tree: Tree, gradient: Any) -> Iterator[tuple[int, Any]]:
    """For each leaf its position and its part of the gradient of the argument, None where there is none."""
    if isinstance(tree, dict):
        found = gradient if isinstance(gradient, Mapping) else {}
        for key, part in tree.items():
            yield from matched(part, found.get(key, found.get(f"d{key}")))
    elif isinstance(tree, list | tuple):
        given = list(gradient) if isinstance(gradient, list | tuple) else []
        missing = [None] * (len(tree) - len(given))
        for part, own in zip(tree, given + missing, strict=False):
            yield from matched(part, own)
    else:
        yield tree, gradient


def _keys(value: Any) -> Sequence[Any] | None:
    """The keys of a container; None for a leaf, which a list is that makes one array."""
    if isinstance(value, Mapping):
        return list(value)
    if type(value) in (list, tuple) and not _is_array(value):
        return range(len(value))
    return None


def _is_array(value: Sequence[Any]) -> bool:
    try:
        return np.asarray(value).dtype.kind != "O"
    except ValueError:  # of different shapes
        return False
