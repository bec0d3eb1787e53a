"""What each checker says of a subject at a point: chainrule, PyTorch's gradcheck and JAX's check_grads.

PyTorch and JAX get the code as their users would hand it over: forward and backward of NumPy inside an
`autograd.Function`, or behind `custom_vjp` and `pure_callback`. One object serves all calls, as it would in a program.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

import chainrule as cr

from .live import Live, values_of
from .subject import Point, Subject


class Verdict(NamedTuple):
    """Whether the code is called right, and why it is called wrong.

    kinds  the diagnoses, best first
    lines  the lines that are named
    """

    ok: bool
    kinds: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()


Checker = Callable[[Subject, Point], Verdict]


def chainrule(subject: Subject, point: Point) -> Verdict:
    """`check_gradients` of the thing itself."""
    report = cr.check_gradients(subject.thing(point.parameters), *point.inputs)
    kinds = tuple(diagnosis.kind for diagnosis in report.diagnoses)
    return Verdict(report.ok, kinds, tuple(place.text for place in report.places.values()))


def pytorch(subject: Subject, point: Point) -> Verdict:
    """`gradcheck`, in float64 as it asks for, and as it is set without arguments."""
    import torch

    live = Live(subject, point)

    class Function(torch.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, *tensors: Any) -> Any:
            out = live.forward([tensor.numpy() for tensor in tensors])
            ctx.live = copy.deepcopy(live)  # what was kept for this call, whatever the next one keeps
            return torch.as_tensor(np.array(out))

        @staticmethod
        def backward(ctx: Any, dout: Any) -> Any:
            gradients = ctx.live.backward(dout.numpy() if dout.ndim else float(dout))
            return tuple(torch.as_tensor(np.array(gradient)) for gradient in gradients)

    values = [np.array(value, dtype=np.float64) for value in values_of(subject, point)]
    tensors = [torch.tensor(value, requires_grad=True) for value in values]
    return _accepted(lambda: torch.autograd.gradcheck(Function.apply, tensors))


def jax(subject: Subject, point: Point) -> Verdict:
    """`check_grads` of first order in reverse mode, as it is set without arguments."""
    import jax as library
    from jax.test_util import check_grads

    library.config.update("jax_enable_x64", True)
    live = Live(subject, point)
    values = values_of(subject, point)
    expected = np.asarray(Live(subject, point).forward([value.copy() for value in values]))
    shapes = [library.ShapeDtypeStruct(value.shape, value.dtype) for value in values]

    def run(*arrays: Any) -> Any:
        return np.asarray(live.forward(_plain(arrays)), dtype=expected.dtype)

    def run_back(dout: Any, *arrays: Any) -> Any:
        live.forward(_plain(arrays))
        gradients = live.backward(np.array(dout) if np.ndim(dout) else float(dout))
        return tuple(np.asarray(g, dtype=v.dtype) for g, v in zip(gradients, values, strict=True))

    def value(*arrays: Any) -> Any:
        return library.pure_callback(run, library.ShapeDtypeStruct(expected.shape, expected.dtype), *arrays)

    def back(arrays: Any, dout: Any) -> Any:
        return tuple(library.pure_callback(run_back, tuple(shapes), dout, *arrays))

    f = library.custom_vjp(value)
    f.defvjp(lambda *arrays: (f(*arrays), arrays), back)
    return _accepted(lambda: check_grads(f, tuple(values), order=1, modes=("rev",)))


def _plain(arrays: Sequence[Any]) -> list[Any]:
    return [np.array(array) for array in arrays]


def _accepted(check: Callable[[], object]) -> Verdict:
    """Whatever a checker raises, it does not accept the code."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            check()
    except Exception:
        return Verdict(False)
    return Verdict(True)


CHECKERS: dict[str, Checker] = {"chainrule": chainrule, "PyTorch gradcheck": pytorch, "JAX check_grads": jax}
