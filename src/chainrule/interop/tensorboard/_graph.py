"""A whole training step as a graph for TensorBoard: forward pass, backward pass and update, each a box to open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ...engines import StepGraph, compile_step
from ._messages import node


def nodes(step: StepGraph, values: Mapping[str, Any]) -> Iterator[bytes]:
    """The nodes of a step graph.

    values  an example of its inputs by name, from which come the shapes on the edges
    """
    everything = {str(a.output): a.output for a in step.applications}
    results = compile_step(replace(step, outputs=everything), "eager")(values)
    names: dict[int, str] = {}
    for name, slot in step.inputs.items():
        names[slot] = f"inputs/{name}"
        yield node(names[slot], "Input", (), np.shape(values[name]), {})
    for slot, constant in step.constants.items():
        names[slot] = f"constants/{slot}"
        said = {"value": f"{constant!r:.60}"} if np.ndim(constant) == 0 else {}
        yield node(names[slot], "Constant", (), np.shape(constant), said)
    count: Counter[str] = Counter()
    for a in step.applications:
        name = f"{a.phase}/{a.name}/{a.gate.name}"
        count[name] += 1
        names[a.output] = name if count[name] == 1 else f"{name}_{count[name]}"
        for number, slot in enumerate(a.kept, start=1):
            names[slot] = f"{names[a.output]}:{number}"  # another result of the same node
        settings = {key: f"{value!r:.60}" for key, value in a.settings.items()}
        given = [names[slot] for slot in a.inputs]
        yield node(names[a.output], a.gate.name, given, np.shape(results[str(a.output)]), settings)
