"""Networks: ``loss(x, t)``, ``gradient(x, t)`` and a dictionary ``params``; chainrule's own and the lesson's.

source   Saito, Deep Learning from Scratch, section 5.7.2 (TwoLayerNet)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ...errors import ArgumentError
from .._claim import Claim, copies
from .._slopes import Array
from ._asked import Asked, plain, result_of
from ._inputs import CONSTANT, UNCLAIMED, Inputs, check_something_is_claimed, is_float
from ._live import Live, Source, acts
from ._names import code_of, title_of
from ._parameters import Place


class _Session:
    def __init__(self, source: Source, inputs: Inputs, places: Sequence[Place]) -> None:
        self._live, self._inputs = Live(source, places), inputs
        self._keys = [place.key for place in places]

    def forward(self, values: Sequence[Array]) -> Any:
        loss = self.run(values)
        return result_of(loss, f"{title_of(self._live.object)}.loss")

    def run(self, values: Sequence[Any]) -> Any:
        """What `loss` returns, for arrays or variables."""
        return self._live.holding(values).loss(*self._inputs.call_with(()))

    def backward(self, dout: Any) -> list[Any]:
        """The gradients; no upstream gradient reaches `gradient`."""
        found = self._live.object.gradient(*self._inputs.call_with(()))
        return [plain(found.get(key)) for key in self._keys]


def is_network(thing: Any) -> bool:
    """Whether something has the interface of the lesson's networks."""
    has_methods = all(callable(getattr(thing, name, None)) for name in ("loss", "gradient"))
    return has_methods and isinstance(getattr(thing, "params", None), Mapping)


def claim_of_network(thing: Any, asked: Asked, factory: Callable[[], Any] | None = None) -> Claim:
    """The claim of an object with `loss`, `gradient` and `params`.

    factory  makes objects like it; needed only when they cannot be copied
    raises   UnsupportedError when it cannot be copied; ArgumentError when `gradient` returns no dictionary with names
             of parameters
    """
    title = title_of(thing)
    if asked.parameters is not None:
        raise ArgumentError(f"the parameters of {title} are those in its params", fix="leave parameters= out")
    source = Source.of(thing, factory)
    own = list(source.pristine.params)
    inputs = asked.inputs_of(source.pristine.loss, own=own).unclaimed()
    constants = asked.constants_of(own, inputs)
    floats = [key for key, value in thing.params.items() if is_float(value) and key not in constants]
    places, skipped = _tried(source, inputs, [Place(key, (_params,), key, True) for key in floats], title)
    check_something_is_claimed(title, places, inputs)
    return Claim(
        title,
        "network",
        tuple(place.name for place in places),
        tuple(copies([place.get(source.pristine) for place in places])),
        lambda: _Session(source, inputs, places),
        len(places),
        False,
        {**inputs.skipped, **skipped, **dict.fromkeys(constants, CONSTANT)},
        code_of(forward=thing.loss, gradient=thing.gradient),
        lambda variables: _Session(source, inputs, places).run(variables),
    )


def _tried(
    source: Source, inputs: Inputs, floats: Sequence[Place], title: str
) -> tuple[list[Place], dict[str, str]]:
    """Run it once: the parameters that get a gradient or should, and why others get none."""
    network = source.new()

    def run(network: Any) -> Any:
        return network.loss(*inputs.call_with(()))

    with np.errstate(all="ignore"):
        loss = result_of(run(network), f"{title}.loss")
        found = network.gradient(*inputs.call_with(()))
        keys = [place.key for place in floats]
        if not isinstance(found, Mapping) or not any(key in found for key in keys):
            has = ", ".join(map(str, found)) if isinstance(found, Mapping) else type(found).__name__
            there_are = ", ".join(map(str, keys)) or "nothing"
            what = f"{title}.gradient returned {has or 'nothing'}; expected a dictionary with {there_are}, as in params"
            raise ArgumentError(what)

        def is_parameter(place: Place) -> bool:
            return found.get(place.key) is not None or acts(source, place, run, loss)

        parameters = list(filter(is_parameter, floats))
    return parameters, {str(place.key): UNCLAIMED for place in floats if place not in parameters}


def _params(network: Any) -> Any:
    return network.params
