"""Arrays in one file and back, and files that are complete or absent."""

from ._atomic import earlier, leftovers, write_atomically
from ._safetensors import checksum, load_arrays, save_arrays

__all__ = [
    "checksum",
    "earlier",
    "leftovers",
    "load_arrays",
    "save_arrays",
    "write_atomically",
]
