"""What a parser should find in a drawing, told from its `to_dict`."""

from __future__ import annotations

from typing import Any

Edge = tuple[str, str, tuple[str, ...]]


def rows(labels: list[dict[str, Any]], step: int | None) -> tuple[str, ...]:
    """The texts that are shown at a step, from top to bottom, as far as there is a picture for their letters."""
    shown = [each for each in labels if step is None or each["since"] <= step]
    texts = [printable(each["text"]) for each in sorted(shown, key=lambda each: each["y"])]
    return tuple(filter(None, texts))


def printable(text: str) -> str:
    return "".join(filter(str.isprintable, text))


def nodes(picture: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    """The texts of each vertex that is drawn."""
    drawn = (node for node in picture["nodes"] if node["kind"] != "port")
    return {node["id"]: rows(node["labels"], picture["step"]) for node in drawn}


def edges(picture: dict[str, Any]) -> list[Edge]:
    """From vertex to vertex, with texts; what passes through ports is one edge with the texts of its last piece."""
    ports = {node["id"] for node in picture["nodes"] if node["kind"] == "port"}
    into = {edge["target"]: edge for edge in picture["edges"] if edge["target"] in ports}
    found = []
    for edge in picture["edges"]:
        if edge["target"] in ports:
            continue
        pieces = [edge]
        while pieces[-1]["source"] in ports:
            pieces.append(into[pieces[-1]["source"]])
        labels: list[dict[str, Any]] = next((piece["labels"] for piece in pieces if piece["labels"]), [])
        found.append((pieces[-1]["source"], edge["target"], rows(labels, picture["step"])))
    return sorted(found)


def frames(picture: dict[str, Any]) -> list[str]:
    return sorted(frame["title"] for frame in picture["frames"])
