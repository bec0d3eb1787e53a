"""What the sizes of activations and gradients mean: a verdict for each layer and for the whole, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import TYPE_CHECKING, Any, Literal

from ..words import Words
from .document import Block, Bullets, Document, Heading, Paragraph, Table, Tone
from .notation import number

if TYPE_CHECKING:
    from ._gradient_flow import GradientFlow, LayerFlow

Verdict = Literal[
    "not finite", "nothing", "starved", "exploded", "saturated", "dead", "large", "small", "healthy"
]

# From the last layer to the first a gradient may change by three powers of ten. The book's two-layer network, drawn
# with a deviation of 0.01, keeps within two; ten sigmoids lose seven.
STARVED, EXPLODED = 1e-3, 1e3
# More than half of the units, and learning goes on with less than half of the network.
MANY = 0.5
# An update of about a thousandth of the weights is a rule of thumb (Karpathy, CS231n, "Ratio of weights:updates");
# two powers of ten to either side are still not strange.
LARGE, SMALL = 1e-1, 1e-5
_MOST_DIGITS = 3


def verdict_of(layer: LayerFlow, last: LayerFlow) -> Verdict:
    """The first thing that is wrong with a layer, in the order of what matters.

    last  the last layer of the network, with whose gradient the others are compared
    """
    if not layer.finite or not isfinite(layer.gradient):
        return "not finite"
    if layer.gradient == 0:
        return "nothing"
    if last.gradient > 0 and layer.gradient < STARVED * last.gradient:
        return "starved"
    if layer.gradient > EXPLODED * last.gradient:
        return "exploded"
    if layer.saturated is not None and layer.saturated > MANY:
        return "saturated"
    if layer.dead is not None and layer.dead > MANY:
        return "dead"
    if layer.update is not None and layer.update > LARGE:
        return "large"
    if layer.update is not None and layer.update < SMALL:
        return "small"
    return "healthy"


def document_of(flow: GradientFlow, data: Mapping[str, Any], say: Words) -> Document:
    """The report: the verdict on the whole, the table, and what to do."""
    layers, last = flow.layers, flow.layers[-1]
    verdicts = [verdict_of(layer, last) for layer in layers]
    whole, tone = _whole(flow, verdicts, say)
    blocks: list[Block] = [
        Paragraph(whole, tone),
        Paragraph(say("measured", rows=flow.rows, loss=_short(flow.loss), optimizer=flow.optimizer)),
        _table(layers, verdicts, say),
        *_advice(verdicts, say),
        Heading(say("legend")),
        Bullets(
            tuple(say(f"legend.{column}") for column in ("sizes", "of_last", "saturated", "dead", "update"))
        ),
    ]
    title = say("title", network=flow.network)
    judged = [
        {**entry, "of_last": _of_last(layer, last), "verdict": verdict}
        for entry, layer, verdict in zip(data["layers"], layers, verdicts, strict=True)
    ]
    return Document(title, tuple(blocks), say.language, {**data, "layers": judged})


def _whole(flow: GradientFlow, verdicts: list[Verdict], say: Words) -> tuple[str, Tone]:
    first, last = flow.layers[0], flow.layers[-1]
    if "not finite" in verdicts:
        # It begins at the first layer of the forward pass, or if that went well at the last one of the backward pass.
        forward = [layer.name for layer in flow.layers if not layer.finite]
        backward = [layer.name for layer in flow.layers if not isfinite(layer.gradient)]
        return say("whole.not finite", layer=forward[0] if forward else backward[-1]), "bad"
    ratio = _of_last(first, last) or 0.0
    steps = sum(layer.weights is not None for layer in flow.layers) - 1
    factor = ratio ** (1 / steps) if steps > 0 and ratio > 0 else ratio
    numbers = {"first": first.name, "last": last.name, "ratio": _short(ratio), "factor": _short(factor)}
    if verdicts[0] == "nothing":
        return say("whole.nothing", first=first.name), "bad"
    if verdicts[0] in ("starved", "exploded"):
        return say(f"whole.{verdicts[0]}", **numbers), "bad"
    wrong = [verdict for verdict in verdicts if verdict != "healthy"]
    if wrong:
        return say("whole.some", count=len(wrong), layers=len(verdicts), **numbers), "warning"
    return say("whole.healthy", **numbers), "good"


def _table(layers: tuple[LayerFlow, ...], verdicts: list[Verdict], say: Words) -> Table:
    columns = (
        "layer",
        "activation",
        "zeros",
        "gradient",
        "of_last",
        "saturated",
        "dead",
        "weights",
        "update",
        "verdict",
    )
    last = layers[-1]
    rows = [
        (
            layer.name,
            _short(layer.activation),
            _percent(layer.zeros),
            _short(layer.gradient),
            _short(_of_last(layer, last)),
            _percent(layer.saturated),
            _percent(layer.dead),
            _short(layer.weights),
            _short(layer.update),
            say(f"verdict.{verdict}"),
        )
        for layer, verdict in zip(layers, verdicts, strict=True)
    ]
    tones = tuple(_tone(verdict) for verdict in verdicts)
    return Table(tuple(say(f"column.{column}") for column in columns), tuple(rows), "lrrrrrrrrl", tones)


def _advice(verdicts: list[Verdict], say: Words) -> Iterator[Block]:
    found = [verdict for verdict in dict.fromkeys(verdicts) if verdict != "healthy"]
    if found:
        yield Heading(say("advice"))
        yield Bullets(tuple(say(f"advice.{verdict}") for verdict in found))


def _of_last(layer: LayerFlow, last: LayerFlow) -> float | None:
    return layer.gradient / last.gradient if last.gradient else None


def _tone(verdict: Verdict) -> Tone:
    return "good" if verdict == "healthy" else "warning" if verdict in ("large", "small") else "bad"


def _short(value: float | None) -> str:
    return "–" if value is None else number(value, digits=_MOST_DIGITS)


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}"
