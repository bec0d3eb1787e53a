"""The function `draw`."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Integral
from typing import Any

from ...errors import ArgumentError
from ...graph import Graph, Variable
from ...networks import Network
from ...words import Words, words
from .._backpropagation import Backpropagation, backpropagation
from ._diagram import Diagram, Passes
from ._drawing import Drawing
from ._from_graph import GraphDiagram, Parts
from ._from_network import names_to_open, record
from ._groups import parts_of
from ._place import scene_of
from ._writing import Numbers, Shapes, Sizes, Writing

_PASSES = ("both", "forward", "backward")
_MOST_DIGITS = 17  # a float64 has no more
_MOST_SENTENCES = 40  # of the description


def draw(
    output: Variable | Network,
    x: Any = None,
    t: Any = None,
    *,
    lang: str = "en",
    passes: Passes = "both",
    step: int | None = None,
    open: str | Iterable[str] | None = None,
    digits: int = 4,
    title: str | None = None,
) -> Drawing:
    """Draw a computation graph, or a network layer by layer, from left to right.

    Above each line stands the value, below it the gradient that comes back on it; below what is used more than once
    the sum of these gradients. A graph of more than 150 variables is drawn in groups.

    output   the result to draw, with all that it was made from; gradients are drawn if it is a single number
    or       a network: its layers, with the shapes between them
    x, t     inputs and targets for a network: above the lines the shapes, below them the norms of the gradients of its
             loss for them. Without t there is no backward pass
    lang     "en" or "ko"
    passes   "both", "forward" or "backward"
    step     how many steps of the passes have been taken, from 0 to `Drawing.steps`; what is not known yet leaves its
             room free. None for all of them
    open     names of layers of a network to draw gate by gate, or "all"
    digits   how many digits of a number count
    title    written above the picture
    raises   ArgumentError, GraphError

    >>> x, m, t = cr.variables(x=100.0, m=2, t=1.1)
    >>> drawing = draw(0.5 * (x * m * t - 219) ** 2)
    >>> drawing.steps, "110" in drawing.svg()
    (10, True)
    """
    say = words(lang, "draw")
    _check(passes, digits, title)
    if isinstance(output, Network):
        diagram = _of_network(output, x, t, open, passes, digits, say)
    else:
        _check_no_network(output, x, t, open)
        diagram = _of_graph(output, passes, digits, say)
    _check_step(step, diagram.steps)
    return Drawing(scene_of(diagram, title=" ".join((title or "").split()), lang=lang).at(step))


def draw_passes(passes: Backpropagation, *, lang: str = "en", digits: int = 4, room: float = 0.0) -> Drawing:
    """Draw both passes of a graph, gate by gate however many there are.

    passes  with its gradients
    room    the least that the numbers on a line get, in pixels. Where they need more it grows in steps, so that numbers
            that change seldom move anything else

    >>> from .._backpropagation import backpropagation
    >>> x = Variable(3.0, name="x")
    >>> drawing = draw_passes(backpropagation(x * x))
    >>> drawing.ids.nodes[x], sorted(drawing.ids.edges.values()), drawing.ids.output
    ('n0', ['e0', 'e1'], 'e2')
    """
    say = words(lang, "draw")
    *_, last = passes.graph
    diagram = _diagram(
        passes,
        Numbers(digits),
        "both",
        Parts(),
        say("heading", output=last.name),
        ("above", "below"),
        say,
        room,
    )
    return Drawing(scene_of(diagram, title="", lang=lang))


def _of_graph(output: Any, passes: Passes, digits: int, say: Words) -> Diagram:
    shown = passes
    if passes == "both" and isinstance(output, Variable) and not _has_backward(output):
        shown = "forward"
    found = _passes(output, shown)
    *_, last = found.graph
    heading = say("heading", output=last.name)
    return _diagram(
        found, Numbers(digits), shown, parts_of(found.graph, say), heading, ("above", "below"), say
    )


def _passes(output: Any, shown: Passes) -> Backpropagation:
    """The passes that are shown. A single number is called L, whichever they are."""
    if shown == "forward" and isinstance(output, Variable):
        return Backpropagation(Graph(output, "L" if output.size == 1 and output.gate else None), {})
    return backpropagation(output)


def _has_backward(output: Variable) -> bool:
    return output.gate is not None and output.size == 1 and output.dtype.kind == "f"


def _of_network(
    network: Network,
    x: Any,
    t: Any,
    opened: str | Iterable[str] | None,
    passes: Passes,
    digits: int,
    say: Words,
) -> Diagram:
    if x is None and t is not None:
        raise ArgumentError("t is given without x", fix="draw(network, x, t)")
    if passes == "backward" and t is None:
        raise ArgumentError("a backward pass of a network needs data", fix="draw(network, x, t)")
    recorded = record(network, x, t, names_to_open(network, opened))
    shown: Passes = passes if t is not None else "forward"
    found = _passes(recorded.output, shown)
    writing: Writing = Shapes(recorded.rows) if x is None else Sizes(digits)
    heading = say("network", name=type(network).__name__)
    return _diagram(found, writing, shown, recorded.parts, heading, ("above shapes", "below norms"), say)


def _diagram(
    found: Backpropagation,
    writing: Writing,
    shown: Passes,
    parts: Parts,
    heading: str,
    legend: tuple[str, str],
    say: Words,
    room: float = 0.0,
) -> Diagram:
    graph = GraphDiagram(found, writing, shown, parts)
    vertices, lines, frames = graph.build()
    leaves = sum(node.variable.gate is None for node in found.graph)
    sentences = [say("counts", leaves=leaves, gates=len(found.graph) - leaves)]
    sentences += [vertex.detail + "." for vertex in vertices[:_MOST_SENTENCES] if vertex.detail]
    if len(vertices) > _MOST_SENTENCES:
        sentences.append(say("more", count=len(vertices) - _MOST_SENTENCES))
    above = say(legend[0]) if shown != "backward" else ""
    below = say(legend[1]) if shown != "forward" else ""
    description = " ".join(sentences)
    return Diagram(vertices, lines, heading, description, (above, below), graph.steps, frames, room)


def _check(passes: Any, digits: Any, title: Any) -> None:
    if passes not in _PASSES:
        raise ArgumentError(f"passes is 'both', 'forward' or 'backward', not {passes!r}")
    if isinstance(digits, bool) or not isinstance(digits, int) or not 1 <= digits <= _MOST_DIGITS:
        raise ArgumentError(f"digits is a whole number from 1 to {_MOST_DIGITS}, not {digits!r}")
    if title is not None and not isinstance(title, str):
        raise ArgumentError(f"title is a text, not {title!r:.60}")


def _check_no_network(output: Any, x: Any, t: Any, opened: Any) -> None:
    given = [name for name, value in (("x", x), ("t", t), ("open", opened)) if value is not None]
    if given and isinstance(output, Variable):
        raise ArgumentError(
            f"{' and '.join(given)} is for a network; this is the graph of a variable", fix="draw(L)"
        )


def _check_step(step: Any, steps: int) -> None:
    if step is None:
        return
    if isinstance(step, bool) or not isinstance(step, Integral) or not 0 <= int(step) <= steps:
        raise ArgumentError(
            f"step is a whole number from 0 to {steps}, the number of steps of this drawing, not {step!r}"
        )
