"""Where the time of a step goes, inside compiled code: the processor's own counter, read between two pieces."""

from __future__ import annotations

from typing import Any


def compiled_names() -> dict[str, object]:
    """What compiled text calls; Numba is imported here, since code from the cache does without it."""
    from numba.extending import intrinsic

    return {"tick": intrinsic(_tick)}


def _tick(typing: Any, ticks: Any, number: Any) -> Any:
    """``tick(ticks, number)``: add the time since the last tick, which is in ``ticks[0]``, to ``ticks[number]``.

    ticks  the address of whole numbers, or 0 for threads of which nobody takes the time
    """
    from llvmlite import ir
    from numba import types

    word = ir.IntType(64)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        address, number = args
        with builder.if_then(builder.icmp_signed("!=", address, word(0))):
            counter = builder.module.declare_intrinsic("llvm.readcyclecounter", (), ir.FunctionType(word, []))
            now = builder.call(counter, [])
            last = builder.inttoptr(address, word.as_pointer())
            total = builder.gep(last, [number])
            builder.store(builder.add(builder.load(total), builder.sub(now, builder.load(last))), total)
            builder.store(now, last)
        return context.get_dummy_value()

    return types.none(types.int64, types.int64), emit
