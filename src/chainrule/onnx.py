"""ONNX (https://onnx.ai): files from anywhere as networks that can be explained and trained; see `load`.

A network is written by its method ``net.to_onnx(path)``. `Backend` runs models for onnx's own tests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import MissingExtraError
from .interop.onnx import OnnxNetwork, load, loaded

if TYPE_CHECKING:
    from .interop.onnx._backend import Backend

__all__ = ["Backend", "OnnxNetwork", "load", "loaded"]


def __getattr__(name: str) -> Any:
    if name != "Backend":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from .interop.onnx import _backend
    except ModuleNotFoundError:
        raise MissingExtraError.for_extra("onnx", "onnx", "chainrule.onnx.Backend") from None
    return _backend.Backend
