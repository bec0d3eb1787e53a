"""PyTorch: modules, ``autograd.Function``s, and functions of tensors. Their claim is what PyTorch's autograd gives."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...errors import UnsupportedError
from .._claim import Claim
from .._slopes import Array
from ._asked import Asked
from ._inputs import UNCLAIMED, Inputs, check_something_is_claimed, is_tensor
from ._live import Source, copied
from ._names import code_of, title_of


class _Session:
    def __init__(self, make: Callable[[], Any], inputs: Inputs, parameters: Sequence[str]) -> None:
        self._call, self._inputs = make(), inputs
        named = dict(self._call.named_parameters()) if is_module(self._call) else {}
        self._parameters = [named[name] for name in parameters]
        self._leaves: list[Any] = []
        self._out: Any = None

    def forward(self, values: Sequence[Array]) -> Any:
        torch = sys.modules["torch"]
        dtype = torch.from_numpy(np.empty(0, np.result_type(*values))).dtype
        if is_module(self._call):
            self._call.to(dtype)
        number = len(self._inputs.checked)
        # A module may work in place, which leaves do not allow: so it gets copies of them.
        self._leaves = [self._tensor(value).to(dtype).requires_grad_() for value in values[:number]]
        with torch.no_grad():
            for parameter, value in zip(self._parameters, values[number:], strict=True):
                parameter.copy_(self._tensor(value))
        constant = functools.partial(self._constant, dtype=dtype)
        self._out = self._call(*self._inputs.filled([leaf.clone() for leaf in self._leaves], constant))
        if not is_tensor(self._out):
            what = f"{title_of(self._call)} returned {type(self._out).__name__}; expected one tensor"
            raise UnsupportedError(what, fix="check a function that returns one of its parts")
        return self._out.detach().cpu().numpy().copy()

    def backward(self, dout: Any) -> list[Any]:
        """What autograd gives; None where nothing flows, which claims that the gradient is 0."""
        wanted = [*self._leaves, *self._parameters]
        if not self._out.requires_grad:
            return [None] * len(wanted)
        seed = self._tensor(dout).to(self._out.dtype).reshape(self._out.shape)
        autograd = sys.modules["torch"].autograd
        found = autograd.grad(self._out, wanted, seed, retain_graph=True, allow_unused=True)
        return [None if gradient is None else gradient.cpu().numpy().copy() for gradient in found]

    def _tensor(self, value: Any) -> Any:
        """A tensor of its own, where the module computes."""
        device = self._parameters[0].device if self._parameters else "cpu"
        return sys.modules["torch"].tensor(value, device=device)

    def _constant(self, value: Any, dtype: Any) -> Any:
        if not isinstance(value, np.ndarray):
            return value
        return self._tensor(value).to(dtype) if value.dtype.kind == "f" else self._tensor(value)


def is_module(thing: Any) -> bool:
    """Whether something is one of PyTorch's modules; without PyTorch there are none."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(thing, torch.nn.Module)


def is_pytorch(thing: Any, asked: Asked) -> bool:
    """A module, an ``autograd.Function`` or its ``apply``, or anything that is called with tensors."""
    return (
        is_module(thing)
        or _function_of(thing) is not None
        or (callable(thing) and any(map(is_tensor, asked.inputs)))
    )


def _function_of(thing: Any) -> Any:
    """The subclass of ``autograd.Function`` that something is, or is the ``apply`` of."""
    torch = sys.modules.get("torch")
    kind = thing if inspect.isclass(thing) else getattr(thing, "__self__", None)
    is_one = torch is not None and inspect.isclass(kind) and issubclass(kind, torch.autograd.Function)
    return kind if is_one else None


def claim_of_pytorch(thing: Any, asked: Asked, factory: Callable[[], Any] | None = None) -> Claim:
    """The claim of something of PyTorch.

    Inputs are taken in the precision of the module's parameters, since PyTorch does not mix them. Python's numbers are
    settings. Parameters with ``requires_grad`` off are not checked.
    factory  makes modules like it; needed only when they cannot be copied
    raises   UnsupportedError when it returns anything but one tensor, or the module cannot be copied
    """
    function = _function_of(thing)
    call = thing if function is None else function.apply
    inputs = _with_settings(_inputs_of(thing, asked), asked)
    parameters, frozen = _parameters_of(call)
    values = [_in_precision_of(parameters, value) for value in inputs.values]
    title = title_of(function or call)
    check_something_is_claimed(title, (*inputs.checked_names, *parameters), inputs)

    make = Source.of(call, factory).new if is_module(call) else functools.partial(copied, call)
    open_session = functools.partial(_Session, make, inputs, tuple(parameters))
    everything = (*values, *parameters.values())
    open_session().forward(everything)  # what it refuses, it refuses here
    own_names = (f"self.{name}" if name in inputs.names else name for name in parameters)
    methods = _methods_of(thing)
    return Claim(
        title,
        "pytorch",
        (*inputs.checked_names, *own_names),
        everything,
        open_session,
        len(parameters),
        skipped={**inputs.skipped, **frozen},
        code=code_of(**methods),
    )


def _methods_of(thing: Any) -> dict[str, Any]:
    function = _function_of(thing)
    if function is not None:
        return {"forward": function.forward, "backward": function.backward}
    return {"forward": thing.forward if is_module(thing) else thing}


def _inputs_of(thing: Any, asked: Asked) -> Inputs:
    """The inputs, named like the parameters of what takes them, without the ctx of an ``autograd.Function``."""
    forward = _methods_of(thing)["forward"]
    if _function_of(thing) is not None and len(inspect.signature(forward).parameters) > len(asked.inputs):
        forward = functools.partial(forward, None)
    return asked.inputs_of(forward)


def _parameters_of(call: Any) -> tuple[dict[str, Array], dict[str, str]]:
    """The parameters of a module that get a gradient, and why others get none."""
    named = dict(call.named_parameters()) if is_module(call) else {}
    values = {name: p.detach().cpu().numpy().copy() for name, p in named.items() if p.requires_grad}
    return values, {name: UNCLAIMED for name in named if name not in values}


def _with_settings(inputs: Inputs, asked: Asked) -> Inputs:
    """Python's numbers as they were given: PyTorch does not take tensors for them."""
    inputs = inputs.with_whole_numbers(asked.inputs)
    return inputs.claimed([None if isinstance(inputs.given[i], float) else 1 for i in inputs.checked])


def _in_precision_of(parameters: dict[str, Array], value: Array) -> Array:
    return value.astype(np.result_type(*parameters.values())) if parameters else value
