"""What JSON can hold."""

from __future__ import annotations

from typing import Any


def json_ready(value: Any) -> Any:
    """A value of lists and dictionaries, its numbers that are not finite replaced by None: what JSON can hold.

    >>> json_ready({"loss": [0.5, float("nan")]})
    {'loss': [0.5, None]}
    """
    if isinstance(value, dict):
        return {name: json_ready(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [json_ready(item) for item in value]
    return None if isinstance(value, float) and not abs(value) < float("inf") else value
