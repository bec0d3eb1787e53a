"""The names that other machines reach the page under."""

from __future__ import annotations


def has_port(name: str) -> bool:
    """Whether a name comes with a port; the colons inside [::1] are none.

    >>> has_port("lab7.example.org:443"), has_port("[::1]")
    (True, False)
    """
    return ":" in name.rpartition("]")[2]
