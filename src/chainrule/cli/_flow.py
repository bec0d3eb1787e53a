"""``chainrule flow``."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..explain import GradientFlow, gradient_flow
from ..runs import data_of, load_data, load_network, saved_settings
from ..training import RunFolder
from ._explain import show

_PICTURES = (".png", ".pdf", ".svg")


def flow(options: argparse.Namespace) -> int:
    """Say how large activations and gradients are in each layer of a run, and whether they let it learn."""
    found = _measured(options)
    if options.out is not None and Path(options.out).suffix.lower() in _PICTURES:
        from ..explain import plot

        plot.save(plot.gradient_flow(found, lang=options.lang), options.out)
        print(options.out)
    else:
        show(found, options)
    return 0


def _measured(options: argparse.Namespace) -> GradientFlow:
    network = load_network(options.run_folder, classes=False)
    folder = RunFolder(options.run_folder)
    about = folder.read_about()
    settings = saved_settings(about.get("settings"), options.run_folder)
    name, _, asked = data_of(folder, about)
    data = load_data(name, str(network.dtype), asked)
    rows = slice(options.rows or settings.batch_size)
    x, t = data.x_train[rows], data.t_train[rows]
    return gradient_flow(network, x, t, optimizer=settings.update_rule(), lang=options.lang)
