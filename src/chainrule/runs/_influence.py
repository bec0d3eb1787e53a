"""Which columns moved a prediction: the gradient of each in its own unit, and what a typical value would have given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ..datasets import Feature, Preprocessing
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


def influence(network: Network, preprocessing: Preprocessing, row: Any, *, lang: Language) -> Influence:
    """See `TableModel.explain`."""
    table = preprocessing.read(row)
    if table.rows != 1:
        raise ArgumentError(
            f"one row is explained at a time; {table.name} has {table.rows:,}", fix="give one row"
        )
    x, _ = preprocessing.encode(table, slice(None), network.dtype)
    target = preprocessing.target
    leaf = Variable(x, name="x")
    scores = network.compute(network.params, leaf)
    answer = int(np.argmax(scores.value)) if target.classes else 0
    output = f.softmax(scores) if target.classes else scores * target.std + target.mean
    (gradient,) = gradients_of(output[0, answer], [leaf])

    def predicted(rows: Array) -> Array:
        scores = network.predict(rows)
        values = np.asarray(f.softmax(scores)) if target.classes else scores * target.std + target.mean
        return values[:, answer].astype(np.float64)

    prediction = float(predicted(x)[0])
    variants = np.repeat(x, len(preprocessing.features), axis=0)
    places = np.cumsum([0, *(feature.width for feature in preprocessing.features)])
    for variant, feature, place in zip(variants, preprocessing.features, places, strict=False):
        variant[place : place + feature.width] = _typical(feature)
    others = np.where(np.all(variants == x, axis=1), prediction, predicted(variants))  # rounding is no effect
    columns = [
        ColumnInfluence(
            feature.name,
            feature.shown(table[feature.name]),
            str(feature.typical) if feature.kind == "category" else feature.show(float(feature.typical)),
            None if feature.kind == "category" else float(gradient[0, place]) / feature.std,
            float(instead),
            prediction - float(instead),
        )
        for feature, place, instead in zip(preprocessing.features, places, others, strict=False)
    ]
    columns.sort(key=lambda column: -abs(column.change))
    unknown = [
        feature.name
        for feature in preprocessing.features
        if feature.kind == "category" and feature.shown(table[feature.name]) not in ("", *feature.categories)
    ]
    name = target.classes[answer] if target.classes else ""
    return Influence(target.name, name, prediction, tuple(columns), tuple(unknown), lang)


def _typical(feature: Feature) -> Array:
    """The numbers that the typical value of a column becomes."""
    if feature.kind == "category":
        return np.array([category == feature.typical for category in feature.categories], np.float64)
    return np.array([(float(feature.typical) - feature.mean) / feature.std])
