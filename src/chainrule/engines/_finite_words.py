"""What is said where numbers went bad, and what to do about it."""

from __future__ import annotations

import math

import numpy as np

from ..graph import number_text
from ..words import Words
from ._finite import InputState, Place

SUBJECT = "nonfinite"

_DIGITS = 3
_MINUS = str.maketrans("-", "−")


def hint_of(place: Place, say: Words) -> str:
    """What to do, by what happened; where the gate is a well-known one, in words that fit it."""
    judged = place.judged
    gate = place.gate.name if place.gate else ""
    key = f"hint.{judged.cause}"
    fitting = next(k for k in (f"{key}.{gate}.{place.phase}", f"{key}.{gate}", key) if k in say)
    dtype = np.asarray(place.result).dtype
    return say(
        fitting,
        name=place.name,
        gate=gate,
        culprit=say("somewhere") if judged.position is None else place.given[judged.position][0],
        larger="" if judged.larger is None else _number(judged.larger),
        dtype=dtype,
        limit=_number(float(np.finfo(dtype).max)),
    )


def where(place: Place, say: Words) -> str:
    """The place in one sentence."""
    elements = {"count": place.count, "size": np.size(place.result), "index": list(place.index)}
    return say(
        place.phase if place.gate else "input",
        name=place.name,
        gate=place.gate.name if place.gate else "",
        layer=say("layer", layer=place.layer) if place.layer else "",
        got=_number(float(np.asarray(place.result)[place.index])),
        elements=say("elements", **elements) if place.index else "",
    )


def given(place: Place, say: Words) -> str:
    """What the gate was given, in one sentence; empty if there is no gate."""
    inputs = ", ".join(_one(state, say) for state in place.inputs())
    return say("given", inputs=inputs) if inputs else ""


def states(place: Place, say: Words) -> str:
    """How large the numbers are that the gate was given, and whether they are finite: for a line of an error."""
    parts = place.inputs()
    if not parts:
        return ""
    texts = [
        say("state", name=i.name, largest=_number(i.largest))
        if i.value is None
        else say("state.value", name=i.name, value=_number(i.value))
        for i in parts
    ]
    bad = sum(i.not_finite for i in parts)
    return ", ".join([*texts, say("state.bad", count=bad) if bad else say("state.finite")])


def _one(i: InputState, say: Words) -> str:
    if i.value is not None:
        return say("given.value", name=i.name, value=_number(i.value))
    if i.low is None or i.high is None:
        return say("given.all bad", name=i.name)
    key = "given.bad" if i.not_finite else "given.range"
    low, high = _number(i.low), _number(i.high)
    return say(key, name=i.name, low=low, high=high, count=i.not_finite, size=math.prod(i.shape))


def _number(value: float) -> str:
    """A number as people write it: −∞ and NaN, three digits of others."""
    if not np.isfinite(value):
        return "NaN" if np.isnan(value) else "∞" if value > 0 else "−∞"
    return number_text(float(value), _DIGITS).translate(_MINUS)
