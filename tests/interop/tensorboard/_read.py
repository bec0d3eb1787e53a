"""A reader of event files that shares nothing with the writer: what TensorBoard does, in small."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

EVENT = {
    1: ("time", "d"),
    2: ("step", "i"),
    3: ("version", "s"),
    4: ("graph", "b"),
    5: ("summary", "b"),
    7: ("log", "b"),
}
VALUE = {1: ("tag", "s"), 2: ("number", "f"), 5: ("histogram", "b")}
HISTOGRAM = {
    1: ("least", "d"), 2: ("most", "d"), 3: ("count", "d"), 4: ("sum", "d"), 5: ("squares", "d"), 6: ("ends", "D"),
    7: ("counts", "D"),
}  # fmt: skip
NODE = {1: ("name", "s"), 2: ("operation", "s"), 3: ("inputs", "s"), 5: ("attributes", "b")}


def checksum(data: bytes) -> int:
    """The masked CRC-32C, bit by bit, as a division of polynomials."""
    crc = 0xFFFFFFFF
    for byte in data:
        for bit in range(8):
            odd = (crc ^ byte >> bit) & 1
            crc = crc >> 1 ^ (0x82F63B78 if odd else 0)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15) + (crc << 17) % 2**32 + 0xA282EAD8) % 2**32


def records(file: Path) -> Iterator[bytes]:
    data = file.read_bytes()
    while data:
        size, check = struct.unpack_from("<QI", data)
        assert check == checksum(data[:8])
        message = data[12 : 12 + size]
        assert struct.unpack_from("<I", data, 12 + size) == (checksum(message),)
        yield message
        data = data[16 + size :]


def varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if data[at - 1] < 0x80:
            return value, at


def decode(data: bytes, fields: dict[int, tuple[str, str]]) -> dict[str, list[Any]]:
    """The fields of a message by name: d, f: floats; i: a whole number; s: text; b: bytes; D: packed floats."""
    found: dict[str, list[Any]] = {}
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        name, kind = fields[key >> 3]
        assert key & 7 == {"d": 1, "f": 5, "i": 0}.get(kind, 2)
        value: Any
        if kind == "i":
            value, at = varint(data, at)
        elif kind in "df":
            (value,) = struct.unpack_from(f"<{kind}", data, at)
            at += struct.calcsize(kind)
        else:
            size, at = varint(data, at)
            value, at = data[at : at + size], at + size
            if kind == "s":
                value = value.decode()
            elif kind == "D":
                value = list(struct.unpack(f"<{size // 8}d", value))
        found.setdefault(name, []).append(value)
    return found


def events(folder: Path) -> list[dict[str, list[Any]]]:
    """All events of a folder in the order in which TensorBoard takes them."""
    files = sorted(folder.glob("events.out.tfevents.*"))
    return [decode(message, EVENT) for file in files for message in records(file)]


def points(folder: Path) -> dict[str, list[tuple[int, Any]]]:
    """For each tag its (step, value), as a reader shows them: a restart makes void what is there from its step on."""
    found: dict[str, list[tuple[int, Any]]] = {}
    for event in events(folder):
        (step,) = event.get("step", [0])
        if "log" in event:
            found = {tag: [p for p in many if p[0] < step] for tag, many in found.items()}
        for summary in event.get("summary", []):
            for value in decode(summary, {1: ("values", "b")})["values"]:
                one = decode(value, VALUE)
                what = one["number"][0] if "number" in one else decode(one["histogram"][0], HISTOGRAM)
                found.setdefault(one["tag"][0], []).append((step, what))
    return found
