"""The event files that TensorBoard reads: which file comes next, and records with their checksums.

A file is a row of records, and a record is

    8 bytes   N, the length of the message, little endian
    4 bytes   the masked CRC-32C of these 8 bytes
    N bytes   the message
    4 bytes   the masked CRC-32C of the message

(TensorFlow, tensorflow/core/lib/io/record_writer.h). A record that was cut off in the middle is where a reader stops.
"""

from __future__ import annotations

import os
import socket
import struct
import time
from pathlib import Path

_POLYNOMIAL = 0x82F63B78  # of Castagnoli, its bits in reverse


def _remainder(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (_POLYNOMIAL if byte & 1 else 0)
    return byte


_REMAINDERS = tuple(map(_remainder, range(256)))


def crc32c(data: bytes) -> int:
    """The checksum of Castagnoli.

    source   RFC 3720, section 12.1 and appendix B.4

    >>> hex(crc32c(b"123456789"))
    '0xe3069283'
    """
    crc, remainders = 0xFFFFFFFF, _REMAINDERS
    for byte in data:
        crc = crc >> 8 ^ remainders[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def masked(crc: int) -> int:
    """A checksum as it stands in a file: so that the checksum of data that hold checksums is no trivial one."""
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def record(message: bytes) -> bytes:
    """A message with its length and checksums."""
    length = struct.pack("<Q", len(message))
    return b"".join(
        [
            length,
            struct.pack("<I", masked(crc32c(length))),
            message,
            struct.pack("<I", masked(crc32c(message))),
        ]
    )


def new_file(folder: Path) -> Path:
    """A new event file, which readers take for the one behind all that are in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    # Readers go by the name, so two files of one second, or of a clock that was put back, need their order in it.
    second = max([int(time.time()), *(1 + second_of(file) for file in folder.glob("events.out.tfevents.*"))])
    file = folder / f"events.out.tfevents.{second:010d}.{socket.gethostname()}.{os.getpid()}.chainrule"
    file.touch(exist_ok=False)
    return file


def second_of(file: Path) -> int:
    """The second in the name of an event file; 0 where there is none."""
    second = file.name.removeprefix("events.out.tfevents.").partition(".")[0]
    return int(second) if second.isascii() and second.isdecimal() else 0
