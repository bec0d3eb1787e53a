"""Matrix products with their extras."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._apply import g, is_floating
from ._registry import operator


@operator("Gemm")
def _gemm(
    a: Any, b: Any, c: Any = None, *, alpha: float = 1.0, beta: float = 1.0, transA: int = 0, transB: int = 0
) -> Any:
    a = g.matrix_transpose(a) if transA else a
    b = g.matrix_transpose(b) if transB else b
    y = _times(g.matmul(a, b), alpha)
    return y if c is None else g.add(y, _times(c, beta))


def _times(x: Any, factor: float) -> Any:
    if factor == 1:
        return x
    return g.multiply(x, factor if is_floating(x) else np.asarray(factor, x.dtype))
