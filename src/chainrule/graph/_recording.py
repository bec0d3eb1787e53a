"""Define-by-run: a gate is run at once, and the application is kept in the variable that comes out."""

from __future__ import annotations

import contextvars
import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy import ndarray

from .. import gates
from ..errors import ArgumentError, ChainruleError, DTypeError, GraphError, ShapeError, UnsupportedError
from ..gates import Gate
from ._fingerprint import fingerprint
from ._quiet import quiet
from ._values import as_float, constant, has_gradient, namespace_of
from ._variable import Variable, describe, next_number

_recording: contextvars.ContextVar[bool] = contextvars.ContextVar("recording", default=True)
_tracing: contextvars.ContextVar[bool] = contextvars.ContextVar("tracing", default=False)
is_recording, is_tracing = _recording.get, _tracing.get
_new = object.__new__
_NUMBERS = frozenset((float, int, bool))
_NUMPYS = _NUMBERS | {ndarray, np.float64, np.float32}  # the usual ones, to spare a longer look

_WHOLE = {gates.astype, gates.sum, gates.max, gates.min}  # right for whole numbers: a count stays a count


@contextmanager
def recording(on: bool) -> Iterator[None]:
    """Within it gate applications are recorded, or not, whatever holds around it."""
    token = _recording.set(on)
    try:
        yield
    finally:
        _recording.reset(token)


@contextmanager
def tracing() -> Iterator[None]:
    """Within it everything is recorded, to be run again on other numbers; so no number may be read out of a variable.

    >>> with tracing():
    ...     Variable(3.0).value
    Traceback (most recent call last):
    chainrule.errors.GraphError: the value of a variable was read while a step was being recorded; ...
    """
    token = _tracing.set(True)
    try:
        with recording(True):
            yield
    finally:
        _tracing.reset(token)


def baked_in(what: str, fix: str) -> GraphError:
    """The error for what a recorded step cannot repeat.

    what   what was done with the numbers of a variable, in the past tense
    """
    why = "the recorded step would use the numbers of this first mini-batch for ever"
    return GraphError(f"{what} while a step was being recorded; {why}", fix=fix)


@contextmanager
def no_grad() -> Iterator[None]:
    """Within it nothing is recorded: results are variables without a past. It holds for this thread only.

    raises   GraphError while a step is being recorded, which is made of nothing but what is recorded

    >>> x = Variable(3.0)
    >>> with no_grad():
    ...     y = x * x
    >>> y.gate is None
    True
    """
    if is_tracing():
        raise baked_in(
            "no_grad() was entered", "leave it out; gradients_of follows only the variables it is given"
        )
    with recording(False):
        yield


def new_variable(value: Any, name: str | None = None) -> Variable:
    """A leaf with any value at all: booleans of a comparison, labels of a mini-batch."""
    variable = _new(Variable)
    variable._value = value
    variable.number = next_number()
    if name is not None:
        variable.name = name
    return variable


def apply(gate: Gate, *inputs: Any, **settings: Any) -> Any:
    """Run a gate on variables, arrays and numbers, and record it if one of them is a variable.

    returns  a `Variable`, or a plain value when no input is a variable
    raises   ShapeError when the shapes do not fit; DTypeError when an input is no number; what the gate checks

    >>> apply(cr.gates.multiply, Variable(2.0), 3)
    Variable(6.0)
    """
    asked = tuple([type(i) is Variable for i in inputs])
    values = tuple([i._value if type(i) is Variable else constant(i) for i in inputs])
    if settings:
        settings = {name: _frozen(gate, name, value) for name, value in settings.items()}
    kinds = set(map(type, values))
    numbers = kinds <= _NUMBERS
    if not numbers and _has_no_float(values):
        whole = _to_convert(gate, values)
        if whole:
            return apply(
                gate, *(_as_float64(i) if at in whole else i for at, i in enumerate(inputs)), **settings
            )
    if gate.check is not None and int in kinds:  # a label: the rules too ask how many axes it has
        values = tuple([np.asarray(v) if type(v) is int else v for v in values])
    if numbers and gate.check is None:
        out, kept = _run_numbers(gate, values, settings, inputs), ()
    else:
        out, kept = _run_arrays(
            gate, np if kinds <= _NUMPYS else namespace_of(values), values, settings, inputs
        )
        if numbers:
            out = float(out)
        elif type(out) is float:  # which comes from Python's numbers alone; the backward pass relies on it
            out = np.float64(out)
    if True not in asked:
        return out
    if not _recording.get():
        return new_variable(out)
    if False in asked:  # constants as they were taken: arrays, not lists
        inputs = tuple([i if type(i) is Variable else value for i, value in zip(inputs, values, strict=True)])
    return _record(gate, inputs, values, asked, settings, out, kept)


