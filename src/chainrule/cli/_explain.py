"""``chainrule explain``."""

from __future__ import annotations

import argparse
from typing import Any

from ..explain import Report, what_if
from ..explain import explain as explanation_of
from ..explain.document import Document, Heading
from ._explain_row import is_expression, prediction_of, row_of
from ._expression import changes_of, element_of, graph_of
from ._formats import FORMATS
from ._screen import print_json


class _Both(Report):
    """An explanation, and what would happen to other inputs."""

    def __init__(self, explanation: Report, what_if: Report) -> None:
        self._explanation, self._what_if = explanation, what_if

    def _document(self) -> Document:
        first, second = self._explanation._document(), self._what_if._document()
        return Document(first.title, (*first.blocks, Heading(second.title), *second.blocks), first.language)

    def to_dict(self) -> dict[str, Any]:
        return {"explanation": self._explanation.to_dict(), "what_if": self._what_if.to_dict()}


def explain(options: argparse.Namespace) -> int:
    """Explain the gradients of an expression, and what would happen to other inputs."""
    if not is_expression(options.expression):
        show(_of_row(options), options)
        return 0
    changes = changes_of(options.what_if)
    element = None if options.element is None else element_of(options.element)
    output = graph_of(options.expression, options.values)
    report: Report = explanation_of(output, lang=options.lang, element=element)
    if changes:
        report = _Both(report, what_if(output, changes, lang=options.lang))
    show(report, options)
    return 0


def _of_row(options: argparse.Namespace) -> Report:
    """What moved the prediction of a row of a table, and what would happen to another row."""
    changes = changes_of(options.what_if)
    model, row = row_of(options)
    report: Report = model.explain(row, lang=options.lang)
    if changes:
        report = _Both(report, what_if(prediction_of(model, row, changes), changes, lang=options.lang))
    return report


def show(report: Report, options: argparse.Namespace) -> None:
    """Put a report where the options say: into a file, or on the screen in one of the forms."""
    from rich.console import Console

    screen = Console()
    if options.out is not None:
        report.save(options.out)
        print(options.out)
    elif options.json:
        print_json(report.to_dict())
    elif options.format == "text" and screen.is_terminal:
        screen.print(report)
    else:
        print(FORMATS[options.format](report))  # as wide as it is: rich would cut it at 80 columns
