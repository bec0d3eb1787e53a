"""Drawing: a computation graph or a network with its numbers, as a picture and in the languages of other drawers."""

from ._draw import draw
from ._drawing import Drawing

__all__ = ["Drawing", "draw"]
