"""What every report can do: be printed, shown in a notebook, written in other forms, and saved."""

from __future__ import annotations

import json
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .._json import json_ready
from ..errors import ArgumentError
from ..graph import chosen
from ..storage import write_atomically
from .document import Document, html, latex, markdown, rich_of, text


class Report(ABC):
    """Something that was found out, as one document that can be written in several ways.

    Printed it is plain text, ``rich.print`` shows it in colours, and a notebook as a page with formulas.

    >>> from chainrule.explain.document import Paragraph
    >>> class Answer(Report):
    ...     def _document(self):
    ...         return Document("The answer", (Paragraph("It is 42."),), "en", {"answer": 42})
    >>> print(Answer())
    The answer
    ==========
    It is 42.
    >>> Answer().to_json()
    '{"answer": 42}'
    """

    @abstractmethod
    def _document(self) -> Document:
        """All that the report says."""

    def __str__(self) -> str:
        return text(self._document())

    def __rich__(self) -> Any:
        return rich_of(self._document())

    def to_markdown(self) -> str:
        """GitHub's Markdown, formulas in LaTeX between dollar signs."""
        return markdown(self._document())

    def to_html(self, *, standalone: bool = False) -> str:
        """HTML without scripts, readable on light and on dark pages.

        standalone  a whole page; without it a ``<section>`` to be put into one
        """
        return html(self._document(), standalone=standalone)

    def to_latex(self, *, standalone: bool = True) -> str:
        """LaTeX for pdfLaTeX, XeLaTeX and LuaLaTeX.

        standalone  a whole article; without it a part of one, whose first line names the packages that it needs
        """
        return latex(self._document(), standalone=standalone)

    def to_dict(self) -> dict[str, Any]:
        """The numbers and names as dictionaries, lists, text and numbers; None for numbers that are not finite."""
        data: dict[str, Any] = json_ready(dict(self._document().data))
        return data

    def to_json(self, indent: int | None = None) -> str:
        """`to_dict` as JSON.

        indent  spaces for each level; None for a single line
        """
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False, indent=indent)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the report into a file, whole or not at all.

        path    its name says the form: .txt, .md, .html, .tex or .json
        raises  ArgumentError for another name; CheckpointError if the file cannot be written, and an old one is then
                still there
        """
        suffix = Path(path).suffix.lower()
        if suffix not in _FORMS:
            raise ArgumentError(
                f"a report is saved as {', '.join(_FORMS)}; {os.fspath(path)} has "
                + (f"the suffix {suffix}" if suffix else "no suffix"),
                fix='report.save("report.html")',
            )
        # JSON alone can hold half a surrogate pair (from a name of the command line); it writes it as \udc80.
        write_atomically(path, _FORMS[suffix](self).encode("utf-8", "backslashreplace"))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return chosen({"text/html": self.to_html(), "text/plain": str(self)}, include, exclude)


_FORMS: Mapping[str, Callable[[Report], str]] = {
    ".txt": lambda report: f"{report}\n",
    ".md": Report.to_markdown,
    ".html": lambda report: report.to_html(standalone=True),
    ".tex": Report.to_latex,
    ".json": lambda report: report.to_json(indent=2) + "\n",
}
