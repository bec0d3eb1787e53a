"""Gates that compute, as ONNX operators."""

from __future__ import annotations

from ... import gates
from ._pairs import PAIRS
from ._translation import TRANSLATIONS, Application, Translation, translation
from ._writer import Writer


def _as_it_is(operator: str) -> Translation:
    def write_pair(w: Writer, a: Application) -> str:
        attributes = {name: value for name, value in a.settings.items() if value != a.gate.defaults.get(name)}
        return w.node(operator, *a.inputs, **attributes)

    return write_pair


TRANSLATIONS.update({gate: _as_it_is(name) for gate, name in PAIRS.items()})


@translation(gates.square)
def _square(w: Writer, a: Application) -> str:
    return w.node("Mul", *a.inputs, *a.inputs)


@translation(gates.expm1)
def _expm1(w: Writer, a: Application) -> str:
    return w.node("Sub", w.node("Exp", *a.inputs), w.constant(1, a.dtype))


@translation(gates.log1p)
def _log1p(w: Writer, a: Application) -> str:
    return w.node("Log", w.node("Add", *a.inputs, w.constant(1, a.dtype)))


@translation(gates.silu)
def _silu(w: Writer, a: Application) -> str:
    return w.node("Mul", *a.inputs, w.node("Sigmoid", *a.inputs))


@translation(gates.gelu)
def _gelu(w: Writer, a: Application) -> str:
    return w.node("Gelu", *a.inputs, since=20)


@translation(gates.not_equal)
def _not_equal(w: Writer, a: Application) -> str:
    return w.node("Not", w.node("Equal", *a.inputs))


@translation(gates.isfinite)
def _isfinite(w: Writer, a: Application) -> str:
    return w.node("Not", w.node("Or", w.node("IsNaN", *a.inputs), w.node("IsInf", *a.inputs)))


@translation(gates.clip)
def _clip(w: Writer, a: Application) -> str:
    bounds = [a.settings["low"], a.settings["high"]]
    return w.node("Clip", *a.inputs, *("" if b is None else w.constant(b, a.dtype) for b in bounds))


@translation(gates.astype)
def _astype(w: Writer, a: Application) -> str:
    return w.cast(a.inputs[0], a.settings["dtype"])


def _reduction(operator: str) -> Translation:
    def write_reduction(w: Writer, a: Application) -> str:
        axis = a.settings["axis"]
        axes = () if axis is None else (w.whole(*(axis if isinstance(axis, tuple) else (axis,))),)
        return w.node(operator, *a.inputs, *axes, keepdims=int(a.settings["keepdims"]))

    return write_reduction


for _gate, _name in {
    gates.sum: "ReduceSum",
    gates.mean: "ReduceMean",
    gates.max: "ReduceMax",
    gates.min: "ReduceMin",
    gates.logsumexp: "ReduceLogSumExp",
}.items():
    translation(_gate)(_reduction(_name))
