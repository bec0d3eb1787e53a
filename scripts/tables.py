"""Write the tables in docs/ that can be read off the code: the gates, and what of NumPy works on variables.

    python scripts/tables.py            write them
    python scripts/tables.py --check    only say which are not current; exit status 1 if any

In a document a table stands between ``<!-- table NAME -->`` and ``<!-- end of table -->``.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import chainrule as cr
from chainrule.gates import ALL, Gate
from chainrule.graph._numpy import FUNCTIONS, REDUCTIONS, UFUNCS
from chainrule.graph._refusals import INSTEAD, WITHOUT_GRADIENT, name_of
from chainrule.interop.onnx._operators import TRANSLATIONS
from chainrule.interop.onnx._registry import OPERATORS as ONNX_OPERATORS
from chainrule.interop.onnx._training import gradient

DOCS = Path(__file__).parents[1] / "docs"

KINDS = {
    "elementwise": ("Elementwise", "Each element by itself; inputs broadcast, as NumPy has it."),
    "matrix": ("Matrix product", ""),
    "reduction": ("Reductions", "Over one axis, several, or all; `keepdims=True` keeps them with length 1."),
    "row-wise": ("Row-wise", "Along one axis, whose elements they mix."),
    "window": ("Convolution and pooling", "Of images (N, C, H, W), over which a window moves."),
    "loss": ("Losses", "One number for a whole mini-batch."),
    "shape": ("Shape", "Elements are moved, not changed."),
    "comparison": ("Comparisons and logic", "They have no rule: nothing flows back through them."),
}
OPERATORS = {
    "equal": "x == y",
    "not_equal": "x != y",
    "less": "x < y",
    "less_equal": "x <= y",
    "greater": "x > y",
    "greater_equal": "x >= y",
    "logical_and": "x & y",
    "logical_or": "x | y",
    "logical_not": "~x",
}

# Of the operators of ONNX, by the module that holds them.
AREAS = {
    "_registry": "gates as they stand",
    "_elementwise": "each element by itself",
    "_matrices": "matrix products",
    "_images": "convolution and pooling",
    "_normalizations": "normalisation",
    "_reductions": "reductions, softmax",
    "_shapes": "elements moved",
    "_from_shapes": "arrays out of shapes",
    "_losses": "losses",
    "_training": "training",
}


def row(*cells: str) -> str:
    """A row of a Markdown table."""
    escaped = [cell.replace("|", r"\|") for cell in cells]
    return f"| {' | '.join(escaped)} |"


def call(gate: Gate) -> str:
    """How a user applies the gate: with an operator, or as a function of chainrule's or of NumPy's."""
    if gate.name in OPERATORS:
        return OPERATORS[gate.name]
    function = getattr(cr, gate.name, None)
    if function is None:
        return f"np.{gate.name}({', '.join(gate.inputs)})"
    parameters = [p.replace(annotation=p.empty) for p in inspect.signature(function).parameters.values()]
    return f"cr.{gate.name}{inspect.Signature(parameters)}"


def meaning(gate: Gate) -> str:
    """What the gate does: its documentation without the list of arguments and the example, on one line."""
    *paragraphs, _arguments = inspect.cleandoc(gate.doc).split("\n\n")
    return " ".join(" ".join(paragraphs).split())


def kept(gate: Gate) -> str:
    """For each input with a rule, the arrays that the rule reads beside the upstream gradient."""
    arrays = ("out", *gate.inputs, *gate.keeps)
    needs = {i: [name for name in rule.needs if name in arrays] for i, rule in gate.rules.items()}
    return "; ".join(f"d{i}: {', '.join(names) or 'nothing'}" for i, names in needs.items()) or "no rule"


def gates() -> Iterator[str]:
    """All gates, kind by kind."""
    for kind, (title, text) in KINDS.items():
        yield f"## {title}\n"
        if text:
            yield f"{text}\n"
        yield row("call", "symbol", "in words", "한국어", "what it does", "kept for the rules")
        yield row(*["---"] * 6)
        for gate in sorted((g for g in ALL.values() if g.kind == kind), key=lambda g: g.name):
            yield row(f"`{call(gate)}`", gate.symbol, gate.en, gate.ko, meaning(gate), kept(gate))
        yield ""


def numpy() -> Iterator[str]:
    """NumPy's functions that work on variables."""
    rows = {
        "ufuncs": map(name_of, UFUNCS),
        "reductions of a ufunc": (f"{name_of(ufunc)}.reduce" for ufunc in REDUCTIONS),
        "functions": map(name_of, FUNCTIONS),
    }
    yield row("kind", "what works")
    yield row("---", "---")
    for kind, names in rows.items():
        yield row(kind, ", ".join(f"`{name}`" for name in sorted(names)))


def instead() -> Iterator[str]:
    """NumPy's functions that do not work on variables, and what to write."""
    yield row("function", "write")
    yield row("---", "---")
    for name, other in INSTEAD.items():
        yield row(f"`scipy.special.{name}`" if name in ("erf", "expit") else f"`np.{name}`", other)
    yield row(
        ", ".join(f"`np.{name}`" for name in WITHOUT_GRADIENT), "the same of `x.value`: they have no gradient"
    )


def onnx() -> Iterator[str]:
    """The operators of ONNX that are read, by what they do, and the gates that are written."""
    read: dict[str, list[str]] = {area: [] for area in AREAS.values()}
    for (_, name), function in [*ONNX_OPERATORS.items(), (("", "Gradient"), gradient)]:
        read[AREAS[function.__module__.rpartition(".")[2]]].append(name)
    others = [gate for gate in ALL.values() if gate.kind != "loss"]
    written = sorted(gate.name for gate in others if gate in TRANSLATIONS)
    left = sorted(gate.name for gate in others if gate not in TRANSLATIONS)
    yield row("what is read", "operators")
    yield row("---", "---")
    for area, names in read.items():
        yield row(area, ", ".join(f"`{name}`" for name in sorted(names)))
    yield ""
    yield row("what is written", "gates")
    yield row("---", "---")
    yield row("as operators", ", ".join(f"`{name}`" for name in written))
    yield row("not yet", ", ".join([*(f"`{name}`" for name in left), "losses"]))


TABLES: Mapping[str, Callable[[], Iterator[str]]] = {
    "gates": gates,
    "numpy": numpy,
    "instead": instead,
    "onnx": onnx,
}
_TABLE = re.compile(r"(?<=<!-- table )(?P<name>\w+) -->.*?(?=<!-- end of table -->)", re.DOTALL)


def current(text: str) -> str:
    """A document with its tables as they should be."""
    return _TABLE.sub(lambda m: "\n".join([f"{m['name']} -->", "", *TABLES[m["name"]](), ""]), text)


def main(arguments: list[str]) -> int:
    stale = [
        page
        for page in sorted(DOCS.glob("*.md"))
        if current(page.read_text("utf-8")) != page.read_text("utf-8")
    ]
    for page in stale:
        if "--check" in arguments:
            print(f"docs/{page.name} is not current; run: python scripts/tables.py")
        else:
            page.write_text(current(page.read_text("utf-8")), encoding="utf-8")
    return bool(stale) if "--check" in arguments else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
