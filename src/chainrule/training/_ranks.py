"""How the processes of a communicator share the work of a trainer: rows, gradients, decisions."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..comm import Comm
from ..errors import RankError
from ..graph import Part, all_reduce_gate, apply
from ..graph import functions as F

Array = np.ndarray[Any, Any]


class Ranks:
    """The ranks of a trainer. Each takes its rows of every mini-batch, and all hold the same parameters.

    comm   how they add up
    """

    def __init__(self, comm: Comm) -> None:
        self.comm = comm
        self._reduce = all_reduce_gate(self._total)
        self._is_recording = False

    @property
    def is_alone(self) -> bool:
        """Whether one process does it all, or believes so, so that there is nothing to share."""
        return self.comm.size == 1 or not self.comm.splits_rows

    # What a step is given.

    def rows(self, batches: Array) -> tuple[Array, dict[str, Array]]:
        """This rank's rows of some mini-batches, and the inputs of the step that say which part they are.

        batches  row numbers, shape (steps, rows)
        returns  row numbers, shape (steps, own rows), contiguous in each mini-batch; and values for each step by name

        A rank for which there is no row takes the first one, with a weight of 0: it computes, and adds nothing.
        """
        if self.is_alone:
            return batches, {}
        steps, rows = batches.shape
        start, end = rows * self.comm.rank // self.comm.size, rows * (self.comm.rank + 1) // self.comm.size
        numbers = {"share": (end - start) / rows, "rows": rows, "first": start}
        own = batches[:, start:end] if end > start else batches[:, :1]
        return own, {name: np.full(steps, value, np.float64) for name, value in numbers.items()}

    def example(self) -> dict[str, float]:
        """The inputs that `rows` adds to those of a step."""
        return {} if self.is_alone else {"share": 1.0, "rows": 1.0, "first": 0.0}

    # What a step does.

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Within it sums are those of this process alone: what is recorded runs later, on all ranks."""
        before, self._is_recording = self._is_recording, True
        try:
            yield
        finally:
            self._is_recording = before

    def part(self, inputs: Mapping[str, Any]) -> Part | None:
        """What layers are told of the mini-batch, from the inputs of a step."""
        if self.is_alone:
            return None
        return Part(inputs["share"], inputs["rows"], inputs["first"], self._reduce)

    def summed(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The sums of some variables over all ranks: as gates, and with a single message."""
        flat = apply(self._reduce, F.concatenate([F.reshape(v, (-1,)) for v in values.values()]))
        flat.name = "gradients"
        sums, start = {}, 0
        for name, v in values.items():
            sums[name] = F.reshape(flat[start : start + v.size], v.shape)
            start += v.size
        return sums

    def _total(self, x: Array) -> None:
        if not self._is_recording:
            self.comm.allreduce_sum(x.reshape(-1))

    # What all must do alike.

    def check_alike(self, what: str, value: Any) -> None:
        """Refuse to go on with ranks that differ; RankError on all of them, which names the first that does.

        what   differs, in words
        value  that all must have, fit for JSON
        """
        rank = self.comm.different(value)
        if rank is not None:
            fix = "start all ranks with the same command, versions and data"
            raise RankError(f"rank {rank} has other {what} than rank 0", fix=fix)

    def check_arrays(self, arrays: Mapping[str, Array]) -> None:
        """Refuse to go on where parameters or state are no longer the same, to the last bit."""
        crc = 0
        for array in arrays.values() if not self.is_alone else ():
            crc = zlib.crc32(np.ascontiguousarray(array).data, crc)
        self.check_alike("parameters", crc)

    def mean(self, x: Array, t: Array, evaluate: Any) -> tuple[float, float | None]:
        """Loss and accuracy on data of which each rank evaluates its part.

        evaluate   from some rows to their loss, and to the accuracy or None
        """
        if self.is_alone:
            loss, accuracy = evaluate(x, t)
            return loss, accuracy
        own, numbers = self.rows(np.arange(len(x))[np.newaxis])
        share = float(numbers["share"][0])
        mine = slice(int(own[0, 0]), int(own[0, -1]) + 1)
        loss, accuracy = evaluate(x[mine], t[mine])
        sums = np.array([share * loss, share * (accuracy or 0.0) * t.size])
        self.comm.allreduce_sum(sums)
        # The share of right answers is one of whole numbers; so rounded, it is what one process finds.
        return float(sums[0]), None if accuracy is None else round(sums[1]) / t.size
