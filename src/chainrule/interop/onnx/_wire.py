"""A look at the bytes of a protobuf message before its classes take them apart.

Two bytes are enough for an empty node, which becomes an object of a hundred, and one byte for a whole number, which
becomes eight. So what a file is made of is counted first, without making anything.
https://protobuf.dev/programming-guides/encoding
"""

from __future__ import annotations

from typing import Any

_MOST_PARTS = 2**18  # fields of messages: some 50 MB once they are taken apart
_MOST_NUMBERS = 2**22  # bytes of whole numbers, of which each may become eight

_VARINT, _EIGHT, _LENGTH, _FOUR = 0, 1, 2, 5
_MESSAGE = 11  # FieldDescriptorProto.Type of descriptor.proto
_WHOLE = frozenset((3, 4, 5, 8, 13, 14, 17, 18))


def check_parts(data: bytes, message: Any) -> None:
    """Refuse what would take far more memory than it has bytes, or is cut off.

    message  the descriptor of the message that the bytes are
    raises   ValueError
    """
    parts = numbers = 0
    outer: list[
        tuple[Any, int]
    ] = []  # messages that go on behind the one that is looked at, and where they end
    fields, at, end = message.fields_by_number, 0, len(data)
    while True:
        if at == end:
            if not outer:
                return
            fields, end = outer.pop()
            continue
        parts += 1
        if parts > _MOST_PARTS or numbers > _MOST_NUMBERS:
            raise ValueError("it is made of more small parts than any network")
        key, at = _varint(data, at, end)
        form = key & 7
        if form == _VARINT:
            _, at = _varint(data, at, end)
        elif form == _LENGTH:
            length, at = _varint(data, at, end)
            field = fields.get(key >> 3)
            if field is not None and field.type == _MESSAGE and at + length <= end:
                outer.append((fields, end))
                fields, end = field.message_type.fields_by_number, at + length
                continue
            if field is not None and field.type in _WHOLE:
                numbers += length
            at += length
        elif form in (_EIGHT, _FOUR):
            at += 8 if form == _EIGHT else 4
        if at > end or form not in (_VARINT, _LENGTH, _EIGHT, _FOUR):
            raise ValueError("it is no ONNX file, or a damaged one")


def _varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    """A whole number of seven bits a byte, and where the next thing begins."""
    value = shift = 0
    while at < end and shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise ValueError("it is no ONNX file, or a damaged one")
