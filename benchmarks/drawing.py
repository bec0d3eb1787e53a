"""Drawing and explaining a graph: how long a person waits for the picture, beside Graphviz for the same graph.

python benchmarks/drawing.py

The aims are times that nobody notices, and hold on two cores of a server: 20 ms for softmax with loss, drawn or
explained, 0.3 s for a drawing of a hundred variables. Graphviz is a program of its own, so its start counts; it is
asked where it is installed (``dot``).
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable

import numpy as np
from _compare import measure, report

import chainrule as cr

CLASSES = 3
MOST_MS = {
    "softmax with loss, drawn": 20.0,
    "softmax with loss, explained": 20.0,
    "100 variables, drawn": 300.0,
}


def softmax_with_loss() -> cr.Variable:
    """Softmax with loss for three classes, in single numbers: the picture of the book's appendix A."""
    scores = cr.Variable(np.array([[0.3, 2.9, 4.0]]), name="a")
    return cr.expand(cr.softmax_with_loss(scores, np.array([1])), elements=True)


def a_hundred() -> cr.Variable:
    """A graph of about a hundred variables that cross each other: two layers of three units in single numbers."""
    rng = np.random.default_rng(0)
    x, W1, W2 = cr.variables(
        x=rng.normal(size=(1, 4)), W1=rng.normal(size=(4, 5)), W2=rng.normal(size=(5, 3))
    )
    return cr.expand(cr.softmax_with_loss(cr.tanh(x @ W1) @ W2, np.array([1])), elements=True)


def by_graphviz(graph: cr.Variable) -> Callable[[], object] | None:
    dot, text = shutil.which("dot"), cr.draw(graph).dot()
    if dot is None:
        return None
    return lambda: subprocess.run(
        [dot, "-Tsvg"], input=text, encoding="utf-8", check=True, capture_output=True
    )


def main() -> bool:
    small, large = softmax_with_loss(), a_hundred()
    print(f"softmax with loss: {len(cr.Graph(small))} variables; the large graph: {len(cr.Graph(large))}")
    ours: dict[str, Callable[[], object]] = {
        "softmax with loss, drawn": lambda: cr.draw(small).svg(),
        "softmax with loss, explained": lambda: str(cr.explain(small)),
        "100 variables, drawn": lambda: cr.draw(large).svg(),
    }
    graphviz = {"softmax with loss, drawn": by_graphviz(small), "100 variables, drawn": by_graphviz(large)}
    good = True
    for name, call in ours.items():
        peers = {"chainrule": call}
        peer = graphviz.get(name)
        if peer is not None:
            peers["Graphviz"] = peer
        medians = {who: micro / 1000 for who, micro in measure(peers, rounds=15, calls=2).items()}
        report(name, medians, ours="chainrule", limits={}, unit="ms")
        held = medians["chainrule"] <= MOST_MS[name]
        print(f"aim: at most {MOST_MS[name]:g} ms {'✓' if held else '✗'}\n")
        good &= held
    return good


if __name__ == "__main__":
    sys.exit(not main())
