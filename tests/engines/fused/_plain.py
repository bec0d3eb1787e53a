"""Emitted text run as it is, in plain Python with NumPy's functions, by one thread or by a team of threads.

Nothing is taken for granted: buffers begin with NaN, inputs that no output replaces cannot be written, and a team can
be watched, element by element, for threads that meet at the same element without having waited for each other.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.engines import eager, trace
from chainrule.engines.fused import Compiled, Stepper, _memory, _plain_math, _team
from chainrule.engines.fused._stepper import run_call
from chainrule.graph import shape_at

_NUMBERS = "float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 inf nan".split()
NAMES = {
    **_plain_math.NAMES, **_memory.PLAIN_NAMES, **_team.PLAIN_NAMES,
    **{name: getattr(np, name) for name in _NUMBERS}, "bool_": np.bool_,
}  # fmt: skip

ROUNDING = {"float32": 2e-5, "float64": 1e-12}


class Race(AssertionError):
    """Two threads met at one element, and one of them wrote it."""


class Watched:
    """An array that says which of its elements are read and written; `ids` are their numbers."""

    def __init__(self, values: Any, ids: Any, log: Log) -> None:
        self.values, self.ids, self.log = values, ids, log

    def __getitem__(self, index: Any) -> Any:
        ids = self.ids[index]
        if isinstance(ids, np.ndarray):
            return Watched(self.values[index], ids, self.log)
        self.log.add("read", ids)
        return self.values[index]

    def __setitem__(self, index: Any, value: Any) -> None:
        self.log.add("written", self.ids[index])
        self.values[index] = value

    def reshape(self, shape: Any) -> Watched:
        return Watched(self.values.reshape(shape), self.ids.reshape(shape), self.log)

    @property
    def T(self) -> Watched:
        return Watched(self.values.T, self.ids.T, self.log)


class Log:
    """What each thread has read and written since all waited for each other."""

    def __init__(self, threads: int) -> None:
        self.seen = [{"read": set(), "written": set()} for _ in range(threads)]
        self.thread = threading.local()

    def add(self, what: str, ids: Any) -> None:
        self.seen[self.thread.number][what].update(np.ravel(ids).tolist())

    def check(self) -> None:
        for one, mine in enumerate(self.seen):
            for other, theirs in enumerate(self.seen):
                met = mine["written"] & (theirs["written"] | theirs["read"])
                if one != other and met:
                    raise Race(f"threads {one} and {other} met at {len(met)} elements, {min(met)} the first")
        for mine in self.seen:
            mine["read"].clear()
            mine["written"].clear()


def matmul(x: Any, y: Any, out: Any, alpha: Any, beta: Any) -> None:
    """out = alpha · (x · y) + beta · out, where 0 · out is 0 whatever out is."""
    if isinstance(out, Watched):
        out.log.add("read", x.ids)
        out.log.add("read", y.ids)
        out.log.add("written", out.ids)
        x, y, out = x.values, y.values, out.values
    assert not np.shares_memory(x, out)
    assert not np.shares_memory(y, out)
    out[...] = alpha * (x @ y) + (beta * out if beta != 0 else 0)


def run(
    step: Compiled,
    values: Mapping[str, Any],
    *,
    rows: int = 1,
    threads: int = 1,
    steps: int = 1,
    batches: Any = None,
    watch: bool = False,
    text: str = "",
) -> dict[str, Any]:
    """The outputs by name, of the last of some steps; see `Stepper.run`.

    values   all inputs by name; they stay as they are
    batches  row numbers for each step, where data is gathered
    watch    raise `Race` when threads meet without having waited
    text     run this instead of what was emitted
    """
    source = step.source(1) if threads == 1 else step.team
    assert source.team == (threads > 1)
    names: dict[str, Any] = {**NAMES, "matmul": matmul}
    exec(text or source.text, names)

    written = {array.given for array in step.placement.outputs.values()}
    memory: dict[str, Any] = {}
    slots: dict[Any, Any] = {}
    for array in source.arrays:
        parts = (threads,) if array.kind == "parts" else ()
        shape = (*parts, *shape_at(array.shape, rows))
        if array.value is not None:
            memory[array.name] = np.array(array.value, order="C")
            memory[array.name].flags.writeable = False
            continue
        if array.given is not None:
            given = np.asarray(values[array.given])
            assert given.dtype == array.dtype
            memory[array.name] = np.array(given, order="C", ndmin=1)
            memory[array.name].flags.writeable = array.given in written
            if given.shape and batches is None:
                assert given.shape == shape
            continue
        size = int(np.prod(shape))
        key = array.name if array.slot is None else array.slot
        rubbish = np.nan if array.dtype.kind == "f" else 77
        slots.setdefault(key, np.full(size, rubbish, array.dtype))
        assert slots[key].dtype == array.dtype
        assert slots[key].size == size
        memory[array.name] = slots[key].reshape(shape)

    log = Log(threads)
    arrays = list(memory.values())
    if watch:
        start = 0
        numbers: dict[int, Any] = {}
        arrays = []
        for value in memory.values():
            address = value.ctypes.data
            if address not in numbers:
                numbers[address] = np.arange(start, start + value.size)
                start += value.size
            arrays.append(Watched(value, numbers[address].reshape(value.shape), log))
    watched = dict(zip(memory, arrays, strict=True))

    def call_gate(calls: Any, number: int, n: int) -> None:
        if watch:
            _, given, made = source.calls[number]
            for what, those in (("read", given), ("written", made.values())):
                for array in those:
                    log.add(what, watched[array.name].ids)
        run_call(source, number, memory, n)

    problems: list[BaseException] = []
    barrier = threading.Barrier(threads, action=log.check if watch else None)
    names.update(call_gate=call_gate, wait=lambda flags, thread, threads: barrier.wait())

    def work(thread: int) -> None:
        log.thread.number = thread
        try:
            with np.errstate(all="ignore"):
                for s in range(steps if batches is None else len(batches)):
                    given = [rows, *([batches[s]] if source.gathers else []), *arrays]
                    given += [np.float64(values[name]) for name in source.numbers]
                    given += [0] if source.calls else []
                    given += [thread, threads, 0] if source.team else []
                    names["step"](*given)
        except threading.BrokenBarrierError:
            pass
        except BaseException as problem:
            problems.append(problem)
            barrier.abort()

    team = [threading.Thread(target=work, args=(thread,)) for thread in range(1, threads)]
    for other in team:
        other.start()
    work(0)
    for other in team:
        other.join()
    if problems:
        raise problems[0]
    if watch:
        log.check()
    return {
        name: shaped(step, name, memory[array.name], rows) for name, array in step.placement.outputs.items()
    }


def shaped(step: Compiled, name: str, value: Any, rows: int) -> Any:
    """An output in the shape that the eager engine gives it: in memory a number has one axis."""
    node = step.placement.schedule.units.program.outputs[name]
    value = value.reshape(shape_at(node.shape, rows)).copy()
    return float(value) if node.weak else value


Function = Callable[[dict[str, Any]], Mapping[str, Any]]


def compile_whole(function: Function, values: Mapping[str, Any]) -> Compiled:
    """A function of named arrays, compiled for the shapes that these have."""
    return Stepper(lambda v: trace(function, v), values, gathered=()).compiled(1)


def eagerly(function: Function, values: Mapping[str, Any]) -> dict[str, Any]:
    """What the eager engine makes of it."""
    return eager.build(trace(function, values))(values)


def assert_agree(
    found: Mapping[str, Any], wanted: Mapping[str, Any], *, rtol: float | None = None, each: bool = False
) -> None:
    """Equal in name, shape, dtype and, to rounding, in number: next to the largest of its array, or each by itself."""
    assert list(found) == list(wanted)
    for name, right in wanted.items():
        number, right = np.asarray(found[name]), np.asarray(right)
        assert number.shape == right.shape, f"{name}: {number.shape} instead of {right.shape}"
        assert number.dtype == right.dtype, f"{name}: {number.dtype} instead of {right.dtype}"
        if right.dtype.kind != "f":
            np.testing.assert_array_equal(number, right, err_msg=name)
            continue
        eps = rtol or ROUNDING[right.dtype.name]
        size = np.finfo(right.dtype).tiny if each else np.abs(right[np.isfinite(right)]).max(initial=0.0)
        np.testing.assert_allclose(number, right, rtol=eps, atol=eps * float(size), err_msg=name)


def check(
    function: Function,
    values: Mapping[str, Any],
    *,
    threads: Sequence[int] = (1, 2, 3),
    steps: int = 2,
    rtol: float | None = None,
    each: bool = False,
    step: Compiled | None = None,
) -> Compiled:
    """Compare the emitted text, run by one thread and by teams that are watched, with the eager engine.

    step   the same function, compiled before for other values of the same shapes
    """
    step = step or compile_whole(function, values)
    wanted = dict(values)
    for _ in range(steps):
        outputs = eagerly(function, wanted)
        wanted.update({name: new for name, new in outputs.items() if _fits(new, wanted.get(name))})
    for count in threads:
        found = run(step, values, threads=count, steps=steps, watch=count > 1)
        assert_agree(found, outputs, rtol=rtol, each=each)
    return step


def _fits(new: Any, old: Any) -> bool:
    """Whether an output replaces the input of its name: an array of the same shape and dtype."""
    known = isinstance(old, np.ndarray | np.generic)
    return known and (np.shape(new), np.asarray(new).dtype) == (old.shape, old.dtype)