applied: Callable[..., Variable] = apply  # where one of the inputs surely is a variable


def _has_no_float(values: tuple[Any, ...]) -> bool:
    for value in values:
        if value.dtype.kind == "f" if type(value) is ndarray else has_gradient(value):
            return False
    return True


def _to_convert(gate: Gate, values: tuple[Any, ...]) -> list[int]:
    """Which whole or boolean arrays to compute with as float64, where no input is floating: uint8 would overflow.

    Not those without a rule (conditions), and of a loss not the targets, which may be class numbers.
    """
    if gate in _WHOLE or gate.kind in ("comparison", "shape"):
        return []
    rules = zip(range(1 if gate.kind == "loss" else len(values)), gate.ordered_rules, strict=False)
    return [at for at, rule in rules if rule and type(values[at]) not in _NUMBERS]


def _as_float64(whole: Any) -> Any:
    """The conversion as a gate, so that a recorded step repeats it."""
    value = whole._value if type(whole) is Variable else constant(whole)
    return apply(gates.astype, whole, dtype=namespace_of((value,)).float64)


def apply_two(gate: Gate, x: Any, y: Any) -> Variable:
    """`apply` for an operator, with a short way for two numbers."""
    a = x._value if type(x) is Variable else x
    b = y._value if type(y) is Variable else y
    if (type(a) is float or type(a) is int) and (type(b) is float or type(b) is int):
        try:
            out = gate.forward(np, a, b)
        except ArithmeticError:
            return applied(gate, x, y)
        if type(out) is float and _recording.get():
            variable = _new(Variable)
            variable._value = out
            variable.gate = gate
            variable.inputs = (x, y)
            variable._values = (a, b)
            variable.number = next_number()
            return variable
    return applied(gate, x, y)


def _run_numbers(
    gate: Gate, values: tuple[Any, ...], settings: Mapping[str, Any], inputs: tuple[Any, ...]
) -> Any:
    """Forward on Python's numbers, which stay Python's numbers."""
    try:
        return quiet.run(run_gate, gate, values, settings)
    except (TypeError, ValueError, IndexError, AttributeError):
        out, _ = _run_arrays(gate, np, tuple(map(np.asarray, values)), settings, inputs)
    return _as_number(gate, out)


def run_gate(gate: Gate, values: tuple[Any, ...], settings: Mapping[str, Any]) -> Any:
    """A gate's forward on plain values, as a graph and every engine that uses NumPy run it, within `quiet`.

    Python's numbers stay Python's numbers, which no float32 array turns into float64 beside them; and where Python
    raises (1 / 0) or leaves the real numbers, IEEE 754 answers.

    returns  the result, with what the gate keeps if it keeps anything

    >>> quiet.run(run_gate, cr.gates.divide, (1.0, 0.0), {})
    inf
    """
    try:
        out = gate.forward(np, *values, **settings)
    except ArithmeticError:
        if not _NUMBERS.issuperset(map(type, values)):
            raise
        out = gate.forward(np, *map(np.float64, map(as_float, values)), **settings)
    if type(out) is float or (type(out) is ndarray and out.ndim):  # the usual ones, to spare a longer look
        return out
    return _as_number(gate, out) if _NUMBERS.issuperset(map(type, values)) else out


def _as_number(gate: Gate, out: Any) -> Any:
    """The result of Python's numbers as one of Python's numbers."""
    if gate.kind == "comparison":
        return bool(out)
    if isinstance(out, complex):  # Python's (-8.0) ** 0.5; a real power of a negative number is NaN
        return float("nan")
    if isinstance(out, tuple) or np.ndim(out) or getattr(out, "dtype", np.float64) != np.float64:
        return out
    return float(out)


def _run_arrays(
    gate: Gate, xp: Any, values: tuple[Any, ...], settings: Mapping[str, Any], inputs: tuple[Any, ...]
) -> Any:
    """Forward on arrays: ``(out, kept)``."""
    try:
        if gate.check is not None:
            values = tuple([v if hasattr(v, "dtype") else xp.asarray(v) for v in values])
        if hasattr(xp, "run_gate"):  # arrays without numbers, of which there is nothing to check
            out = xp.run_gate(gate, values, settings)
        else:
            if gate.check is not None:
                gate.check(xp, *values)
            out = quiet.run(gate.forward, xp, *values, **settings)
    except ChainruleError:
        raise
    except (ValueError, TypeError, IndexError, AttributeError, OverflowError) as problem:
        given = ", ".join(
            f"{describe(i)} of shape {np.shape(v)}" for i, v in zip(inputs, values, strict=True)
        )
        raise _refusal(gate, given, values, settings, problem) from None
    return (out[0], tuple(out[1:])) if gate.keeps else (out, ())


