"""Gates as ONNX operators."""

from . import _written_numbers, _written_selections, _written_shapes, _written_windows  # noqa: F401  they fill the table
from ._translation import TRANSLATIONS, Application, write

__all__ = ["TRANSLATIONS", "Application", "write"]
