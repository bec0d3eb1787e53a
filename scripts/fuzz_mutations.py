"""Ways to damage a file: bytes of any file, and the structure of the formats that chainrule reads.

A mutation of the structure keeps the rest of the file in order (lengths, checksums, compression), so that what it
damages is reached at all: a flipped bit inside a zip archive only ever shows that zip archives have checksums.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import warnings
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from random import Random

Mutation = Callable[[bytes, Random], bytes]

_WHOLE = (
    0, 1, -1, 2, 3, 7, 127, 255, 2**16 - 1, 2**31 - 1, -(2**31), 2**32, 2**53 + 1, 2**63 - 1, 2**63, 2**64, 10**30,
)  # fmt: skip
_TOKENS = (
    *map(str, _WHOLE), "-0", "1.5", "1e999", "-1e-999", "NaN", "Infinity", "null", "true", "false", '""',
    '"\\u0000"', '"\\ud800"', '"../../x"', '"' + "a" * 5000 + '"', "[]", "{}", "[" * 2000, "[" * 50 + "]" * 50,
    '{"a":{}}', "[0,0]", "9" * 5000, "",
)  # fmt: skip
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|[A-Za-z_]+|[\[\]{}():,]')
_CELLS = (
    b"", b" ", b"nan", b"NA", b"inf", b"-inf", b"1e999", b"-", b"0x10", b"1,5", b'"', b'""', b'"a', b"'", b"\0",
    b"\xff", b"\xef\xbb\xbf", b"9" * 400, b"x" * 20000, "값".encode(), b"=1+1", b"2020-01-01", b"True", b"\r", b"\n",
)  # fmt: skip


def damage(kind: str, data: bytes, random: Random) -> bytes:
    """A file with one to three mutations, most of them of its structure.

    kind   of the format, a key of `STRUCTURES`
    """
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        mutation = STRUCTURES[kind] if random.random() < 0.7 else bytes_of_any
        data = mutation(data, random)
    return data


def bytes_of_any(data: bytes, random: Random) -> bytes:
    """Flip, cut, insert, remove, repeat or overwrite somewhere."""
    if not data:
        return random.randbytes(random.randrange(20))
    at = random.randrange(len(data))
    end = min(len(data), at + random.choice((1, 2, 4, 8, 64, 1024)))
    number = random.choice(_WHOLE) % 2**64
    choices: tuple[Callable[[], bytes], ...] = (
        lambda: data[:at] + bytes([data[at] ^ 1 << random.randrange(8)]) + data[at + 1 :],
        lambda: data[:at],
        lambda: data[at:],
        lambda: data[:at] + random.randbytes(end - at) + data[at:],
        lambda: data[:at] + data[end:],
        lambda: data[:end] + data[at:],
        lambda: data[:at] + bytes(end - at) + data[end:],
        lambda: data[:at] + b"\xff" * (end - at) + data[end:],
        lambda: data[:at] + number.to_bytes(8, random.choice(("little", "big"))) + data[at + 8 :],
        lambda: data + random.choice((b"\0", data, b"\n", random.randbytes(100))),
    )
    return random.choice(choices)()


def tokens(text: bytes, random: Random) -> bytes:
    """Text of JSON or of a Python literal: one token replaced, removed, doubled, or exchanged."""
    found = list(_TOKEN.finditer(text))
    if not found:
        return bytes_of_any(text, random)
    one, other = random.choice(found), random.choice(found)
    new = random.choice((random.choice(_TOKENS).encode(), other[0], b"", one[0] + one[0]))
    if random.random() < 0.1:  # from one token to another: members twice, or gone
        begin, end = sorted((one.start(), other.start()))
        return text[:end] + random.choice((text[begin:end], b"")) + text[end:]
    return text[: one.start()] + new + text[one.end() :]


def safetensors(data: bytes, random: Random) -> bytes:
    """The header, in its JSON or inside the texts of its metadata, with the length that it then has."""
    length = int.from_bytes(data[:8], "little")
    header, rest = data[8 : 8 + length], data[8 + length :]
    if random.random() < 0.4:
        with suppress(ValueError, AttributeError, KeyError, TypeError, RecursionError):
            entries = json.loads(header)
            texts = entries["__metadata__"]
            key = random.choice(sorted(texts))
            texts[key] = tokens(texts[key].encode(), random).decode(errors="replace")
            header = json.dumps(entries).encode()
    else:
        header = tokens(header, random)
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header + rest


def idx(data: bytes, random: Random) -> bytes:
    """The type, the number of axes or a length; inside of gzip too."""
    packed = data[:2] == b"\x1f\x8b"
    if packed:
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error):
            return bytes_of_any(data, random)
    place = random.choice((2, 3, 4, 8, 12))
    if place < 4:
        data = data[:place] + bytes([random.choice((*range(16), 255))]) + data[place + 1 :]
    else:
        data = data[:place] + (random.choice(_WHOLE) % 2**32).to_bytes(4, "big") + data[place + 4 :]
    if random.random() < 0.3:
        data = bytes_of_any(data, random)
    return gzip.compress(data, 1, mtime=0) if packed else data


def npy(data: bytes, random: Random) -> bytes:
    """The header of an array, with the length that it then has."""
    if data[:6] != b"\x93NUMPY" or len(data) < 10:
        return bytes_of_any(data, random)
    length = int.from_bytes(data[8:10], "little")
    header, rest = data[10 : 10 + length], data[10 + length :]
    if random.random() < 0.3:
        new = random.choice(
            (
                b"'|O'",
                b"'<U4'",
                b"'<M8[s]'",
                b"'<c16'",
                b"'>f8'",
                b"'<f4'",
                b"'|V8'",
                b"[('a','<f4')]",
                b"'<i'",
            )
        )
        header = re.sub(rb"'[<>|=][^']*'", lambda _: new, header, count=1)
    else:
        header = tokens(header, random)
    return data[:8] + min(len(header), 0xFFFF).to_bytes(2, "little") + header + rest


def npz(data: bytes, random: Random) -> bytes:
    """One of the arrays in the archive, its name, or that it is there; the checksums are right again."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [(name, archive.read(name)) for name in archive.namelist()]
    except Exception:  # whatever zipfile says of what an earlier mutation left
        return bytes_of_any(data, random)
    if not members:
        return bytes_of_any(data, random)
    at = random.randrange(len(members))
    name, content = members[at]
    what = random.random()
    if what < 0.7:
        members[at] = name, (npy if random.random() < 0.8 else bytes_of_any)(content, random)
    elif what < 0.8:
        members[at] = random.choice(("../x.npy", "x", "x_train.npy", "\0.npy", "a" * 60000)), content
    else:
        members = members[:at] + random.choice(([], [members[at]] * 2)) + members[at + 1 :]
    out = io.BytesIO()
    method = random.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w") as archive:
        warnings.simplefilter("ignore")  # of names that stand twice
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, method, 1)
    return out.getvalue()