def _refusal(
    gate: Gate, given: str, values: tuple[Any, ...], settings: Mapping[str, Any], problem: Exception
) -> Exception:
    """What to raise for what NumPy or Python raised when a gate was run."""
    signature = inspect.signature(gate.forward)
    try:
        signature.bind(np, *values, **settings)
    except TypeError as wrong_call:
        parameters = list(signature.parameters.values())[1:]
        call = signature.replace(parameters=parameters, return_annotation=signature.empty)
        return TypeError(f"the gate {gate.name} is called as {gate.name}{call}: {wrong_call}")
    if isinstance(problem, OverflowError):
        return ArgumentError(f"the gate {gate.name} was given a whole number that does not fit a float")
    kind = DTypeError if gate.kind == "comparison" and isinstance(problem, TypeError) else ShapeError
    chosen = f" with {', '.join(f'{k}={v!r}' for k, v in settings.items())}" if settings else ""
    error = kind(f"the gate {gate.name} cannot take {given}{chosen}: {str(problem).strip()}")
    if kind is ShapeError and not settings:
        if gate.name == "matmul" and any(np.ndim(v) == 0 for v in values):
            return error.told_as("parse", "matmul_of_number")
        shapes = ", ".join(str(np.shape(v)) for v in values)
        return error.told_as("parse", "shapes", gate=gate.name, shapes=shapes)
    return error


def _record(
    gate: Gate,
    inputs: tuple[Any, ...],
    values: tuple[Any, ...],
    asked: tuple[bool, ...],
    settings: Mapping[str, Any],
    out: Any,
    kept: tuple[Any, ...],
) -> Variable:
    if type(out) is ndarray:
        for value in values:
            if value is out:  # an identity: the input's memory, but this view of it cannot be written
                out = out.view()
        out.setflags(write=False)  # nobody may change what the graph still needs
    variable = _new(Variable)
    variable._value = out
    variable.gate = gate
    variable.inputs = inputs
    variable._values = values
    variable.number = next_number()
    if settings:
        variable.settings = settings
    if kept:
        variable.kept = kept
    needed = gate.needed_for(asked)
    if True in needed:
        watched = [
            (position, fingerprint(value))
            for position, value in enumerate(values)
            if needed[position] and type(value) is ndarray and _can_change(value)
        ]
        if watched:
            variable._watched = tuple(watched)
    return variable


def _can_change(array: np.ndarray[Any, Any]) -> bool:
    """Whether anybody can write into the memory of an array: through it, or through what it is a view of."""
    if array.flags.writeable:
        return True
    owner = array.base
    return owner is not None and not (
        isinstance(owner, ndarray) and owner.flags.owndata and not owner.flags.writeable
    )


def check_unchanged(variable: Variable) -> None:
    """Refuse to go on if an array that the rules of this application need was changed in place."""
    for position, before in variable._watched:
        if fingerprint(variable._values[position]) != before:
            assert variable.gate is not None
            raise GraphError(
                f"{describe(variable.inputs[position])} was changed in place after the gate {variable.gate.name} "
                "used it, and before the backward pass that still needs it",
                fix="call backward() before changing it, or change a copy",
            )


def _frozen(gate: Gate, name: str, value: Any) -> Any:
    """A setting that nobody can change later: the backward pass needs it as it was."""
    if name == "index":
        return _frozen_index(value)
    if type(value) is Variable:
        what = f"{name} is a setting of the gate {gate.name}; no gradient flows to it, so it cannot be a variable"
        raise UnsupportedError(what, fix=f"{name}=….value")
    return tuple(value) if isinstance(value, list) else value


def _frozen_index(index: Any) -> Any:
    """An index without variables in it, since it has no gradient, and without arrays of the caller's."""
    if isinstance(index, tuple):
        return tuple(map(_frozen_index, index))
    if isinstance(index, Variable):
        if is_tracing():
            fix = "np.where chooses element by element, cr.softmax_with_loss by labels"
            raise baked_in(f"{describe(index)} was used as an index", fix)
        index = index._value
    if isinstance(index, list):
        return np.array(index) if index else np.array(index, dtype=np.intp)
    return index.copy() if isinstance(index, ndarray) else index
