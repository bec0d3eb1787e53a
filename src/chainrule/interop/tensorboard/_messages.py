"""The messages in event files, as protocol buffers.

Numbers of fields are those of tensorflow/core/util/event.proto and framework/{summary,histogram,graph,node_def,
attr_value,tensor_shape,versions}.proto; the encoding is https://protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence

from ._histogram import Histogram

_START = 1  # SessionLog.SessionStatus
_PRODUCER = 22  # of graphs as they have been written since 2016; readers ask for at least that


def _varint(number: int) -> bytes:
    """Seven bits a byte, the low ones first."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def _whole(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _double(field: int, value: float) -> bytes:
    return _varint(field << 3 | 1) + struct.pack("<d", value)


def _message(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _text(field: int, value: str) -> bytes:
    return _message(field, value.encode())


def _float(field: int, value: float) -> bytes:
    return _varint(field << 3 | 5) + struct.pack("<f", value)


def _doubles(field: int, values: Sequence[float]) -> bytes:
    return _message(field, struct.pack(f"<{len(values)}d", *values))


def version_event(time: float) -> bytes:
    """What every event file begins with."""
    return _double(1, time) + _text(3, "brain.Event:2")


def restart_event(time: float, step: int) -> bytes:
    """Earlier files may have points from `step` on, of a run that was killed after its checkpoint: they are void."""
    return _double(1, time) + _whole(2, step) + _message(7, _whole(1, _START))


def scalars_event(time: float, step: int, values: Mapping[str, float]) -> bytes:
    """Numbers by their tags."""
    return _summary(time, step, (_text(1, tag) + _float(2, value) for tag, value in values.items()))


def histograms_event(time: float, step: int, values: Mapping[str, Histogram]) -> bytes:
    """Histograms by their tags."""
    return _summary(time, step, (_text(1, tag) + _message(5, _histogram(h)) for tag, h in values.items()))


def graph_event(time: float, nodes: Iterable[bytes]) -> bytes:
    """A graph of the nodes that `node` made."""
    versions = _message(4, _whole(1, _PRODUCER))
    return _double(1, time) + _message(4, b"".join(_message(1, one) for one in nodes) + versions)


def node(
    name: str, operation: str, inputs: Iterable[str], shape: Sequence[int], settings: Mapping[str, str]
) -> bytes:
    """One node of a graph, with the shape of its result and what else is said of it."""
    attributes = [_attribute("_output_shapes", _message(1, _message(7, _shape(shape))))]
    attributes += [_attribute(key, _text(2, value)) for key, value in settings.items()]
    return b"".join([_text(1, name), _text(2, operation), *(_text(3, i) for i in inputs), *attributes])


def _attribute(key: str, value: bytes) -> bytes:
    return _message(5, _text(1, key) + _message(2, value))


def _shape(shape: Sequence[int]) -> bytes:
    return b"".join(_message(2, _whole(1, size)) for size in shape)


def _summary(time: float, step: int, values: Iterable[bytes]) -> bytes:
    return _double(1, time) + _whole(2, step) + _message(5, b"".join(_message(1, value) for value in values))


def _histogram(h: Histogram) -> bytes:
    numbers = (h.least, h.most, float(sum(h.counts)), h.total, h.total_of_squares)
    return b"".join(
        [
            *(_double(field, value) for field, value in enumerate(numbers, start=1)),
            _doubles(6, h.ends),
            _doubles(7, h.counts),
        ]
    )
