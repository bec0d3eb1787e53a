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
    rows = [("layer", "output", "parameters")]
    for name, layer in network.layers.items():
        count = sum(value.size for value in layer.parameters.values())
        rows.append((name, str(("N", *network.shapes[name])).replace("'N'", "N"), f"{count:,}"))
    rows.append((type(network.lastLayer).__name__, "()", "0"))

    first, second, third = (max(map(len, column)) for column in zip(*rows, strict=True))
    lines = [f"{name:<{first}}  {output:>{second}}  {count:>{third}}" for name, output, count in rows]

    values = network.params.values()
    total = sum(value.size for value in values)
    size = sum(value.nbytes for value in values)
    lines.append(f"{total:,} parameters, {size:,} bytes ({network.dtype})")
    return "\n".join(lines)
