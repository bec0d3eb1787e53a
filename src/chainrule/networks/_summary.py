"""A network as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._network import Network


def summary(network: Network) -> str:
    """The layers, the shapes of their results and their parameters, in plain text.

    >>> from chainrule.networks import TwoLayerNet
    >>> print(TwoLayerNet(784, 50, 10).summary())
    layer            output   parameters
    Affine1         (N, 50)       39,250
    Relu1           (N, 50)            0
    Affine2         (N, 10)          510
    SoftmaxWithLoss      ()            0
    39,760 parameters, 318,080 bytes (float64)
    """
    counts = {name: sum(p.size for p in layer.parameters.values()) for name, layer in network.layers.items()}
    rows = [(name, f"(N, {network.sizes[name]})", f"{count:,}") for name, count in counts.items()]
    rows = [("layer", "output", "parameters"), *rows, (type(network.lastLayer).__name__, "()", "0")]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [f"{a:<{widths[0]}}  {b:>{widths[1]}}  {c:>{widths[2]}}" for a, b, c in rows]
    size = sum(value.nbytes for value in network.params.values())
    return "\n".join([*lines, f"{sum(counts.values()):,} parameters, {size:,} bytes ({network.dtype})"])
