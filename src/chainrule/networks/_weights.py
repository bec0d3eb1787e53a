"""Weights in the names and layouts of other libraries: safetensors files that they read, and files that they wrote.

PyTorch keeps a matrix as (outputs, inputs) and computes x · Wᵀ; flax keeps it as chainrule does. Names in such a file
are those of the modules: in PyTorch's Sequential the place of each in the row (``0.weight``), in flax its kind and
number (``Dense_0.kernel``), in a module of somebody's own whatever its attributes are called (``fc1.weight``).
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..errors import ArgumentError, CheckpointError, UnsupportedError
from ..layers import Layer
from ..storage import load_arrays, save_arrays
from ._network import Network

Array: TypeAlias = NDArray[Any]
Layout: TypeAlias = Literal["pytorch", "flax"]


class _Form(NamedTuple):
    """How a library keeps one parameter: its name, and our axes in its order (None for the same)."""

    name: str
    axes: tuple[int, ...] | None = None


class _Module(NamedTuple):
    """What a library calls a kind of layer, and how it keeps its parameters."""

    kind: str
    forms: Mapping[str, _Form]


_SCALED = {"gamma": _Form("weight"), "beta": _Form("bias")}
_SCALED_BY_FLAX = {"gamma": _Form("scale"), "beta": _Form("bias")}
_LAYOUTS: Mapping[str, Mapping[str, _Module]] = {
    "pytorch": {
        "Affine": _Module("Linear", {"W": _Form("weight", (1, 0)), "b": _Form("bias")}),
        "Conv2D": _Module("Conv2d", {"W": _Form("weight"), "b": _Form("bias")}),
        "BatchNorm": _Module(
            "BatchNorm", _SCALED | {name: _Form(name) for name in ("running_mean", "running_var")}
        ),
        "LayerNorm": _Module("LayerNorm", _SCALED),
        "Embedding": _Module("Embedding", {"W": _Form("weight")}),
    },
    # Its images are (height, width, channels), so an affine layer behind a convolution takes its inputs in another
    # order: no convolution here.
    "flax": {
        "Affine": _Module("Dense", {"W": _Form("kernel"), "b": _Form("bias")}),
        "BatchNorm": _Module(
            "BatchNorm", _SCALED_BY_FLAX | {"running_mean": _Form("mean"), "running_var": _Form("var")}
        ),
        "LayerNorm": _Module("LayerNorm", _SCALED_BY_FLAX),
        "Embedding": _Module("Embed", {"W": _Form("embedding")}),
    },
}
_COUNTER = ".num_batches_tracked"  # of PyTorch's BatchNorm, which nothing depends on
_FORMATS = {"pytorch": "pt", "flax": "flax"}  # without it Hugging Face's transformers refuses a file


class _Place(NamedTuple):
    """Where a parameter lies in a file."""

    name: str
    axes: tuple[int, ...]

    def outward(self, array: Array) -> Array:
        return array.transpose(self.axes)

    def inward(self, array: Array) -> Array:
        return array.transpose(np.argsort(self.axes))


def save_weights(
    network: Network, path: str | os.PathLike[str], layout: Layout, names: Mapping[str, str] | None
) -> None:
    """`Network.save_weights`."""
    places = _places(network, layout, names)
    arrays = {place.name: place.outward(network.arrays[key]) for key, place in places.items()}
    save_arrays(path, arrays, {"format": _FORMATS[layout]})


def load_weights(
    network: Network, path: str | os.PathLike[str], layout: Layout, names: Mapping[str, str] | None
) -> None:
    """`Network.load_weights`."""
    places = _places(network, layout, names)
    arrays, _ = load_arrays(path)
    file = os.fspath(path)
    _check_names(file, network, places, arrays, names)
    for key, place in places.items():
        _check_array(file, arrays[place.name], place, network, key)
    for key, place in places.items():  # only now: a file that does not fit changes nothing
        network.arrays[key][...] = place.inward(arrays[place.name])


def _places(network: Network, layout: str, names: Mapping[str, str] | None) -> dict[str, _Place]:
    """For each parameter of the network, where it lies in a file of the layout."""
    if layout not in _LAYOUTS:
        raise ArgumentError(f"layout must be one of {', '.join(_LAYOUTS)}; it is {layout!r}")
    places: dict[str, _Place] = {}
    for prefix, module, layer in _modules(network, layout, names):
        for own, form in module.forms.items():
            key = layer.keys[own]
            places[key] = _Place(f"{prefix}.{form.name}", form.axes or tuple(range(network.arrays[key].ndim)))
    if len({place.name for place in places.values()}) < len(places):
        raise ArgumentError(f"names gives two layers one name: {dict(names or {})}")
    return places


def _modules(
    network: Network, layout: str, names: Mapping[str, str] | None
) -> Iterator[tuple[str, _Module, Layer]]:
    """The layers that have parameters, each with its name in the file and its module in the layout."""
    having = _having_parameters(network)
    if names is not None and names.keys() != set(having):
        raise ArgumentError(
            f"names must name the module of each layer that has parameters, {', '.join(having)}; "
            f"it names {', '.join(map(str, names)) or 'none'}",
            fix=f"names={ {label: f'fc{number}' for number, label in enumerate(having, 1)} }",
        )
    count: Counter[str] = Counter()
    for place, (label, layer) in enumerate(network.layers.items()):
        if label not in having:
            continue
        module = _LAYOUTS[layout].get(type(layer).__name__)
        if module is None:
            raise UnsupportedError(
                f"{label} has no counterpart in the layout {layout}",
                fix="net.save(path), or net.to_onnx(path)",
            )
        usual = str(place) if layout == "pytorch" else f"{module.kind}_{count[module.kind]}"
        count[module.kind] += 1
        yield usual if names is None else names[label], module, layer


def _having_parameters(network: Network) -> list[str]:
    """The layers that have parameters: the state of dropout is nobody else's."""
    return [label for label, layer in network.layers.items() if layer.parameter_names]


