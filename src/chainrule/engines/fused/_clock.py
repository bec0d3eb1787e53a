"""Where the time of a step goes, inside compiled code: the processor's own counter, read between two pieces."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

_WORD = ir.IntType(64)


@intrinsic  # type: ignore[untyped-decorator]
def _now(typing: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = ir.FunctionType(_WORD, [])
        counter = builder.module.declare_intrinsic("llvm.readcyclecounter", (), kind)
        return builder.call(counter, [])

    return types.int64(), generate


@njit(_nrt=False)  # type: ignore[untyped-decorator]
def tick(ticks, number):  # type: ignore[no-untyped-def]
    """Add the time since the last tick to ``ticks[number]``; that of the last tick is kept in ``ticks[0]``."""
    if len(ticks) == 0:  # of one thread only
        return
    now = _now()
    if number > 0:
        ticks[number] += now - ticks[0]
    ticks[0] = now


NAMES: dict[str, object] = {"tick": tick}
