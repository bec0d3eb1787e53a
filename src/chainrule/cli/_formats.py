"""The forms that a report can be printed in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..explain import Report

FORMATS: Mapping[str, Callable[[Report], str]] = {
    "text": str,
    "markdown": lambda report: report.to_markdown(),
    "html": lambda report: report.to_html(standalone=True),
    "latex": lambda report: report.to_latex(),
}
