"""Arrays without numbers: a gate's own code, run on them, says which primitive operations it is made of.

They obey the part of the array API standard that gates use, with NumPy's promotion of dtypes (NEP 50).
https://data-apis.org/array-api, https://numpy.org/neps/nep-0050-scalar-promotion.html
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from .. import gates
from ..errors import GraphError
from ..gates import Gate
from ..graph import Dimension, quiet
from ._abstract_images import Images
from ._calls import call_nodes
from ._node import Node, Shape, number_node

_BOOL, _INT, _FLOAT = np.dtype(np.bool_), np.dtype(np.int64), np.dtype(np.float64)


class AbstractArray:
    """An array of which shape and dtype are known, and how its numbers would be computed.

    >>> from chainrule.engines._node import input_node
    >>> x = AbstractArray(input_node("x", (2, 3), np.float32))
    >>> y = xp.exp(x) * 2.0
    >>> y.shape, y.dtype, y.node.op
    ((2, 3), dtype('float32'), 'multiply')
    """

    __slots__ = ("node",)

    def __init__(self, node: Node) -> None:
        self.node = node

    @property
    def shape(self) -> Shape:
        return self.node.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.node.dtype

    @property
    def ndim(self) -> int:
        return len(self.node.shape)

    @property
    def size(self) -> int:
        return math.prod(self.node.shape)

    @property
    def mT(self) -> AbstractArray:
        order = range(self.ndim)
        turned: AbstractArray = xp.permute_dims(self, (*order[:-2], order[-1], order[-2]))
        return turned

    __array_ufunc__ = None  # NumPy's arrays and numbers leave operators to this class

    def __array__(self, *args: Any, **settings: Any) -> Any:
        raise TypeError("an array without numbers is no array of NumPy's")

    def __array_namespace__(self, api_version: str | None = None) -> Any:
        return xp

    def __repr__(self) -> str:
        return f"AbstractArray(shape={self.shape}, dtype={self.dtype})"

    def __getitem__(self, index: Any) -> AbstractArray:
        return _select(self, index)

    def __bool__(self) -> bool:
        raise GraphError("a number that is not known yet decided something in Python (if, and, or, not)")

    __hash__ = object.__hash__

    def __neg__(self) -> Any:
        return _elementwise("negative", self)

    def __abs__(self) -> Any:
        return _elementwise("absolute", self)

    def __invert__(self) -> Any:
        return _elementwise("logical_not", self, out=_BOOL)


def _install_operators() -> None:
    def operator(name: str, out: Any, swapped: bool) -> Callable[[AbstractArray, Any], Any]:
        def method(self: AbstractArray, other: Any) -> Any:
            return _elementwise(name, *((other, self) if swapped else (self, other)), out=out)

        return method

    arithmetic = {"add": "add", "sub": "subtract", "mul": "multiply", "truediv": "divide", "pow": "power"}
    for short, name in arithmetic.items():
        setattr(AbstractArray, f"__{short}__", operator(name, None, False))
        setattr(AbstractArray, f"__r{short}__", operator(name, None, True))
    logic = {"and": "logical_and", "or": "logical_or"}
    comparisons = {"eq": "equal", "ne": "not_equal", "lt": "less", "le": "less_equal", "gt": "greater"}
    for short, name in {**logic, **comparisons, "ge": "greater_equal"}.items():
        setattr(AbstractArray, f"__{short}__", operator(name, _BOOL, False))
    for short, name in logic.items():
        setattr(AbstractArray, f"__r{short}__", operator(name, _BOOL, True))
    setattr(AbstractArray, "__matmul__", lambda x, y: _matmul(x, y))  # noqa: B010
    setattr(AbstractArray, "__rmatmul__", lambda y, x: _matmul(x, y))  # noqa: B010


class _Namespace(Images):
    """The functions of the array API standard that gates use."""

    float32, float64, int64, uint32 = np.dtype(np.float32), _FLOAT, _INT, np.dtype(np.uint32)
    pi, e, inf, nan = math.pi, math.e, math.inf, math.nan
    newaxis = None

    isdtype = staticmethod(np.isdtype)

    def run_gate(self, gate: Gate, values: tuple[Any, ...], settings: Mapping[str, Any]) -> Any:
        """A gate's forward; one that is not made of primitives stays as it is, an operation of its own."""
        if gate.kind != "collective":
            with suppress(Exception):
                return quiet.run(gate.forward, self, *values, **settings)
        kept = map(AbstractArray, call_nodes(gate, tuple(_array(v).node for v in values), settings))
        return tuple(kept) if gate.keeps else next(kept)

    def asarray(self, x: Any, *, dtype: Any = None, copy: Any = None) -> Any:
        array = _array(x)
        return array if dtype is None else AbstractArray(_converted(array.node, np.dtype(dtype)))

    def abs(self, x: Any) -> Any:
        return _elementwise("absolute", x)

    def clip(self, x: Any, low: Any = None, high: Any = None) -> Any:
        x = x if low is None else _elementwise("maximum", x, low)
        return x if high is None else _elementwise("minimum", x, high)

    def zeros_like(self, x: Any, *, dtype: Any = None) -> Any:
        return self.full_like(x, 0, dtype=dtype)

    def ones_like(self, x: Any, *, dtype: Any = None) -> Any:
        return self.full_like(x, 1, dtype=dtype)

    def full_like(self, x: Any, value: Any, *, dtype: Any = None) -> Any:
        x = _array(x)
        weak = x.node.weak and dtype is None
        return AbstractArray(_broadcast(number_node(value, dtype or x.dtype, weak=weak), x.shape))

    def arange(self, stop: int) -> Any:
        return AbstractArray(Node("arange", (), (stop,), _INT))

    def sum(self, x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
        return _reduce("sum", x, axis, keepdims)

    def max(self, x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
        return _reduce("max", x, axis, keepdims)

    def min(self, x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
        return _reduce("min", x, axis, keepdims)

    def reshape(self, x: Any, shape: Any) -> Any:
        x = _array(x)
        shape = (shape,) if isinstance(shape, int) else tuple(shape)
        if -1 in shape:
            known = math.prod(n for n in shape if n != -1)
            shape = tuple(x.size // known if n == -1 else n for n in shape)
        if math.prod(shape) != x.size:
            raise ValueError(f"cannot reshape array of shape {x.shape} into shape {shape}")
        return x if shape == x.shape else AbstractArray(_view("reshape", x.node, shape))

    def permute_dims(self, x: Any, axes: Sequence[int]) -> Any:
        x = _array(x)
        axes = tuple(a % x.ndim for a in axes)
        if sorted(axes) != list(range(x.ndim)):
            raise ValueError("axes don't match array")
        shape = tuple(x.shape[a] for a in axes)
        return AbstractArray(_view("transpose", x.node, shape, axes=axes))

    def broadcast_to(self, x: Any, shape: Any) -> Any:
        shape = (shape,) if isinstance(shape, int) else tuple(shape)
        x = _array(x)
        if _broadcast_shape([x.shape, shape]) != shape:
            raise ValueError(f"cannot broadcast {x.shape} to {shape}")
        return AbstractArray(_broadcast(x.node, shape))

    def expand_dims(self, x: Any, *, axis: int = 0) -> Any:
        x = _array(x)
        if not -x.ndim - 1 <= axis <= x.ndim:
            raise IndexError(f"axis {axis} is out of bounds for a new axis of {x.ndim}")
        axis %= x.ndim + 1
        return self.reshape(x, (*x.shape[:axis], 1, *x.shape[axis:]))

    def concat(self, arrays: Sequence[Any], *, axis: int = 0) -> Any:
        parts = [_array(a) for a in arrays]
        axis %= parts[0].ndim
        shapes = [p.shape[:axis] + p.shape[axis + 1 :] for p in parts]
        if any(shape != shapes[0] for shape in shapes):
            raise ValueError("all the input array dimensions except for the concatenation axis must match")
        length = sum((p.shape[axis] for p in parts[1:]), parts[0].shape[axis])
        shape = (*parts[0].shape[:axis], length, *parts[0].shape[axis + 1 :])
        dtype = np.result_type(*(p.dtype for p in parts))
        return AbstractArray(
            Node("concat", tuple(_converted(p.node, dtype) for p in parts), shape, dtype, {"axis": axis})
        )

    def stack(self, arrays: Sequence[Any], *, axis: int = 0) -> Any:
        axis %= _array(arrays[0]).ndim + 1
        return self.concat([self.expand_dims(a, axis=axis) for a in arrays], axis=axis)

    def add_rows(self, y: Any, ids: Any, *, count: int) -> Any:
        return AbstractArray(
            *call_nodes(gates.add_rows, (_array(y).node, _array(ids).node), {"count": count})
        )

    def scatter_add(self, y: Any, index: Any, shape: Shape) -> Any:
        return AbstractArray(*call_nodes(gates.scatter, (_array(y).node,), {"index": index, "shape": shape}))


def _install_functions() -> None:
    def function(name: str, out: Any) -> Callable[..., Any]:
        return staticmethod(lambda *args: _elementwise(name, *args, out=out))

    for name in "exp expm1 log log1p sqrt sin cos tanh erf sign maximum minimum power where murmur3".split():
        setattr(_Namespace, name, function(name, None))
    for name in "isfinite isnan logical_and logical_or logical_not".split():
        setattr(_Namespace, name, function(name, _BOOL))


_FLOATING = frozenset("divide exp expm1 log log1p sqrt sin cos tanh erf".split())


def _array(x: Any) -> AbstractArray:
    """Python's and NumPy's numbers and arrays as constants."""
    if isinstance(x, AbstractArray):
        return x
    if isinstance(x, bool | np.bool_):
        return AbstractArray(number_node(bool(x), _BOOL))
    if isinstance(x, int):
        return AbstractArray(number_node(x, _INT, weak=True))
    if type(x) is float:
        return AbstractArray(number_node(x, _FLOAT, weak=True))
    array = np.asarray(x)
    if array.ndim == 0:
        return AbstractArray(number_node(array.item(), array.dtype))
    if array.ndim == 1 and array.dtype == _INT and np.array_equal(array, np.arange(array.size)):
        return xp.arange(array.size)  # type: ignore[no-any-return]
    return AbstractArray(Node("constant", (), array.shape, array.dtype, {"value": array}))


def _elementwise(op: str, *operands: Any, out: Any = None) -> AbstractArray:
    nodes = [_array(x).node for x in operands]
    shape = _broadcast_shape([node.shape for node in nodes])
    chosen = nodes[1:] if op == "where" else nodes
    dtype, weak = _common(chosen)
    if op in ("logical_and", "logical_or", "logical_not"):
        dtype = _BOOL
    elif op in _FLOATING and dtype.kind != "f":
        dtype = _FLOAT
    args = [_broadcast(_converted(node, dtype), shape) for node in chosen]
    if op == "where":
        args.insert(0, _broadcast(_converted(nodes[0], _BOOL), shape))
    return AbstractArray(Node(op, tuple(args), shape, out or dtype, {}, weak and out is None))


def _common(nodes: list[Node]) -> tuple[np.dtype[Any], bool]:
    """The dtype in which an operation computes, and whether only Python's numbers take part."""
    strong = [node.dtype for node in nodes if not node.weak]
    weak = [node.dtype for node in nodes if node.weak]
    if not strong:
        return np.result_type(*weak), True
    dtype = np.result_type(*strong)
    kinds = "biuf"
    if weak and max(kinds.index(w.kind) for w in weak) > kinds.index(dtype.kind) + (dtype.kind == "i"):
        dtype = np.result_type(*weak, *([] if dtype == _BOOL else [dtype]))
    return dtype, False


def _converted(node: Node, dtype: np.dtype[Any]) -> Node:
    if node.dtype == dtype:
        return node
    if node.op == "number":
        return number_node(node.settings["value"], dtype)
    if node.op == "broadcast":
        return _broadcast(_converted(node.args[0], dtype), node.shape)
    return Node("astype", (node,), node.shape, dtype)


def _broadcast_shape(shapes: list[Shape]) -> Shape:
    """NumPy's rule, https://numpy.org/doc/stable/user/basics.broadcasting.html"""
    ndim = max(map(len, shapes))
    lengths = []
    for column in zip(*((1,) * (ndim - len(s)) + tuple(s) for s in shapes), strict=True):
        long = [n for n in column if n != 1]
        if any(n != long[0] for n in long):
            raise ValueError(f"operands could not be broadcast together with shapes {shapes}")
        lengths.append(long[0] if long else 1)
    return tuple(lengths)


def _broadcast(node: Node, shape: Shape) -> Node:
    return node if node.shape == shape else _view("broadcast", node, shape)


def _view(op: str, node: Node, shape: Shape, **settings: Any) -> Node:
    return Node(op, (node,), shape, node.dtype, settings, node.weak)


def _reduce(op: str, x: Any, axis: Any, keepdims: bool) -> Any:
    x = _array(x)
    axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    if any(not -x.ndim <= a < x.ndim for a in axes):
        raise np.exceptions.AxisError(f"axis {axis} is out of bounds for array of dimension {x.ndim}")
    axes = tuple(sorted({a % x.ndim for a in axes}))
    node = x.node
    if op == "sum" and node.dtype.kind in "biu":  # NumPy counts in its longest whole numbers
        node = _converted(node, np.sum(np.empty(0, node.dtype)).dtype)
    if axes:
        kept = tuple(1 if i in axes else n for i, n in enumerate(x.shape))
        node = Node(op, (node,), kept, node.dtype, {"axes": axes})
    if keepdims:
        return AbstractArray(node)
    return xp.reshape(AbstractArray(node), tuple(n for i, n in enumerate(x.shape) if i not in axes))


def _matmul(x: Any, y: Any) -> Any:
    x, y = _array(x), _array(y)
    if not x.ndim or not y.ndim:
        raise ValueError("matmul: an input has no axis")
    vectors = x.ndim == 1, y.ndim == 1
    if vectors[0]:
        x = xp.reshape(x, (1, *x.shape))
    if vectors[1]:
        y = xp.reshape(y, (*y.shape, 1))
    if x.shape[-1] != y.shape[-2]:
        raise ValueError(f"matmul: {x.shape[-1]} columns do not meet {y.shape[-2]} rows")
    dtype, _ = _common([x.node, y.node])
    lead = _broadcast_shape([x.shape[:-2], y.shape[:-2]])
    nodes = tuple(_broadcast(_converted(a.node, dtype), (*lead, *a.shape[-2:])) for a in (x, y))
    shape = (*lead, x.shape[-2], y.shape[-1])
    product = AbstractArray(Node("matmul", nodes, shape, dtype))
    kept = [n for n, vector in zip(shape[-2:], vectors, strict=True) if not vector]
    return xp.reshape(product, (*lead, *kept))


def _select(x: AbstractArray, index: Any) -> AbstractArray:
    parts = index if isinstance(index, tuple) else (index,)
    if not all(p is None or p is Ellipsis or isinstance(p, int | np.integer | slice) for p in parts):
        return AbstractArray(*call_nodes(gates.getitem, (x.node,), {"index": index}))
    named = sum(p is not None and p is not Ellipsis for p in parts)
    if named > x.ndim:
        raise IndexError(f"too many indices: {x.ndim} axes, {named} indices")
    rest = (slice(None),) * (x.ndim - named)
    if Ellipsis in parts:
        at = parts.index(Ellipsis)
        parts = (*parts[:at], *rest, *parts[at + 1 :])
    else:
        parts = (*parts, *rest)
    lengths = iter(x.shape)
    steps, middle, final = [], [], []
    for part in parts:
        if part is None:
            final.append(1)
            continue
        length = next(lengths)
        if isinstance(part, slice):
            start, count, step = _span(part, length)
            final.append(count)
        else:
            if not -length <= part < length:
                raise IndexError(f"index {part} is out of bounds for an axis of {length}")
            start, count, step = (part if part >= 0 else length + int(part)), 1, 1
        steps.append((start, step))
        middle.append(count)
    node = x.node
    if any(step != (0, 1) for step in steps) or tuple(middle) != x.shape:
        node = _view("slice", node, tuple(middle), start=tuple(steps))
    return xp.reshape(AbstractArray(node), tuple(final))  # type: ignore[no-any-return]


def _span(part: slice, length: int) -> tuple[int, int, int]:
    """Start, count and step of a slice of an axis."""
    if part == slice(None):
        return 0, length, 1
    if isinstance(length, Dimension) and not _is_plain(part):
        raise NotImplementedError("a slice of an axis whose length is not known yet")
    start, stop, step = part.indices(length)
    count = max(0, -((start - stop) // step)) if step > 0 else max(0, -((stop - start) // -step))
    return start, count, step


def _is_plain(part: slice) -> bool:
    """From the front, of a length of its own: it means the same whatever the length of the axis."""
    return part.step in (None, 1) and part.stop is not None and part.stop >= 0 and (part.start or 0) >= 0


_install_operators()
_install_functions()
xp = _Namespace()
"""The namespace of abstract arrays."""
