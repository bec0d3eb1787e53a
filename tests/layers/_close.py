"""When two arrays are the same but for rounding."""

from __future__ import annotations

from typing import Any

import numpy as np


def assert_close(found: Any, expected: Any, tolerance: float = 1e-12) -> None:
    """Fail unless the arrays agree, relative to each element or, for those near 0, to 1."""
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)
