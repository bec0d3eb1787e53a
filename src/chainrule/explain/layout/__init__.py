"""The layered layout of a computational graph, left to right, with room for a label on every edge.

The steps are those of Sugiyama, Tagawa and Toda, "Methods for Visual Understanding of Hierarchical System
Structures" (1981), each in a module of its own: columns, order within the columns, heights, paths.
A label is a vertex of its own on its edge, so no two labels can overlap by construction.
"""

from __future__ import annotations

from ._model import Box, Link, Placed
from ._place import place

__all__ = ["Box", "Link", "Placed", "place"]
