"""Writing formulas: as a line of text, in LaTeX and in MathML. Which brackets are needed is decided in one place."""

from ._latex import latex
from ._mathml import mathml, mathml_sides
from ._numbers import number
from ._text import text

__all__ = ["latex", "mathml", "mathml_sides", "number", "text"]
