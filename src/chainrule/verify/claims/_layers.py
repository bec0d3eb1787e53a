"""Layers: ``forward(x, …)``, ``backward(dout)`` which returns the gradients of the inputs, and parameters.

The parameters are arrays that the object has before it runs and still has after forward, and for which backward leaves
a gradient: ``W`` and ``dW``; dictionaries or lists ``params`` and ``grads``; or as the caller says.

source   Saito, Deep Learning from Scratch, section 5.4 (attributes), and volume 2, section 1.3 (lists)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...errors import ArgumentError
from ...layers import Layer
from .._claim import Claim, copies
from .._slopes import Array
from ._asked import Asked, aligned, plain, result_of
from ._inputs import CONSTANT, UNCLAIMED, Inputs, check_something_is_claimed
from ._live import Live, Source, acts
from ._names import code_of, positional, required, title_of
from ._parameters import Candidate, candidates

# Of a layer without any gradient of its own: what nobody would call a constant.
_CALLED_LIKE_A_PARAMETER = re.compile(r"(?:[Wwb]|weights?|bias(?:es)?|gamma|beta)[0-9a-z]{0,2}")


class _Layer(NamedTuple):
    """What sessions of one layer have in common."""

    source: Source
    inputs: Inputs
    parameters: tuple[Candidate, ...]
    takes_dout: bool

    def open(self) -> _Session:
        return _Session(self)


class _Session:
    def __init__(self, layer: _Layer) -> None:
        self._layer = layer
        self._live = Live(layer.source, [candidate.parameter for candidate in layer.parameters])

    def forward(self, values: Sequence[Array]) -> Any:
        out = self.run(values)
        return result_of(out, f"{title_of(self._live.object)}.forward")

    def run(self, values: Sequence[Any]) -> Any:
        """What `forward` returns, for arrays or variables."""
        number = len(self._layer.inputs.checked)
        thing = self._live.holding(values[number:])
        return thing.forward(*self._layer.inputs.call_with(values[:number]))

    def backward(self, dout: Any) -> list[Any]:
        thing = self._live.object
        returned = thing.backward(dout) if self._layer.takes_dout else thing.backward()
        of_inputs = aligned(returned, self._layer.inputs, f"{title_of(thing)}.backward")
        return [*of_inputs, *(plain(p.gradient(thing)) for p in self._layer.parameters)]


def claim_of_layer(thing: Any, asked: Asked, factory: Callable[[], Any] | None = None) -> Claim:
    """The claim of an object with `forward` and `backward`.

    factory  makes objects like it; needed only when they cannot be copied
    raises   UnsupportedError when it cannot be copied, or forward returns several things; ArgumentError when backward
             needs more than an upstream gradient, or returns more gradients than there are inputs
    """
    title = title_of(thing)
    if len(required(thing.backward)) > 1:
        what = f"{title}.backward takes {', '.join(required(thing.backward))}; expected the upstream gradient"
        raise ArgumentError(what, fix="keep in forward what backward needs, in attributes")
    source = Source.of(thing, factory)
    known = thing.input_names if isinstance(thing, Layer) else ()
    found = candidates(source.pristine, asked.parameters)
    own = [candidate.parameter.name for candidate in found]
    everything = asked.inputs_of(source.pristine.forward, known, own)
    constants = asked.constants_of(own, everything)
    takes_dout = bool(positional(thing.backward))
    before = _Layer(source, everything, (), takes_dout)
    found = [candidate for candidate in found if candidate.parameter.name not in constants]
    parameters, inputs, skipped = _tried(before, found, asked.parameters is not None)
    layer = _Layer(source, inputs, parameters, takes_dout)

    names = [p.parameter.name for p in parameters]
    own_names = [f"self.{name}" if name in inputs.names else name for name in names]
    values = copies([p.parameter.get(source.pristine) for p in parameters])
    claimed = (*inputs.checked_names, *own_names)
    check_something_is_claimed(title, claimed, inputs)
    return Claim(
        title,
        "layer",
        claimed,
        (*inputs.values, *values),
        layer.open,
        len(parameters),
        takes_dout,
        {**inputs.skipped, **skipped, **dict.fromkeys(constants, CONSTANT)},
        code_of(forward=thing.forward, backward=thing.backward),
        lambda variables: layer.open().run(variables),
    )


def _tried(
    layer: _Layer, found: Sequence[Candidate], are_told: bool
) -> tuple[tuple[Candidate, ...], Inputs, dict[str, str]]:
    """Run it once: which candidates are parameters, which inputs have a gradient, and what is not checked.

    are_told   whether the caller named the candidates; by convention, an array without a gradient may be a constant
    """
    thing = layer.source.new()
    arrays = [candidate.parameter.get(thing) for candidate in found]
    title = title_of(thing)

    def run(thing: Any) -> Any:
        return thing.forward(*layer.inputs.call_with(layer.inputs.values))

    with np.errstate(all="ignore"):
        out = result_of(run(thing), f"{title}.forward")
        kept = [candidate.parameter.get(thing) for candidate in found]
        dout = np.ones_like(out) if np.ndim(out) else 1.0
        returned = thing.backward(dout) if layer.takes_dout else thing.backward()
        # What forward keeps for backward, as left by an earlier run, is another array afterwards.
        lasting = [c for c, before, after in zip(found, arrays, kept, strict=True) if after is before]
        given = [candidate for candidate in lasting if candidate.gradient(thing) is not None]
        parameters, skipped = [], {}
        for candidate in lasting:
            name, value = candidate.parameter.name, candidate.parameter.get(layer.source.pristine)
            if candidate in given or are_told:
                parameters.append(candidate)
            elif isinstance(value, np.ndarray):  # a number is a setting, such as momentum
                is_one = given or (np.ndim(out) and _CALLED_LIKE_A_PARAMETER.fullmatch(name))
                if is_one and acts(layer.source, candidate.parameter, run, out):
                    parameters.append(candidate)
                else:
                    skipped[name] = UNCLAIMED
    gradients = aligned(returned, layer.inputs, f"{title}.backward")
    if returned is None and gradients:
        gradients[0] = 0.0  # most likely a return that was forgotten: it is to be missed
    return tuple(parameters), layer.inputs.claimed(gradients), skipped
