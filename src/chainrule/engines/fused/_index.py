"""Which element of a node an element of an expression comes from: indices, followed through views."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from .._node import REDUCTIONS, VIEWS, Node, Shape
from ._units import LEAVES, Units, domain, is_alias, squeezed


class Term(NamedTuple):
    """Where an axis is: start + step · (the variable of loop number `loop`), or start alone."""

    loop: int | None
    start: int = 0
    step: int = 1


Index = tuple[Term, ...]


def identity(shape: Shape) -> Index:
    """Each axis has a loop of its own, in order, but those of length 1."""
    loops = iter(range(len(shape)))
    return tuple(Term(None) if type(n) is int and n == 1 else Term(next(loops)) for n in shape)


def own_index(unit: Node) -> Index:
    """The index of the element that the loops of a unit are at: of a reduction that of its argument."""
    return identity(unit.args[0].shape if unit.op in REDUCTIONS else unit.shape)


def result_index(unit: Node) -> Index:
    """Where, in the memory of a unit, the result of that element belongs."""
    index = own_index(unit)
    if unit.op in REDUCTIONS:
        return tuple(Term(None) if a in unit.settings["axes"] else term for a, term in enumerate(index))
    return index


def through(view: Node, index: Index) -> Index:
    """The index into the argument of a view, for an index into the view."""
    arg = view.args[0]
    if view.op == "broadcast":
        index = index[len(index) - len(arg.shape) :]
        return tuple(
            Term(None) if type(n) is int and n == 1 else term
            for n, term in zip(arg.shape, index, strict=True)
        )
    if view.op == "transpose":
        place = {axis: at for at, axis in enumerate(view.settings["axes"])}
        return tuple(index[place[axis]] for axis in range(len(arg.shape)))
    if view.op == "slice":
        return tuple(
            Term(term.loop, start + step * term.start, step * term.step)
            for term, (start, step) in zip(index, view.settings["start"], strict=True)
        )
    long = iter(t for t, n in zip(index, view.shape, strict=True) if not (type(n) is int and n == 1))
    return tuple(Term(None) if type(n) is int and n == 1 else next(long) for n in arg.shape)


def arguments(node: Node, index: Index) -> Iterator[tuple[Node, Index]]:
    """The arguments of an elementwise operation with their indices, views followed to what they show.

    A new shape of whole memory (`is_alias`) is not followed: it is an array of its own to whoever reads it.
    """
    for arg in node.args:
        at = index
        while arg.op in VIEWS and not is_alias(arg):
            at = through(arg, at)
            arg = arg.args[0]
        yield arg, at


def accesses(units: Units, unit: Node) -> Iterator[tuple[Node, str]]:
    """What the expression of a unit that is computed in loops reads, each with how.

    "same"  the element in its own place
    "row"   a number that belongs to the whole row
    "any"   anything else
    """
    shape = domain(unit)
    todo = list(arguments(unit, own_index(unit)))
    seen = set(todo)
    while todo:
        node, index = todo.pop()
        if node in units or node.op in LEAVES or is_alias(node):
            yield node, _place(node, index, shape)
            continue
        for found in arguments(node, index):
            if found not in seen:
                seen.add(found)
                todo.append(found)


def _place(node: Node, index: Index, shape: Shape) -> str:
    terms = [term for term in index if term != Term(None)]
    if is_alias(node) or terms != [Term(loop) for loop in range(len(terms))]:
        return "any"
    own = squeezed(node.shape)
    if own == shape:
        return "same"
    return "row" if own == shape[:1] and len(terms) == 1 else "any"
