"""A scene as plain data, for the web page: everything with its place, and the step from which each text is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ...graph import Variable
from ._scene import Curve, Label, Node, Panel, Point, Scene
from ._svg import path_data


def as_dict(scene: Scene) -> dict[str, Any]:
    """Lengths in pixels; ``since`` of a label is the step from which it is shown, whatever step the scene is at."""
    above, below = scene.diagram.legend
    return {
        "width": scene.width,
        "height": scene.height,
        "lang": scene.lang,
        "title": scene.title,
        "heading": scene.diagram.heading,
        "description": scene.diagram.description,
        "legend": {"above": above, "below": below},
        "steps": scene.diagram.steps,
        "step": scene.step,
        "nodes": [_node(number, node) for number, node in enumerate(scene.nodes)],
        "edges": [_edge(scene, number, curve) for number, curve in enumerate(scene.curves)],
        "frames": [_frame(panel) for panel in scene.panels],
    }


class Ids(NamedTuple):
    """What the parts of a drawing are called in its dictionary.

    nodes   the circle of each variable
    edges   the line of each use of a value: by the variable that is made of it, and the position among its inputs
    output  the line behind the last gate
    """

    nodes: Mapping[Variable, str]
    edges: Mapping[tuple[Variable, int], str]
    output: str


def ids_of(scene: Scene) -> Ids:
    """Of all that stands for one thing of a graph alone."""
    lines = list(enumerate(scene.diagram.lines))
    return Ids(
        {
            vertex.variable: f"n{number}"
            for number, vertex in enumerate(scene.diagram.vertices)
            if vertex.variable is not None
        },
        {
            (edge.target.variable, edge.position): f"e{number}"
            for number, line in lines
            for edge in line.edges
        },
        next((f"e{number}" for number, line in reversed(lines) if not line.edges), ""),
    )


def _node(number: int, node: Node) -> dict[str, Any]:
    vertex = node.vertex
    return {
        "id": f"n{number}",
        "kind": vertex.kind,
        "text": vertex.text,
        "detail": vertex.detail,
        "forward": vertex.forward,
        "backward": vertex.backward,
        **_rounded(x=node.x, y=node.y, width=node.width, height=node.height),
        "labels": _labels(node.labels),
    }


def _edge(scene: Scene, number: int, curve: Curve) -> dict[str, Any]:
    line = curve.line
    return {
        "id": f"e{number}",
        "source": f"n{line.source}",
        "target": f"n{line.target}",
        "value": line.value.text if line.value else None,
        "gradient": line.gradient.text if line.gradient else None,
        "path": path_data(curve.points),
        "arrow": [_point(point) for point in curve.arrow] if scene.has_arrow(curve) else None,
        "labels": _labels(curve.labels),
    }


def _labels(labels: Iterable[Label]) -> list[dict[str, Any]]:
    return [
        {"role": each.role, "text": each.text.text, "since": each.text.since}
        | _rounded(x=each.x, y=each.y, size=each.size)
        for each in labels
    ]


def _frame(panel: Panel) -> dict[str, Any]:
    place = _rounded(x=panel.x, y=panel.y, width=panel.width, height=panel.height)
    return {"title": panel.title, **place}


def _rounded(**lengths: float) -> dict[str, float]:
    return {name: round(length, 2) for name, length in lengths.items()}


def _point(point: Point) -> list[float]:
    return [round(length, 2) for length in point]
