"""``chainrule flow``."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..explain import gradient_flow
from ..training import RunFolder
from ._data import data_of, load_data
from ._explain import show
from ._network import load_network
from ._settings import saved_settings


def flow(options: argparse.Namespace) -> int:
    """Say how large activations and gradients are in each layer of a run, and whether they let it learn."""
    network = load_network(options.run_folder)
    folder = RunFolder(options.run_folder)
    about = folder.read_about()
    settings = saved_settings(about.get("settings"), options.run_folder)
    name, _ = data_of(folder, about)
    data = load_data(name, str(network.dtype))
    rows = slice(options.rows or settings.batch_size)
    found = gradient_flow(
        network, data.x_train[rows], data.t_train[rows], optimizer=settings.update_rule(), lang=options.lang
    )
    if options.out is not None and Path(options.out).suffix in (".png", ".pdf", ".svg"):
        _plot(found, options.out, options.lang)
        print(options.out)
    else:
        show(found, options)
    return 0
