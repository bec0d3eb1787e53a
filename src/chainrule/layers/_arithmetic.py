"""Addition and multiplication as layers, to build a graph by hand and walk it back by hand."""

from __future__ import annotations

from typing import Any

from ..graph import functions as f
from ._layer import Layer


class AddLayer(Layer):
    """x + y; the upstream gradient goes to both unchanged.

    source   Saito, Deep Learning from Scratch, section 5.4.2

    >>> add = AddLayer()
    >>> add.forward(200, 20), add.backward(1.5)
    (220.0, (1.5, 1.5))
    """

    input_names = ("x", "y")
    has_one_input = False

    def compute(self, x: Any, y: Any) -> Any:
        return f.add(x, y)


class MulLayer(Layer):
    """x × y; each gets the upstream gradient times the other.

    source   Saito, Deep Learning from Scratch, section 5.4.1

    >>> price, tax = MulLayer(), MulLayer()
    >>> total = tax.forward(price.forward(100, 2), 1.1)
    >>> d_sum, d_tax = tax.backward(1)
    >>> round(total, 9), d_tax, price.backward(d_sum)
    (220.0, 200.0, (2.2, 110.00000000000001))
    """

    input_names = ("x", "y")
    has_one_input = False

    def compute(self, x: Any, y: Any) -> Any:
        return f.multiply(x, y)

    @property
    def y(self) -> Any:
        return None if self._run is None else self._run.inputs[1].value
