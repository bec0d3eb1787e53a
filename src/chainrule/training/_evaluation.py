"""Loss, accuracy and scores of a network on an engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Protocol

import numpy as np

from .._rows import Rows, blocks, forget, is_on_disk
from ..comm import advance
from ..engines import resolve, trace
from ..engines.fused import readable
from ..errors import UnsupportedError
from ..graph import as_array, as_numbers
from ._step import arrays_of
from ._windows import WINDOW_BYTES

Array = np.ndarray[Any, Any]
Arrays = Mapping[str, Array]

# A mini-batch whose results stay in the cache; whole blocks of BLAS, see networks/_network.py. On devices, what keeps
# the many cores of one busy.
_ROWS = {"fused": 960, "xla": 8192}


class Network(Protocol):
    """What can be evaluated."""

    params: dict[str, Array]
    lastLayer: Any

    def compute(self, parameters: Any, x: Any) -> Any: ...
    def accuracy(self, x: Any, t: Any) -> float: ...
    def evaluate(self, x: Any, t: Any) -> tuple[float, float | None]: ...
    def predict(self, x: Any) -> Array: ...
    def check_targets(self, x: Any, t: Any) -> None: ...


class Evaluation:
    """Evaluates a network, as its own methods do, on an engine.

    network  what is evaluated, with the parameters that it has at each call
    engine   "auto", "fused", "xla" or "eager"
    threads  how many share the work of the fused engine; None chooses

    >>> net = cr.TwoLayerNet(3, 4, 2, seed=0)
    >>> x, t = np.eye(3), np.array([0, 1, 1])
    >>> Evaluation(net).accuracy(x, t) == net.accuracy(x, t)
    True
    """

    def __init__(self, network: Any, engine: str = "auto", *, threads: int | None = None) -> None:
        self._network: Network = network
        self.engine, self._threads = resolve(engine), threads
        self._steppers: dict[Any, Any] = {}

    def evaluate(self, x: Any, t: Any) -> tuple[float, float | None]:
        """`loss` and `accuracy` from one pass; None for the accuracy of a network that predicts numbers."""
        x, t = (a if is_on_disk(a) else as_array(a, name) for a, name in ((x, "x"), (t, "t")))
        if not self._in_pieces(x):
            return self._network.evaluate(x, t)
        if not isinstance(t, Rows):  # the labels of others are looked at once, before training
            self._network.check_targets(as_array(x[:1]), t)
        loss, hits, answers = 0.0, 0, 0
        for scores, own, part in self._pieces(x, t):
            loss += len(scores) / len(x) * part
            with suppress(UnsupportedError):
                right = self._network.lastLayer.hits(scores, own)
                hits, answers = hits + int(np.sum(right)), answers + np.size(right)
        return loss, hits / answers if answers else None

    def loss(self, x: Any, t: Any) -> float:
        """The loss, a mean over the rows."""
        return self.evaluate(x, t)[0]

    def accuracy(self, x: Any, t: Any) -> float:
        """The share of right answers.

        raises   UnsupportedError for a network that predicts numbers
        """
        x, t = as_array(x), as_array(t, "t")
        if not self._in_pieces(x):
            return self._network.accuracy(x, t)
        self._network.check_targets(x[:1], t)
        return float(np.mean(self._network.lastLayer.hits(self.predict(x), t)))

    def predict(self, x: Any) -> Array:
        """The scores, before any softmax, shape (rows, outputs)."""
        x = x if is_on_disk(x) else as_array(x)
        if not self._in_pieces(x):
            return self._network.predict(x)
        return np.concatenate([scores.copy() for scores, _, _ in self._pieces(x, None)])

    @property
    def _embedding(self) -> Any:
        """The layer that takes ids, if the inputs are such; see `chainrule.networks.Network`."""
        return getattr(self._network, "embedding", None)

    def _in_pieces(self, x: Array) -> bool:
        """Whether rows of this form can be taken a few at a time; the network itself takes, or refuses, the others."""
        known = x.dtype.kind == "f" or x.dtype == np.uint8 or self._embedding is not None
        is_data = x.ndim > 1 and len(x) > 0 and known
        return self.engine in _ROWS and is_data and hasattr(self._network, "compute")

    def _pieces(self, x: Any, t: Any) -> Iterator[tuple[Array, Array, float]]:
        """The scores, the targets, and the loss if there are targets, of some rows at a time."""
        arrays = arrays_of(self._network)
        dtype = next(iter(self._network.params.values())).dtype
        for data in self._windows(x, t, dtype):
            key = tuple((name, a.shape[1:], a.dtype) for name, a in data.items())
            if key not in self._steppers:
                self._steppers[key] = self._new_stepper(
                    self._traced, {**arrays, **data}, gathered=tuple(data), dtype=dtype
                )
            rows, size = len(data["x"]), _ROWS[self.engine]
            if self.engine == "xla":  # as even as can be: another number of rows is compiled anew
                size = -(-rows // -(-rows // size))
            run = self._running(self._steppers[key], arrays, data)
            for start in range(0, rows, size):
                advance()
                some = np.arange(start, min(start + size, rows))
                outputs = run(some)
                own = data["t"][some[0] : some[-1] + 1] if "t" in data else data["x"][:0]
                yield outputs["scores"], own, float(outputs.get("loss", 0.0))

    def _windows(self, x: Any, t: Any, dtype: np.dtype[Any]) -> Iterator[dict[str, Array]]:
        """Inputs and targets as steps take them: all rows, or, of what is not in memory, whole pieces of them."""

        def window(some: slice) -> dict[str, Array]:
            own = as_array(x[some])
            if self._embedding is not None:
                own = self._embedding.checked(own)
            own = own if own.dtype in (np.uint8, np.int64) else as_numbers(own, dtype)
            data = {"x": np.ascontiguousarray(own)}
            return data if t is None else {**data, "t": readable(as_array(t[some]))}

        if not is_on_disk(x) and not is_on_disk(t):
            yield window(slice(None))
            return
        row_bytes = x.size // len(x) * (1 if x.dtype == np.uint8 else dtype.itemsize)
        for some in blocks(len(x), row_bytes, WINDOW_BYTES, multiple=_ROWS[self.engine]):
            yield window(some)
            forget(x)

    def _new_stepper(self, *form: Any, **more: Any) -> Any:
        if self.engine == "xla":
            from ..engines import xla

            return xla.Stepper(*form, **more)
        from ..engines import fused

        return fused.Stepper(*form, **more, threads=self._threads)

    def _running(self, stepper: Any, arrays: Arrays, data: Arrays) -> Callable[[Array], Arrays]:
        """From row numbers to the outputs, by name."""
        if self.engine == "xla":
            held, kept = stepper.hold(arrays), stepper.keep(data)
            return lambda rows: stepper.outputs(held, kept, rows)

        def run(rows: Array) -> Arrays:
            results = stepper.run(arrays, data, rows[np.newaxis], {})
            return {**results.outputs, "loss": results.losses[0]}

        return run

    def _traced(self, values: Any) -> Any:
        def function(v: dict[str, Any]) -> dict[str, Any]:
            scores = self._network.compute({name: v[name] for name in arrays_of(self._network)}, v["x"])
            outputs = {"scores": scores}
            if "t" in v:
                outputs["loss"] = self._network.lastLayer.compute(scores, v["t"])
            return outputs

        return trace(function, values)
