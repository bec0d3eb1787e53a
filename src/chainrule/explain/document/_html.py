"""Documents in HTML: headings, tables with headers that are said to be ones, and formulas that browsers set."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from html import escape

from .. import notation
from .._expression import Expression
from ._model import Block, Bullets, Document, Formula, Heading, Inline, Paragraph, Table, Tone
from ._pieces import SIGNS, clean, tones_of, written

# No background, and the colour of the page's own text: readable on a light page and on a dark one. The colours of the
# tones stand at least 3:1 against both.
_COLOURS: dict[Tone, str] = {"good": "#1a8f3c", "warning": "#b8770b", "bad": "#d13438"}
_CELL = "padding:.15em .8em;border:0;border-bottom:1px solid;vertical-align:top;background:none"
_SCROLLS = "overflow-x:auto;margin:.6em 0"
# MathJax, which notebooks run over all output, would take dollars in a name for a formula.
_SECTION = '<section class="tex2jax_ignore mathjax_ignore" lang="{}">'
_PAGE = """<!DOCTYPE html>
<html lang="{language}" xmlns="http://www.w3.org/1999/xhtml">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width,initial-scale=1"/>
<meta name="color-scheme" content="light dark"/>
<title>{title}</title>
<style>body{{max-width:60rem;margin:2rem auto;padding:0 1rem;font-family:system-ui,sans-serif;line-height:1.6}}</style>
</head>
<body>
{body}
</body>
</html>
"""


def html(document: Document, *, standalone: bool = False) -> str:
    """A document as a ``<section>`` to be put into a page, or as a page.

    It has no scripts, no ids and no links, all text in it is escaped, and it is well-formed XML too.

    standalone  a whole page, its title a heading of level 1 (in a section: of level 2)

    >>> from chainrule.explain.document import Paragraph
    >>> print(html(Document("What if?", (Paragraph("x < 3"),), "en")))
    <section class="tex2jax_ignore mathjax_ignore" lang="en">
    <h2>What if?</h2>
    <p>x &lt; 3</p>
    </section>
    """
    writer = _Writer(document.language, 1 if standalone else 2)
    blocks = [
        writer.heading(document.title, 0),
        *(line for block in document.blocks for line in writer.lines(block)),
    ]
    body = "\n".join([_SECTION.format(document.language), *blocks, "</section>"])
    if not standalone:
        return body
    return _PAGE.format(language=document.language, title=_escaped(document.title), body=body)


class _Writer:
    def __init__(self, language: str, highest: int) -> None:
        self._language, self._highest = language, highest

    def heading(self, words: str, level: int) -> str:
        name = f"h{min(self._highest + level, 6)}"
        return f"<{name}>{_escaped(words)}</{name}>"

    def lines(self, block: Block) -> Iterator[str]:
        match block:
            case Heading(words, level):
                yield self.heading(words, level)
            case Paragraph(content, "plain"):
                yield f"<p>{self._inline(content)}</p>"
            case Paragraph(content, tone):
                bar = f"border-left:.25em solid {_COLOURS[tone]};padding-left:.6em"
                yield f'<p style="{bar}">{_sign(tone)}{self._inline(content)}</p>'
            case Formula(expression):
                formula = self._formula(expression, breakable=True)
                formula = formula.replace("<math>", '<math displaystyle="true">')
                yield f'<p style="{_SCROLLS};padding-left:4em;text-indent:-2em">{formula}</p>'
            case Bullets(items, numbered):
                name = "ol" if numbered else "ul"
                yield f"<{name}>"
                yield from (f"<li>{self._inline(item)}</li>" for item in items)
                yield f"</{name}>"
            case Table():
                yield from self._table(block)

    def _inline(self, content: Inline) -> str:
        return written(content, partial(escape, quote=False), self._formula)

    def _formula(self, expression: Expression, *, breakable: bool = False) -> str:
        return clean(notation.mathml(expression, language=self._language, breakable=breakable))

    def _table(self, table: Table) -> Iterator[str]:
        yield f'<div style="{_SCROLLS}"><table style="border-collapse:collapse">'
        sides = ["left" if side == "l" else "right" for side in table.align]
        names = zip(table.header, sides, strict=True)
        cells = (
            f'<th scope="col" style="{_CELL};text-align:{side}">{_escaped(name)}</th>' for name, side in names
        )
        yield f"<thead><tr>{''.join(cells)}</tr></thead>"
        yield "<tbody>"
        for row, tone in zip(table.rows, tones_of(table), strict=True):
            written_row = list(map(self._inline, row))
            written_row[0] = _sign(tone) + written_row[0]
            (first, side), *rest = zip(written_row, sides, strict=True)
            head = f'<th scope="row" style="{_CELL};text-align:{side};font-weight:inherit">{first}</th>'
            others = (f'<td style="{_CELL};text-align:{side}">{cell}</td>' for cell, side in rest)
            yield f"<tr>{head}{''.join(others)}</tr>"
        yield "</tbody></table></div>"


def _sign(tone: Tone) -> str:
    if tone == "plain":
        return ""
    return f'<strong style="color:{_COLOURS[tone]}">{SIGNS[tone]}</strong> '


def _escaped(words: str) -> str:
    return escape(clean(words), quote=False)
