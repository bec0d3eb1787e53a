"""Where the engine computes: all devices that JAX has, in all processes, as one mesh."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from ...errors import UnsupportedError

_AXIS = "rows"


@contextmanager
def computing() -> Iterator[None]:
    """JAX as the engine uses it: float64 stays float64, and products of float32 are computed in float32.

    Both are settings of this thread for as long as it is entered. Left alone, JAX makes float32 of float64 without a
    word, and accelerators multiply float32 with fewer digits (TensorFloat-32, bfloat16).
    """
    with jax.enable_x64(True), jax.default_matmul_precision("highest"):
        yield


def devices() -> list[str]:
    """Each device that JAX computes on, as ``cpu 0`` or ``NVIDIA H100 1``."""
    return [f"{device.device_kind} {device.id}" for device in _devices()]


def _devices() -> list[jax.Device]:
    """Those that JAX has; UnsupportedError where it finds none."""
    try:
        return jax.devices()  # type: ignore[no-any-return]
    except Exception as problem:  # a driver without its device, JAX_PLATFORMS for what is not there
        reason = (str(problem).strip() or "it finds no such device").splitlines()[0]
        platforms = jax.config.jax_platforms
        where = f" with JAX_PLATFORMS={platforms}" if platforms else ""
        what = f"JAX has nothing to compute on{where}: {reason}"
        raise UnsupportedError(what, fix="JAX_PLATFORMS=cpu, or another engine") from problem


class Devices:
    """The mesh of all devices: mini-batches are split over it, parameters are copied to each device or split too.

    split  keep of each parameter (and of the optimizer's state for it) a part on each device, instead of all of it

    >>> Devices().count >= 1
    True
    """

    def __init__(self, *, split: bool = False) -> None:
        devices = _devices()
        self.count, self._split = len(devices), split
        mesh = Mesh(np.array(devices), (_AXIS,))
        self.everywhere = NamedSharding(mesh, PartitionSpec())
        self.by_rows = NamedSharding(mesh, PartitionSpec(_AXIS))
        self._mesh = mesh
        self._gathered = jax.jit(lambda array: array, out_shardings=self.everywhere)

    @property
    def is_accelerator(self) -> bool:
        return bool(_devices()[0].platform != "cpu")

    def placement(self, shape: tuple[int, ...]) -> NamedSharding:
        """Where the parts of a parameter lie: its last axis (the units of a layer) is split, or the last that can be.

        source   Rajbhandari et al., ZeRO: Memory Optimizations Toward Training Trillion Parameter Models, SC 2020
        """
        axes = [axis for axis, length in enumerate(shape) if length and length % self.count == 0]
        if not (self._split and axes):
            return self.everywhere
        return NamedSharding(self._mesh, PartitionSpec(*[None] * axes[-1], _AXIS))

    def put(self, value: Any, placement: NamedSharding | None = None) -> jax.Array:
        """A copy on the devices, finished when it is returned.

        On a CPU JAX looks at memory of NumPy's as long as it lives, so it gets some that nobody else has.
        """
        array = np.asarray(value)
        part = np.asarray if self.is_accelerator else np.array
        put = jax.make_array_from_callback(
            array.shape, placement or self.everywhere, lambda index: part(array[index])
        )
        return put.block_until_ready()

    def hold(self, arrays: Mapping[str, Any]) -> dict[str, jax.Array]:
        """Parameters and state on the devices."""
        return {name: self.put(value, self.placement(np.shape(value))) for name, value in arrays.items()}

    def read(self, array: jax.Array) -> np.ndarray[Any, Any]:
        """The numbers of an array, to be looked at at once: a step that takes the array over may end them."""
        return np.asarray(self.whole(array))

    def whole(self, array: jax.Array) -> jax.Array:
        """All of an array on a device of this process; another one, since an array remembers what was read of it, and
        then no step can take its memory over."""
        return (array if array.is_fully_replicated else self._gathered(array)).addressable_data(0)
