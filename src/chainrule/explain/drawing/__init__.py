"""Drawing: a computation graph or a network with its numbers, as a picture and in the languages of other drawers."""

from ._as_dict import Ids
from ._draw import draw, draw_passes
from ._drawing import Drawing
from ._values import value_text

__all__ = ["Drawing", "Ids", "draw", "draw_passes", "value_text"]
