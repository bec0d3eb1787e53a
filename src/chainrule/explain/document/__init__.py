"""Reports: what they say is one document; terminal text, rich, Markdown, HTML and LaTeX are ways to write it."""

from ._html import html
from ._latex import latex
from ._markdown import markdown
from ._model import Block, Bullets, Document, Formula, Heading, Inline, Paragraph, Table, Tone
from ._rich import rich_of
from ._text import text

__all__ = [
    "Block",
    "Bullets",
    "Document",
    "Formula",
    "Heading",
    "Inline",
    "Paragraph",
    "Table",
    "Tone",
    "html",
    "latex",
    "markdown",
    "rich_of",
    "text",
]
