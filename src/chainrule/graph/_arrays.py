"""Other libraries' arrays as NumPy's: PyTorch's tensors, JAX's arrays, and all that know DLPack or ``__array__``.

https://data-apis.org/array-api/latest/design_topics/data_interchange.html
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ChainruleError, DTypeError, ShapeError


def is_foreign(value: Any) -> bool:
    """Whether a value is an array of another library.

    >>> is_foreign(np.ones(2)), is_foreign(memoryview(b"12"))
    (False, False)
    """
    kind = type(value)  # not the value: an object that answers to every name is no array
    return not isinstance(value, np.ndarray | np.generic) and (
        hasattr(kind, "__dlpack__") or hasattr(kind, "__array__")
    )


def as_array(value: Any, name: str = "x") -> NDArray[Any]:
    """An array, list or number as an array of NumPy, in the same memory where both libraries can be in it.

    value    NumPy's arrays are returned as they are; a tensor of PyTorch in main memory is shared, so what is done to
             it in place shows; an array of JAX is read-only
    name     for messages
    raises   DTypeError for tensors that require a gradient, lie on another device, or hold what NumPy does not have;
             ShapeError for a list whose rows differ in length

    >>> as_array([1.0, 2.0])
    array([1., 2.])
    """
    try:
        if is_foreign(value) and not hasattr(type(value), "__array__"):
            return np.from_dlpack(value)
        return np.asarray(value)
    except ChainruleError:  # of a variable, which says why it is none
        raise
    except ValueError:
        raise ShapeError(f"{name} must be an array; its rows have different lengths") from None
    except (TypeError, RuntimeError, BufferError) as problem:
        if not is_foreign(value):
            raise
        what, fix = _obstacle(value, problem)
        raise DTypeError(f"{name} is a {type(value).__name__} that {what}", fix=f"{name}{fix}") from None


def _obstacle(value: Any, problem: Exception) -> tuple[str, str]:
    """Why an array of another library cannot be read, and what makes one that can."""
    device = str(getattr(value, "device", "cpu"))
    if getattr(value, "requires_grad", False):
        return "requires a gradient, which would end here unseen: no graph reaches into another", ".detach()"
    if not device.lower().startswith("cpu"):
        return f"lies on {device}, and NumPy computes in main memory", ".cpu()"
    if "sparse" in str(getattr(value, "layout", "")):
        return "is sparse", ".to_dense()"
    if "float" in str(getattr(value, "dtype", "")):
        return f"holds {value.dtype}, which NumPy does not have", ".float()"
    return f"NumPy cannot read: {str(problem).partition('. ')[0]:.200}", ", made into an array of NumPy's"