def csv(data: bytes, random: Random) -> bytes:
    """A cell, a row or a column's name."""
    rows = [row.split(b",") for row in data.split(b"\n")]
    row = random.choice(rows)
    what = random.randrange(6)
    if what == 0:
        rows.remove(row)
    elif what == 1:
        rows.insert(random.randrange(len(rows) + 1), list(row))
    elif what == 2:
        row.insert(random.randrange(len(row) + 1), random.choice(_CELLS))
    elif what == 3:
        row.pop()
    else:
        row[random.randrange(len(row))] = random.choice(_CELLS)
    return b"\n".join(b",".join(row) for row in rows if row)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of a protocol buffer, and where it ends; IndexError where there is none."""
    number = shift = 0
    while True:
        byte = data[at]
        number, shift, at = number | (byte & 0x7F) << shift, shift + 7, at + 1
        if byte < 0x80:
            return number, at


def _as_varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def _fields(data: bytes) -> list[tuple[int, bytes]]:
    """The fields of a protocol buffer: the key of each, and its content without a length; ValueError if it is none."""
    found, at = [], 0
    try:
        while at < len(data):
            key, at = _varint(data, at)
            begin = at
            if key & 7 == 0:
                _, at = _varint(data, at)
            elif key & 7 == 2:
                length, begin = _varint(data, at)
                at = begin + length
            elif key & 7 in (1, 5):
                at += 8 if key & 7 == 1 else 4
            else:
                raise ValueError("no such kind")
            if at > len(data) or not key >> 3:
                raise ValueError("no field")
            found.append((key, data[begin:at]))
    except IndexError:
        raise ValueError("no number") from None
    return found


def _together(fields: list[tuple[int, bytes]]) -> bytes:
    return b"".join(
        _as_varint(key) + (_as_varint(len(content)) if key & 7 == 2 else b"") + content
        for key, content in fields
    )


def protobuf(data: bytes, random: Random) -> bytes:
    """A field at any depth changed, doubled, taken away or moved; the lengths around it are right again."""
    try:
        fields = _fields(data)
    except ValueError:
        return bytes_of_any(data, random)
    if not fields:
        return bytes_of_any(data, random)
    at = random.randrange(len(fields))
    key, content = fields[at]
    if key & 7 == 2 and random.random() < 0.8:
        with suppress(ValueError):
            _fields(content)
            fields[at] = key, protobuf(content, random)
            return _together(fields)
    what = random.random()
    if what < 0.15:
        del fields[at]
    elif what < 0.3:
        fields.insert(random.randrange(len(fields) + 1), fields[at])
    elif what < 0.4:
        fields[at] = random.choice(range(1, 30)) << 3 | key & 7, content
    elif key & 7 == 0:
        fields[at] = key, _as_varint(random.choice((*range(40), *_WHOLE)) % 2**64)
    else:
        fields[at] = key, bytes_of_any(content, random) if key & 7 == 2 else random.randbytes(len(content))
    return _together(fields)


STRUCTURES: dict[str, Mutation] = {
    "safetensors": safetensors, "idx": idx, "npy": npy, "npz": npz, "json": tokens, "csv": csv, "protobuf": protobuf,
    "bytes": bytes_of_any,
}  # fmt: skip
