"""Where numbers went bad: the first gate whose result is NaN or infinite although its inputs are finite."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ..engines._cause import Cause
from ..engines._finite import InputState, Phase, Place
from ..engines._finite_graph import first_in_graph
from ..engines._finite_words import SUBJECT, given, hint_of, where
from ..errors import ArgumentError, GraphError
from ..graph import Graph, Shown, Variable
from ..graph._recording import recording
from ..networks import Network
from ..words import Words, words
from ._table import for_json


@dataclass(frozen=True, slots=True)
class NonFinite(Shown):
    """What `find_nonfinite` found. ``str`` says it in two or three sentences, ``to_dict`` gives what JSON can hold.

    gate      name of the gate; None when a value was not finite to begin with
    variable  name of the result; of a gradient ``d`` and the name of what it is for
    layer     that the gate belongs to, as far as names tell; otherwise empty
    phase     "forward"; "loss" for the last gate of the forward pass, and for any loss; or "backward"
    value     the first bad element: NaN, inf or -inf
    count     how many elements are not finite
    shape     of the result
    index     of the first bad element
    inputs    what the gate was given: for each its name, shape and dtype, the number that the bad element was made of
              (where the gate works element by element), the range of its finite numbers, how many are not finite. In
              the backward pass the last one is dout, the upstream gradient
    cause     what happened: "input" (a value was not finite to begin with), "float32" (float64 could hold the result),
              "overflow", "zero" or "negative" (such an input has no finite result), "zero times infinity",
              "infinities" (∞ − ∞ or ∞ ÷ ∞), "unknown"
    hint      what to do
    """

    gate: str | None
    variable: str
    layer: str
    phase: Phase
    value: float
    count: int
    shape: tuple[int, ...]
    index: tuple[int, ...]
    inputs: tuple[InputState, ...]
    cause: Cause
    hint: str
    text: str

    def __str__(self) -> str:
        return self.text

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON can hold it; infinities and NaN are text."""
        found: dict[str, Any] = for_json({**asdict(self), "inputs": [asdict(i) for i in self.inputs]})
        return found


def find_nonfinite(
    subject: Variable | Network | Callable[..., Any], *inputs: Any, backward: bool = True, lang: str = "en"
) -> NonFinite | None:
    """Find the first gate whose result is NaN or infinite although what it was given is finite.

    The values are looked at in the order of the forward pass; if all are finite, the gradients in the order of the
    backward pass. An infinity that nothing took, as in the other branch of ``np.where``, is no mistake and not looked
    for. Why it happened is told from the gate's own numbers: it is run again in float64, with numbers of ordinary size,
    without zeros and without minus signs, and what makes it finite is the cause.

    subject   a variable with a past; or a network, with rows of inputs and targets behind it, of which the loss is
              looked at; or a function of variables, with its inputs behind it
    inputs    of the network or the function
    backward  whether to look at gradients too; from a result of several numbers, those of their sum
    lang      "en" or "ko", the language of the sentences
    returns   a `NonFinite`, or None when all is finite
    raises    ArgumentError when the subject is none of these; GraphError when a variable has no past, or an array was
              changed in place after a gate used it; what the network or the function raises

    >>> x = cr.Variable(np.array([1.0, 0.0]), name="x")
    >>> found = find_nonfinite(np.sum(x * np.log(x)))
    >>> print(found)
    log1 is the first result that is not finite: in the forward pass the gate log gave −∞ ...
    It was given x = 0.
    log 0 is −∞. Keep x above 0, as np.maximum(x, 1e-12) does, or use a loss that takes scores, ...
    >>> found.index, found.inputs[0].value, find_nonfinite(np.sqrt, 0.0).phase, find_nonfinite(np.sqrt, 1.0)
    ((1,), 0.0, 'backward', None)
    """
    say = words(lang, SUBJECT)
    output, name = _recorded(subject, inputs)
    names = {node.variable: node.name for node in Graph(output, name)}
    place = first_in_graph(output, names, backward=backward)
    return _report(place, say) if place else None


def _recorded(subject: Any, inputs: tuple[Any, ...]) -> tuple[Variable, str | None]:
    """The variable that is looked at, and what it is called if it has no name."""
    if isinstance(subject, Variable):
        if inputs:
            what = f"find_nonfinite(variable) takes nothing else; {len(inputs)} more were given"
            raise ArgumentError(what, fix="find_nonfinite(f, *inputs) for a function f of variables")
        if subject.gate is None:
            what = "this variable has no past: no gate made it" + (
                f" ({subject.name})" if subject.name else ""
            )
            raise GraphError(what, fix="give the result of a computation, such as the loss")
        return subject, None
    with recording(True):
        if isinstance(subject, Network):
            if len(inputs) != 2:
                what = f"a network is looked at with rows of inputs and targets; {len(inputs)} were given"
                raise ArgumentError(what, fix="find_nonfinite(network, x, t)")
            return subject.record(*inputs), "loss"
        if not callable(subject):
            what = f"find_nonfinite takes a variable, a network or a function, not {type(subject).__name__}"
            raise ArgumentError(
                what, fix="find_nonfinite(loss), find_nonfinite(network, x, t) or (f, *inputs)"
            )
        return _result_of(subject, inputs), None


def _result_of(f: Callable[..., Any], inputs: tuple[Any, ...]) -> Variable:
    names = _names(f)
    own = [
        Variable(value, name=names.get(position)) if _has_gradient(value) else value
        for position, value in enumerate(inputs)
    ]
    output = f(*own)
    if not isinstance(output, Variable) or output.gate is None:
        what = f"the function returned {type(output).__name__} that does not depend on its inputs"
        raise GraphError(what, fix="give it numbers or arrays of floats, and return one of its results")
    return output


def _names(f: Callable[..., Any]) -> Mapping[int, str]:
    """What f calls its inputs, by position."""
    try:
        parameters = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):  # NumPy's own functions have none
        return {}
    plain = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return dict(enumerate(plain))


def _has_gradient(value: Any) -> bool:
    """Python's numbers and arrays of floats; labels and indices stay what they are."""
    if isinstance(value, Variable | bool):
        return False
    return isinstance(value, int | float) or np.asarray(value).dtype.kind == "f"


def _report(place: Place, say: Words) -> NonFinite:
    hint = hint_of(place, say)
    return NonFinite(
        gate=place.gate.name if place.gate else None,
        variable=place.name,
        layer=place.layer,
        phase=place.phase,
        value=float(np.asarray(place.result)[place.index]),
        count=place.count,
        shape=np.shape(place.result),
        index=place.index,
        inputs=place.inputs(),
        cause=place.judged.cause,
        hint=hint,
        text="\n".join(filter(None, (where(place, say), given(place, say), hint))),
    )
