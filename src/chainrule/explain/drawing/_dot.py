"""A scene in Graphviz's language; ``neato -n2`` takes the places from it, ``dot`` finds its own."""

from __future__ import annotations

from collections.abc import Iterator

from ._connections import connections
from ._pieces import CURRENT, GRADIENT, INK, SOFT
from ._scene import Node, Scene, symbol_size

_POINTS = 0.75  # in a pixel
_INCHES = 1 / 96


def dot(scene: Scene) -> str:
    """The document.

    source   https://graphviz.org/doc/info/lang.html, and attrs/pos for the exclamation mark"""
    nodes = dict(scene.nodes_shown)
    framed = {v for frame in scene.diagram.frames for v in frame.members}
    lines = ["digraph {", '  graph [rankdir="LR", bgcolor="white"];']
    if scene.title:
        lines.append(f'  label={_quoted(scene.title)}; labelloc="t";')
    lines.append(f'  node [fontname="sans-serif", color="{INK}", fontcolor="{INK}"];')
    lines.append(f'  edge [fontname="sans-serif", color="{SOFT}", fontcolor="{INK}"];')
    lines += (f"  {_node(scene, number, node)}" for number, node in nodes.items() if number not in framed)
    for number, frame in enumerate(scene.diagram.frames):
        lines += [f"  subgraph cluster{number} {{", f"    label={_quoted(frame.title)};"]
        lines += (f"    {_node(scene, v, nodes[v])}" for v in frame.members if v in nodes)
        lines.append("  }")
    lines += (f"  {line}" for line in _edges(scene))
    return "\n".join([*lines, "}\n"])


def _node(scene: Scene, number: int, node: Node) -> str:
    vertex = node.vertex
    label = "\n".join(scene.shown(label.text) for label in sorted(node.labels, key=lambda label: label.y))
    x, y = node.x * _POINTS, (scene.height - node.y) * _POINTS
    attributes = {
        "label": label.strip("\n"),
        "pos": f"{x:.1f},{y:.1f}!",
        "width": f"{node.width * _INCHES:.3f}",
        "height": f"{node.height * _INCHES:.3f}",
        "fontsize": f"{symbol_size(vertex) * _POINTS:.1f}",
        "tooltip": vertex.detail,
    }
    if vertex.kind in ("constant", "output"):
        attributes["shape"] = "plaintext"
    elif vertex.kind == "gate" and node.width == node.height:
        attributes["shape"] = "circle"
    else:
        attributes |= {"shape": "box", "style": "rounded"}
    if scene.is_current(vertex):
        attributes |= {"color": CURRENT, "penwidth": "3"}
    return f"n{number} {_listed(attributes)};"


def _edges(scene: Scene) -> Iterator[str]:
    for source, target, value, gradient in connections(scene):
        attributes = {"label": "\n".join(filter(None, (value, gradient)))} if value or gradient else {}
        if gradient and not value:
            attributes["fontcolor"] = GRADIENT
        yield f"n{source} -> n{target} {_listed(attributes)};"


def _listed(attributes: dict[str, str]) -> str:
    return f"[{', '.join(f'{name}={_quoted(value)}' for name, value in attributes.items())}]"


def _quoted(text: str) -> str:
    """A quoted string. Backslashes and quotes are escaped; & begins a name of a character, as in HTML."""
    text = "".join(letter for letter in text if letter == "\n" or letter.isprintable())
    for letter, instead in (("\\", "\\\\"), ('"', '\\"'), ("&", "&amp;"), ("\n", "\\n")):
        text = text.replace(letter, instead)
    return f'"{text}"'
