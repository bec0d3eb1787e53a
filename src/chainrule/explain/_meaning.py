"""What gradients mean, in sentences: their signs, which input matters most, what makes the output smaller."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import numpy as np

from ..graph import Node
from ..words import Words
from ._backpropagation import Backpropagation, element_name
from ._steps import norm_of
from .document import Block, Bullets, Paragraph
from .notation import number


def meaning_of(
    passes: Backpropagation, inputs: Sequence[Node], kinks: Collection[str], say: Words
) -> Iterator[Block]:
    """Sentences about the gradients of some inputs, as blocks of a report.

    kinks   names of inputs at which the output has a kink
    """
    output = passes.nodes[passes.graph.output].name
    value = float(np.reshape(passes.graph.output._value, ()))
    if not np.isfinite(value):
        yield Paragraph(say("meaning.no output", output=output, value=number(value)), "warning")
        return
    gradients = {node.name: np.asarray(passes.gradients[node.variable], dtype=float) for node in inputs}
    items = [_of_one(node, gradients[node.name], node.name in kinks, output, say) for node in inputs]
    yield Bullets(tuple(items))
    finite = {name: gradient for name, gradient in gradients.items() if np.all(np.isfinite(gradient))}
    if len(finite) < len(gradients) or not gradients:
        return
    if len(gradients) > 1 and any(map(np.any, gradients.values())):
        yield Paragraph(_most(gradients, output, say))
    if all(gradient.ndim == 0 for gradient in gradients.values()):
        values = {node.name: float(passes.values[node.variable]) for node in inputs}
        if len(gradients) > 1:
            yield Paragraph(_percent(gradients, values, output, say))
        moves = [say(_way(float(g)), name=name) for name, g in gradients.items() if g != 0]
        if moves:
            yield Paragraph(say("meaning.descent", output=output, moves=", ".join(moves)))


def sentences_of(block: Block) -> tuple[str, ...]:
    """The text of a paragraph or a list."""
    if isinstance(block, Bullets):
        return tuple(str(item) for item in block.items)
    assert isinstance(block, Paragraph)
    return (str(block.content),)


def _of_one(node: Node, gradient: Any, is_kink: bool, output: str, say: Words) -> str:
    if gradient.ndim:
        return _of_array(node.name, gradient, say)
    slope = float(gradient)
    size = number(abs(slope))
    if is_kink:
        kind, size = "kink", number(slope)
    elif not np.isfinite(slope):
        kind, size = "strange", number(slope)
    elif slope > 0:
        kind = "up"
    elif slope < 0:
        kind = "down"
    else:
        kind = "flat"
    return say(f"meaning.{kind}", name=node.name, output=output, size=size)


def _of_array(name: str, gradient: Any, say: Words) -> str:
    shape = str(gradient.shape)
    if not gradient.size:
        return f"{name} {shape}"
    # The largest, or the first that is no number at all.
    place = tuple(map(int, np.unravel_index(int(np.argmax(np.abs(gradient))), gradient.shape)))
    element, size = element_name(name, place), number(float(gradient[place]))
    if not np.isfinite(gradient[place]):
        return say("meaning.strange", name=element, size=size)
    norm = number(norm_of(gradient))
    return say("meaning.array", name=name, shape=shape, norm=norm, element=element, size=size)


def _most(gradients: dict[str, Any], output: str, say: Words) -> str:
    sizes = {name: norm_of(gradient) for name, gradient in gradients.items()}
    name = max(sizes, key=lambda n: sizes[n])
    key = "meaning.most.array" if any(gradient.ndim for gradient in gradients.values()) else "meaning.most"
    return say(key, name=name, size=number(sizes[name]), output=output)


def _percent(gradients: dict[str, Any], values: dict[str, float], output: str, say: Words) -> str:
    changes = {name: float(gradient) * values[name] / 100 for name, gradient in gradients.items()}
    listed = ", ".join(f"{name} {_signed(change)}" for name, change in changes.items())
    return say("meaning.percent", output=output, changes=listed)


def _signed(change: float) -> str:
    return f"+{number(change)}" if change > 0 else number(change)


def _way(gradient: float) -> str:
    return "meaning.less" if gradient > 0 else "meaning.more"
