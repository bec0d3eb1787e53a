"""``chainrule draw``."""

from __future__ import annotations

import argparse
import os
import re

from ..errors import ArgumentError
from ..explain import Drawing
from ..explain import draw as drawing_of
from ..runs import load_network
from ._expression import graph_of
from ._screen import print_json


def draw(options: argparse.Namespace) -> int:
    """Draw the graph of an expression, or the network of a run, into a file."""
    drawing = _drawing(options)
    if options.out is not None:
        drawing.save(options.out)
        print(options.out)
    elif options.json:
        print_json(drawing.to_dict())
    else:
        print(drawing.svg())
    return 0


_PATH = re.compile(r"^[\w.~-]*/[\w./-]*$|\.(safetensors|onnx)$")  # and no expression that has values


def _drawing(options: argparse.Namespace) -> Drawing:
    shown = {"lang": options.lang, "passes": options.passes, "step": options.step, "title": options.title}
    if not options.values and os.path.exists(options.expression):
        if options.passes == "backward":
            what = "a network is drawn without data, so it has no backward pass"
            raise ArgumentError(what, fix="cr.draw(network, x, t) in Python")
        return drawing_of(load_network(options.expression, classes=False), open=options.open or None, **shown)
    if options.open:
        raise ArgumentError("--open is for the layers of a network", fix="give the folder of a run")
    if not options.values and _PATH.search(options.expression):
        what = f"there is no run {options.expression}"
        raise ArgumentError(
            what, fix="give the folder of a run, or an expression with a value for each input"
        )
    return drawing_of(graph_of(options.expression, options.values), **shown)
