"""How good a network is, as a table on the screen."""

from __future__ import annotations

from typing import Any, TextIO

from ..runs import ClassificationResult, RegressionResult
from ._screen import new_grid, print_grid, share


def show_result(result: ClassificationResult | RegressionResult, stream: TextIO) -> None:
    """Print a table: each class, or each measure of error beside that of the mean alone."""
    print_grid(_classes(result) if isinstance(result, ClassificationResult) else _numbers(result), stream)


def _classes(result: ClassificationResult) -> Any:
    table = new_grid("class", "rows", "right", "recall", "predicted", "precision")
    for one in result.classes:
        shares = (share(one.right, one.rows), share(one.right, one.guessed))
        table.add_row(one.name, f"{one.rows:,}", f"{one.right:,}", shares[0], f"{one.guessed:,}", shares[1])
    return table


def _numbers(result: RegressionResult) -> Any:
    table = new_grid("test rows", f"{result.rows:,}", f"always {result.baseline:.6g}")
    table.add_row("R²", f"{result.r2:.4f}", "0")
    table.add_row("mean absolute error", f"{result.mae:.6g}", f"{result.baseline_mae:.6g}")
    table.add_row("root mean square error", f"{result.rmse:.6g}", "")
    return table
