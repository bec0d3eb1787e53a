"""What compiled code finds at addresses: arrays that somebody else owns, and C functions."""

from __future__ import annotations

from typing import Any


def compiled_names() -> dict[str, object]:
    """What compiled text calls; Numba is imported here, since code from the cache does without it."""
    from numba.extending import intrinsic

    functions = {
        "array_at": _array_at,
        "call_gate": _call_gate,
        "fetch": _fetch,
        "reshaped": _reshaped,
    }
    return {name: intrinsic(function) for name, function in functions.items()}


def fetch(data: Any, rows: Any, at: int) -> None:
    """Nothing is fetched where nothing is fast."""


def reshaped(array: Any, shape: tuple[int, ...]) -> Any:
    """The same memory, counted otherwise."""
    return array.reshape(shape)


PLAIN_NAMES: dict[str, object] = {"fetch": fetch, "reshaped": reshaped}


def _fetch(typing: Any, data: Any, rows: Any, at: Any) -> Any:
    """``fetch(data, rows, at)``: let the processor get row ``rows[at]``, if there is one, while it does something else.

    Rows of a mini-batch lie all over memory, and waiting for them would take as long as converting them.
    """
    from llvmlite import ir
    from numba import types
    from numba.core import cgutils

    word, half = ir.IntType(64), ir.IntType(32)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, args[0])
        chosen = context.make_array(signature.args[1])(context, builder, args[1])
        with builder.if_then(
            builder.icmp_signed("<", args[2], cgutils.unpack_tuple(builder, chosen.shape, 1)[0])
        ):
            stride = cgutils.unpack_tuple(builder, array.strides, signature.args[0].ndim)[0]
            row = builder.mul(builder.load(builder.gep(chosen.data, [args[2]])), stride)
            start = builder.add(builder.ptrtoint(array.data, word), row)
            pointer = ir.IntType(8).as_pointer()
            kind = ir.FunctionType(ir.VoidType(), [pointer, half, half, half])
            prefetch = builder.module.declare_intrinsic("llvm.prefetch", [pointer], kind)
            with cgutils.for_range_slice(builder, word(0), stride, word(64), word) as (offset, _):
                where = builder.inttoptr(builder.add(start, offset), pointer)
                builder.call(prefetch, [where, half(0), half(3), half(1)])
        return context.get_dummy_value()

    return types.none(data, rows, types.int64), emit


def _array_at(typing: Any, address: Any, shape: Any, dtype: Any) -> Any:
    """``array_at(address, shape, dtype)``: a C-contiguous array; what it lies in stays the owner's.

    shape  a length or a tuple of lengths
    """
    from numba import types
    from numba.core.typing.npydecl import parse_dtype

    kind = types.Array(parse_dtype(dtype), len(_lengths(shape)), "C")

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = builder.inttoptr(args[0], context.get_data_type(kind.dtype).as_pointer())
        return _array(context, builder, kind, data, shape, args[1])

    return kind(types.int64, shape, dtype), emit


def _reshaped(typing: Any, array: Any, shape: Any) -> Any:
    """``reshaped(array, shape)``: a C-contiguous array, counted otherwise.

    Numba's own way to do so calls a function of Numba, without which code from the cache has to do.
    """
    from numba import types

    kind = types.Array(array.dtype, len(_lengths(shape)), "C")

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = context.make_array(array)(context, builder, args[0]).data
        return _array(context, builder, kind, data, shape, args[1])

    return (kind(array, shape), emit) if array.layout == "C" else None


def _lengths(shape: Any) -> list[Any]:
    """The types of a length or a tuple of lengths."""
    from numba import types

    return list(shape) if isinstance(shape, types.BaseTuple) else [shape]


def _array(context: Any, builder: Any, kind: Any, data: Any, shape: Any, value: Any) -> Any:
    """A C-contiguous array of some kind in memory that is somebody else's."""
    from numba import types
    from numba.core import cgutils
    from numba.np.arrayobj import populate_array

    given = [value]
    if isinstance(shape, types.BaseTuple):
        given = cgutils.unpack_tuple(builder, value)
    ends = []
    for length, its_type in zip(given, _lengths(shape), strict=True):
        ends.append(context.cast(builder, length, its_type, types.intp))
    itemsize = context.get_abi_sizeof(context.get_data_type(kind.dtype))
    strides: list[Any] = []
    stride = context.get_constant(types.intp, itemsize)
    for length in reversed(ends):
        strides.insert(0, stride)
        stride = builder.mul(length, stride, flags=["nsw"])
    array = context.make_array(kind)(context, builder)
    populate_array(array, data, ends, strides, itemsize, meminfo=None)
    return array._getvalue()


def _call_gate(typing: Any, calls: Any, number: Any, rows: Any) -> Any:
    """``call_gate(calls, number, rows)``: call the C function at the address `calls` with two whole numbers."""
    from llvmlite import ir
    from numba import types

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        word = ir.IntType(64)
        kind = ir.FunctionType(ir.VoidType(), [word, word])
        builder.call(builder.inttoptr(args[0], kind.as_pointer()), args[1:])
        return context.get_dummy_value()

    return types.none(types.int64, types.int64, types.int64), emit
