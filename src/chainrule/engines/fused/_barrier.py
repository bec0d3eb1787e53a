"""What threads of a team say to each other, inside compiled code."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

_SPINS = 2_000  # looks at the counter before the processor is left to others; about 5 µs
_yield = types.ExternalFunction("chainrule_yield", types.int32())


def _word(builder: Any, address: Any) -> Any:
    return builder.inttoptr(address, ir.IntType(64).as_pointer())


@intrinsic  # type: ignore[untyped-decorator]
def _add(typing: Any, address: Any, value: Any) -> Any:
    """Add to a counter, atomically; returns what it was."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.atomic_rmw("add", _word(builder, args[0]), args[1], "acq_rel")

    return types.int64(types.int64, types.int64), generate


@intrinsic  # type: ignore[untyped-decorator]
def _read(typing: Any, address: Any) -> Any:
    """Read a counter, atomically."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load_atomic(_word(builder, args[0]), "acquire", 8)

    return types.int64(types.int64), generate


@njit  # type: ignore[untyped-decorator]
def wait(flags, thread, threads):  # type: ignore[no-untyped-def]
    """Return when all threads have come here: the counter has reached the next multiple of their number."""
    came = _add(flags, 1)
    goal = (came // threads + 1) * threads
    spins = 0
    while _read(flags) < goal:
        spins += 1
        if spins > _SPINS:
            _yield()


@njit  # type: ignore[untyped-decorator]
def share(length, thread, threads):  # type: ignore[no-untyped-def]
    """The first of a thread's share of some rows, and the first behind it."""
    return length * thread // threads, length * (thread + 1) // threads


NAMES: dict[str, object] = {"wait": wait, "share": share}
