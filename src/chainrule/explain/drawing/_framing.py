"""Frames: a line crosses the edge of one through a port, and there is one port for each value that goes in or out."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from .._backpropagation import Edge

# Of what is one vertex: the number of a variable, the name of a group, the number and position of a constant. Not the
# variable itself: two of them that are compared make a third.
Key: TypeAlias = Hashable


class Tie(NamedTuple):
    """What goes from one vertex to another on one line.

    edges        of the graph, all those that it stands for; none for the line to the output's name
    has_texts    whether value and gradient stand on it
    """

    source: Key
    target: Key
    edges: list[Edge]
    has_texts: bool = True


def through_ports(ties: Sequence[Tie], frame_of: Mapping[Key, str]) -> tuple[list[Tie], dict[Key, str]]:
    """Lines cut where they cross a frame.

    frame_of   for each vertex that is in a frame, the frame's title
    returns    the pieces, and for each port the frame that it belongs to
    """
    ports: dict[Key, str] = {}
    entering: dict[Key, list[Tie]] = {}
    for tie in ties:
        if (port := _port_into(tie, frame_of)) is not None:
            entering.setdefault(port, []).append(tie)
    pieces: list[Tie] = []
    for tie in ties:
        source, leaves = tie.source, frame_of.get(tie.source)
        if leaves is not None and leaves != frame_of.get(tie.target):
            source = ("out of", leaves, tie.source)
            if source not in ports:
                pieces.append(Tie(tie.source, source, tie.edges, has_texts=False))
                ports[source] = leaves
        port = _port_into(tie, frame_of)
        if port is None:
            pieces.append(tie._replace(source=source))
            continue
        together = entering[port]
        if port not in ports:
            ports[port] = frame_of[tie.target]
            pieces.append(Tie(source, port, [edge for each in together for edge in each.edges]))
        # What goes on to one place alone has its texts outside of the frame; what is split has its parts inside too.
        pieces.append(Tie(port, tie.target, tie.edges, has_texts=len(together) > 1))
    return pieces, ports


def _port_into(tie: Tie, frame_of: Mapping[Key, str]) -> Key | None:
    enters = frame_of.get(tie.target)
    return None if enters is None or enters == frame_of.get(tie.source) else ("into", enters, tie.source)
