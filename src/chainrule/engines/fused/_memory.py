"""What compiled code finds at addresses: arrays that somebody else owns, and C functions."""

from __future__ import annotations

from typing import Any


def compiled_names() -> dict[str, object]:
    """What compiled text calls; Numba is imported here, since code from the cache does without it."""
    from numba.extending import intrinsic

    return {"array_at": intrinsic(_array_at), "call_gate": intrinsic(_call_gate)}


def _array_at(typing: Any, address: Any, shape: Any, dtype: Any) -> Any:
    """``array_at(address, shape, dtype)``: a C-contiguous array; what it lies in stays the owner's.

    shape  a length or a tuple of lengths
    """
    from numba import types
    from numba.core import cgutils
    from numba.core.typing.npydecl import parse_dtype
    from numba.np.arrayobj import populate_array

    lengths = list(shape) if isinstance(shape, types.BaseTuple) else [shape]
    kind = types.Array(parse_dtype(dtype), len(lengths), "C")

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        given = [args[1]]
        if isinstance(shape, types.BaseTuple):
            given = cgutils.unpack_tuple(builder, args[1], len(lengths))
        ends = [context.cast(builder, n, t, types.intp) for n, t in zip(given, lengths, strict=True)]
        array = context.make_array(kind)(context, builder)
        itemsize = context.get_abi_sizeof(context.get_data_type(kind.dtype))
        strides = [context.get_constant(types.intp, itemsize)]
        for length in reversed(ends[1:]):
            strides.insert(0, builder.mul(length, strides[0], flags=["nsw"]))
        data = builder.inttoptr(args[0], context.get_data_type(kind.dtype).as_pointer())
        populate_array(array, data, ends, strides[: len(ends)], itemsize, meminfo=None)
        return array._getvalue()

    return kind(types.int64, shape, dtype), emit


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
