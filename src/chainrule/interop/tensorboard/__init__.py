"""TensorBoard logs, written without TensorFlow, PyTorch or TensorBoard: the format is small and known."""

from ._callback import TensorBoard

__all__ = ["TensorBoard"]
