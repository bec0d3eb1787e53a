"""The lesson's graphs: for each box its arguments, by name."""

from __future__ import annotations

from chainrule.explain.layout import Box, Link

Graph = tuple[list[Box], list[Link]]


def graph(**arguments: str) -> Graph:
    """Boxes as wide as their names, and a link for each argument; ``y="x x"`` has two."""
    number = {name: index for index, name in enumerate(arguments)}
    boxes = [Box(max(30.0, 9.0 * len(name) + 14), 30.0) for name in arguments]
    links = [
        Link(number[of], number[name], 46.0, 30.0) for name, ofs in arguments.items() for of in ofs.split()
    ]
    return boxes, links


def softmax_with_loss(classes: int) -> Graph:
    """exp, +, 1/x, ×, log, ×, +, ×−1, as the lesson builds it from gates."""
    each = range(classes)
    arguments = {f"a{i}": "" for i in each} | {f"exp{i}": f"a{i}" for i in each}
    arguments |= {"sum": " ".join(f"exp{i}" for i in each), "one_over": "sum"}
    for i in each:
        arguments |= {f"y{i}": f"exp{i} one_over", f"log{i}": f"y{i}", f"t{i}": "", f"p{i}": f"t{i} log{i}"}
    arguments |= {"total": " ".join(f"p{i}" for i in each), "minus": "total", "L": "minus"}
    return graph(**arguments)


def network(inputs: int, *sizes: int) -> Graph:
    """Layers of neurons σ(Σ w × x), every product a gate of its own."""
    before = [f"x{index}" for index in range(inputs)]
    arguments = dict.fromkeys(before, "")
    for layer, size in enumerate(sizes):
        for neuron in range(size):
            here = f"{layer}{neuron}"
            for source in before:
                arguments |= {f"w{here}{source}": "", f"m{here}{source}": f"w{here}{source} {source}"}
            arguments |= {
                f"s{here}": " ".join(f"m{here}{source}" for source in before),
                f"h{here}": f"s{here}",
            }
        before = [f"h{layer}{neuron}" for neuron in range(size)]
    return graph(**arguments, L=" ".join(before))


APPLE = graph(apple="", number="", tax="", price="apple number", total="price tax", asked="",
              difference="total asked", L="difference")  # fmt: skip
SIGMOID = graph(x="", w="", b="", xw="x w", a="xw b", minus="a", exp="minus", one="", sum="exp one", y="sum",
                t="", difference="y t", square="difference difference", half="", L="square half")  # fmt: skip
SOFTMAX = softmax_with_loss(3)
