"""Which element of a node an element of an expression comes from: indices, followed through views."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ...graph import Dimension
from .._node import PLACEMENTS, REDUCTIONS, VIEWS, Node, Shape
from ._units import LEAVES, Units, domain, is_alias, source, squeezed


class Term(NamedTuple):
    """Where an axis is: start + step · (the variable of loop number `loop`), or start alone.

    also  another loop and its step that come on top: a place in a window, when the first is that of the window
    """

    loop: int | None
    start: int = 0
    step: int = 1
    also: tuple[int, int] | None = None

    @property
    def loops(self) -> list[tuple[int, int]]:
        """Each loop with its step."""
        first = [] if self.loop is None else [(self.loop, self.step)]
        return first if self.also is None else [*first, self.also]

    def moved(self, start: int, step: int) -> Term:
        """start + step · this."""
        also = self.also and (self.also[0], step * self.also[1])
        return Term(self.loop, start + step * self.start, step * self.step, also)

    def plus(self, other: Term) -> Term:
        """The sum of two terms of at most one loop each."""
        if other.loop is None:
            return self._replace(start=self.start + other.start)
        if self.loop is None:
            return other._replace(start=self.start + other.start)
        return Term(self.loop, self.start + other.start, self.step, (other.loop, other.step))


Index = tuple[Term, ...]


def identity(shape: Shape) -> Index:
    """Each axis has a loop of its own, in order, but those of length 1."""
    loops = iter(range(len(shape)))
    return tuple(Term(None) if type(n) is int and n == 1 else Term(next(loops)) for n in shape)


def own_index(unit: Node) -> Index:
    """The index of the element that the loops of a unit are at: of a reduction or placement that of its argument."""
    return identity(unit.args[0].shape if unit.op in REDUCTIONS | PLACEMENTS else unit.shape)


def result_index(unit: Node) -> Index:
    """Where, in the memory of a unit, the result of that element belongs."""
    index = own_index(unit)
    if unit.op in REDUCTIONS:
        return tuple(Term(None) if a in unit.settings["axes"] else term for a, term in enumerate(index))
    return index


def in_image(index: Index, stride: tuple[int, int]) -> Index:
    """Where in an image an element of its windows is."""
    n, c, *inside, down, across = index
    windows = (down.moved(0, stride[0]), across.moved(0, stride[1]))
    return n, c, *(window.plus(place) for window, place in zip(windows, inside, strict=True))


def result_indices(unit: Node) -> list[Index]:
    """Where, in the memory of a placement, each of its arguments belongs."""
    index = own_index(unit)
    if unit.op == "fold":
        return [in_image(index, unit.settings["stride"])]
    return [tuple(t.moved(*at) for t, at in zip(index, place, strict=True)) for place in unit.settings["at"]]


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
            term.moved(start, step) for term, (start, step) in zip(index, view.settings["start"], strict=True)
        )
    if view.op == "windows":
        return in_image(index, view.settings["stride"])
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
    "in row"  an element of the same row, in another place
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
    if not is_alias(node) and terms == [Term(loop) for loop in range(len(terms))]:
        own = squeezed(node.shape)
        if own == shape:
            return "same"
        if own == shape[:1] and len(terms) == 1:
            return "row"
    rows = source(node).shape[:1] if is_alias(node) else node.shape[:1]
    return "in row" if index[:1] == (Term(0),) and isinstance(rows[0], Dimension) else "any"