def _check_names(
    file: str,
    network: Network,
    places: Mapping[str, _Place],
    arrays: Mapping[str, Array],
    names: Mapping[str, str] | None,
) -> None:
    """Every parameter is in the file; and, where nobody said what belongs to what, nothing else."""
    wanted = [place.name for place in places.values()]
    missing = [name for name in wanted if name not in arrays]
    left = [name for name in arrays if name not in wanted and not name.endswith(_COUNTER)]
    more = left if names is None else []
    if not missing and not more:
        return
    what = f"lacks {_some(missing)}" if missing else f"has {_some(more)}, for which the network has no place"
    raise CheckpointError(
        f"{file} {what}; its arrays are {_some(list(arrays))}", fix=_names_fix(network, arrays)
    )


def _names_fix(network: Network, arrays: Mapping[str, Array]) -> str:
    """The `names` that would be right if the modules of the file came in the order of their names."""
    prefixes = sorted({name.rpartition(".")[0] for name in arrays}, key=_in_natural_order)
    having = _having_parameters(network)
    if len(prefixes) == len(having) and all(prefixes):
        return f"names={dict(zip(having, prefixes, strict=True))}, if that is what belongs together"
    return f"names={{{having[0]!r}: …}}, with the module in the file for each layer that has parameters"


def _in_natural_order(name: str) -> list[tuple[bool, int, str]]:
    """A key that sorts 2 before 10."""
    return [
        (part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in re.split(r"(\d+)", name)
    ]


def _some(names: list[str]) -> str:
    """The first few of some names, each cut short."""
    few = ", ".join(f"{name:.60}" for name in names[:8]) or "none"
    return few if len(names) <= 8 else f"{few} and {len(names) - 8:,} more"


def _check_array(file: str, array: Array, place: _Place, network: Network, key: str) -> None:
    """Refuse an array of another kind or shape, and numbers that the network cannot hold."""
    wanted = network.arrays[key]
    if array.dtype.kind != "f":
        raise CheckpointError(f"{file}: {place.name} holds {array.dtype}; {key} holds floating-point numbers")
    needed = place.outward(wanted).shape
    if array.shape != needed:
        mirrored = array.ndim == 2 and array.shape[::-1] == needed
        raise CheckpointError(
            f"{file}: {place.name} has shape {array.shape}; {key} of shape {wanted.shape} needs {needed} there",
            fix="the other layout, whose matrices are transposed"
            if mirrored
            else "a network of the file's sizes",
        )
    if array.dtype.itemsize > wanted.dtype.itemsize:
        with np.errstate(over="ignore"):
            infinite = np.isinf(array.astype(wanted.dtype))
        if infinite.sum() > np.isinf(array).sum():
            raise CheckpointError(
                f"{file}: {place.name} holds numbers that {wanted.dtype} cannot hold",
                fix="Sequential(..., dtype=np.float64)",
            )
