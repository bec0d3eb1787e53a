"""The tests of the page need what serves it, and what asks it without a browser."""

from __future__ import annotations

from importlib.util import find_spec

MISSING = [name for name in ("starlette", "uvicorn", "httpx") if find_spec(name) is None]
collect_ignore_glob = ["*"] if MISSING else []
