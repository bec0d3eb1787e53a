"""A scene in Mermaid's language, which many pages draw: values and gradients are one text on an edge there."""

from __future__ import annotations

from collections.abc import Iterator

from ._connections import connections
from ._diagram import Kind
from ._pieces import CURRENT
from ._scene import Node, Scene

_BRACKETS: dict[Kind, tuple[str, str]] = {
    "leaf": ("([", "])"),
    "constant": ("[", "]"),
    "gate": ("((", "))"),
    "group": ("[", "]"),
    "output": ("[", "]"),
}
_PILL = ("([", "])")
# Letters that mean something to Mermaid or to the HTML that it makes, written by their numbers.
_ESCAPED = {ord(letter): f"#{ord(letter)};" for letter in '"#&<>`\\[]{}|:;*_~$%'}


def mermaid(scene: Scene) -> str:
    """The document.

    source   https://mermaid.js.org/syntax/flowchart.html, "Special characters that break syntax" """
    nodes = dict(scene.nodes_shown)
    framed = {v for frame in scene.diagram.frames for v in frame.members}
    lines = ["flowchart LR"]
    lines += (f"  {_node(scene, number, node)}" for number, node in nodes.items() if number not in framed)
    for number, frame in enumerate(scene.diagram.frames):
        lines.append(f"  subgraph f{number} [{_quoted(frame.title)}]")
        lines += (f"    {_node(scene, v, nodes[v])}" for v in frame.members if v in nodes)
        lines.append("  end")
    lines += (f"  {line}" for line in _edges(scene))
    current = [number for number, node in nodes.items() if scene.is_current(node.vertex)]
    lines += (f"  style n{number} stroke:{CURRENT},stroke-width:4px" for number in current)
    return "\n".join(lines) + "\n"


def _node(scene: Scene, number: int, node: Node) -> str:
    is_pill = node.vertex.kind == "gate" and node.width > node.height
    left, right = _PILL if is_pill else _BRACKETS[node.vertex.kind]
    texts = [scene.shown(label.text) for label in sorted(node.labels, key=lambda label: label.y)]
    whole = "\n".join(filter(None, texts))
    return f"n{number}{left}{_quoted(whole)}{right}"


def _edges(scene: Scene) -> Iterator[str]:
    for connection in connections(scene):
        text = f" -- {_quoted(connection.text)} -->" if connection.text else " -->"
        yield f"n{connection.source}{text} n{connection.target}"


def _quoted(text: str) -> str:
    rows = text.split("\n")
    clean = ("".join(letter for letter in row if letter.isprintable()) for row in rows)
    return f'"{"<br>".join(row.translate(_ESCAPED) for row in clean) or " "}"'
