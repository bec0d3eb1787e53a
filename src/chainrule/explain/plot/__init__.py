"""Figures for a paper or a notebook, drawn by Matplotlib: each function takes axes or makes some, and returns them.

Nothing global is used or changed: neither pyplot nor the settings of Matplotlib. Axes that are made stand in a figure
of their own, ``axes.figure``.

>>> from chainrule.training import Epoch, History
>>> history = History([Epoch(1, 600, 0.5, 0.3, 0.91, 0.4, 0.90, 1.0), Epoch(2, 1200, 0.3, 0.2, 0.95, 0.3, 0.93, 1.0)])
>>> axes = cr.plot.learning_curve(history)
>>> axes.get_xlabel(), axes.get_ylabel()
('epoch', 'loss')
>>> axes.figure.savefig("curve.pdf")  # doctest: +SKIP
"""

from ._activations import activations
from ._figure import save
from ._gradient_flow import gradient_flow
from ._learning_curve import learning_curve
from ._weights import weights

__all__ = ["activations", "gradient_flow", "learning_curve", "save", "weights"]
