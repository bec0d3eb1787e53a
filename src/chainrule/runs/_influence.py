"""Which columns moved a prediction: the gradient of each in its own unit, and what a typical value would have given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ..datasets import Feature, Preprocessing
from ..datasets import Table as Rows
from ..errors import ArgumentError
from ..explain import Report
from ..explain.document import Block, Document, Paragraph, Table
from ..explain.notation import number
from ..graph import Variable, gradients_of
from ..graph import functions as f
from ..networks import Network
from ..words import Language, Words, words
from ._data import Array


@dataclass(frozen=True)
class ColumnInfluence:
    """One column of the row.

    value     in the row; "" where it is missing, and then the typical one counts
    typical   its median in the training rows, or the most frequent value
    gradient  what the prediction gains for one more unit of the column, as its slope here says; None for categories
    instead   the prediction with the typical value in place of its own
    change    what its own value gives over the typical one: the prediction less `instead`
    """

    name: str
    value: str
    typical: str
    gradient: float | None
    instead: float
    change: float


@dataclass(frozen=True)
class Influence(Report):
    """What moved the prediction of one row; see `TableModel.explain`.

    prediction   the probability of `answer`, or the number that is predicted, in its units
    answer       the class; "" for regression
    columns      the most influential first
    unknown      columns whose category was not among those trained on, so that it counts as none of them
    """

    target: str
    answer: str
    prediction: float
    columns: tuple[ColumnInfluence, ...]
    unknown: tuple[str, ...]
    language: Language

    def _document(self) -> Document:
        say = words(self.language, "influence")
        data = {name: value for name, value in asdict(self).items() if name != "language"}
        return Document(say("title", target=self.target), tuple(self._blocks(say)), self.language, data)

    def _blocks(self, say: Words) -> Iterator[Block]:
        kind = "class" if self.answer else "number"
        prediction = f"{100 * self.prediction:.2f} %" if self.answer else number(self.prediction)
        yield Paragraph(say(f"answer.{kind}", target=self.target, answer=self.answer, prediction=prediction))
        heads = (say(f"column.{name}") for name in ("name", "value", "typical", f"effect.{kind}", "gradient"))
        yield Table(tuple(heads), tuple(self._row(column, say) for column in self.columns), "lrrrr")
        yield Paragraph(f"{say(f'meaning.{kind}', target=self.target, answer=self.answer)} {say('meaning')}")
        for column in self.columns:
            if column.name in self.unknown:
                yield Paragraph(say("unknown", column=column.name, value=column.value), "warning")

    def _row(self, column: ColumnInfluence, say: Words) -> tuple[str, ...]:
        scale = 100 if self.answer else 1  # of probabilities, points of a hundred
        sign = "+" if column.change >= 0 else "−"
        gradient = "" if column.gradient is None else number(scale * column.gradient)
        effect = f"{abs(scale * column.change):.4g}"
        return column.name, column.value or say("missing"), column.typical, sign + effect, gradient


@dataclass(frozen=True)
class Recorded:
    """The prediction of one row with its graph, computed in float64.

    output  the probability of the class that is predicted, or the number in its units; a leaf of its graph is a column
            that is no category, in its own unit
    leaves  these by name
    answer  the number of the class; 0 for regression
    x       what the row became, shape (1, inputs)
    """

    output: Variable
    leaves: dict[str, Variable]
    answer: int
    x: Array


def recorded(network: Network, preprocessing: Preprocessing, table: Rows) -> Recorded:
    """See `TableModel.record`. ArgumentError when it is not one row."""
    if table.rows != 1:
        what = f"one row is explained at a time; {table.name} has {table.rows:,}"
        raise ArgumentError(what, fix="give one row")
    x, _ = preprocessing.encode(table, slice(None), np.float64)
    leaves: dict[str, Variable] = {}
    parts: list[Any] = []
    for feature, own in zip(preprocessing.features, _parts(preprocessing, x), strict=True):
        if feature.kind == "category":
            parts.append(own)
            continue
        value = float(table[feature.name].numbers()[0])
        leaf = Variable(float(feature.typical) if np.isnan(value) else value, name=feature.name)
        leaves[feature.name] = leaf
        parts.append(f.reshape((leaf - feature.mean) / feature.std, (1, 1)))
    target = preprocessing.target
    scores = network.compute(_in_float64(network), f.concatenate(parts, axis=1))
    answer = int(np.argmax(scores.value)) if target.classes else 0
    output = (f.softmax(scores) if target.classes else scores * target.std + target.mean)[0, answer]
    output.name = f"P({target.classes[answer]})" if target.classes else target.name
    return Recorded(output, leaves, answer, x)


def influence(network: Network, preprocessing: Preprocessing, row: Any, *, lang: Language) -> Influence:
    """See `TableModel.explain`."""
    table, target = preprocessing.read(row), preprocessing.target
    found = recorded(network, preprocessing, table)
    slopes = dict(zip(found.leaves, gradients_of(found.output, list(found.leaves.values())), strict=True))
    variants = np.repeat(found.x, len(preprocessing.features) + 1, axis=0)  # the last one stays as it is
    for place, own in enumerate(_parts(preprocessing, variants)):
        own[place] = _typical(preprocessing.features[place])
    scores = network.compute(_in_float64(network), variants)
    values = np.asarray(f.softmax(scores)) if target.classes else scores * target.std + target.mean
    *others, prediction = values[:, found.answer].tolist()
    columns = [
        ColumnInfluence(
            feature.name,
            feature.shown(table[feature.name]),
            str(feature.typical) if feature.kind == "category" else feature.show(float(feature.typical)),
            float(slopes[feature.name]) if feature.name in slopes else None,
            instead,
            # Rounding is no effect.
            0.0 if np.array_equal(variant, found.x[0]) else prediction - instead,
        )
        for feature, instead, variant in zip(preprocessing.features, others, variants, strict=False)
    ]
    columns.sort(key=lambda column: -abs(column.change))
    unknown = [
        feature.name
        for feature in preprocessing.features
        if feature.kind == "category" and feature.shown(table[feature.name]) not in ("", *feature.categories)
    ]
    name = target.classes[found.answer] if target.classes else ""
    return Influence(target.name, name, prediction, tuple(columns), tuple(unknown), lang)


def _parts(preprocessing: Preprocessing, x: Array) -> list[Array]:
    """The numbers of each column in rows of inputs, as views."""
    ends = np.cumsum([feature.width for feature in preprocessing.features])
    return [
        x[:, end - feature.width : end] for feature, end in zip(preprocessing.features, ends, strict=True)
    ]


def _in_float64(network: Network) -> dict[str, Array]:
    return {name: value.astype(np.float64) for name, value in network.params.items()}


def _typical(feature: Feature) -> Array:
    """The numbers that the typical value of a column becomes."""
    if feature.kind == "category":
        return np.array([category == feature.typical for category in feature.categories], np.float64)
    return np.array([(float(feature.typical) - feature.mean) / feature.std])
